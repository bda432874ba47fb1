"""Parity in real LAMMPS: exports run by LAMMPS beside the formula itself, for many specs.

    python benchmarks/lammps_parity.py [--terms] [--shipped] [--random 300] [--seed 0]
        [--only REGEX] [--json FILE] [--flags "-O1"]

--terms: every variant of every term of the library, or of those whose names match --only; --shipped: the
specs of `specs`; --random: random sums of terms, of the library and of their own. Each has random parameters
within its bounds. An export has a skewed crystal in a short cell, a slab, a cluster and atoms in each other's
core; its limits are 1e-10 (energy and virial, relative) and 1e-9 eV/Å. --flags compiles kernels with other
flags, which takes less time.

Printed are the largest differences and each spec that is over the limits or has no kernel, with the text.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT.parent), str(ROOT / "tests" / "cases"), str(ROOT / "tests" / "oracles")]

import numpy as np  # noqa: E402
import potentia  # noqa: E402
from potentia.compiler.backends.cpp.emit import emit  # noqa: E402
from potentia.compiler.diagnostics.diagnostic import UserError  # noqa: E402
from potentia.runtime.formats.lammps.folder import Export, write_folder  # noqa: E402
from random_specs import random_spec  # noqa: E402
from registry import random_theta, variants  # noqa: E402
from spec_writer import written  # noqa: E402

KINDS = ("energy", "site_energy", "virial", "forces")


def cases(args: argparse.Namespace) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, text, and species for a text that names none."""
    if args.terms:
        yield from ((v.name, v.spec(), ()) for v in variants() if re.search(args.only, v.name))
    if args.shipped:
        for path in sorted((ROOT / "specs").glob("*.pes")):
            yield path.stem, path.read_text(encoding="utf-8"), ()
    for seed in range(args.seed, args.seed + args.random):
        spec = random_spec(Random(seed))
        yield f"random {seed}", written(spec, Random(seed)), ("Nb", "O")[: 1 + seed % 2]


def compare(text: str, species: tuple[str, ...], seed: int) -> dict[str, float] | str:
    """The largest differences of a spec over its structures, or why there are none."""
    try:
        names_species = re.search(r"^\s*species\b", text, re.MULTILINE)
        start = potentia.compile(text, None if names_species else species)
        potential = start.with_theta(random_theta(start.model, seed))
        kernel = emit(potential.model, "double", potential.theta).text
        with tempfile.TemporaryDirectory(prefix="potentia-parity-") as folder:
            found = write_folder(Path(folder), Export(potential, kernel, "a benchmark"))
    except UserError as error:
        return f"{error.diagnostics[0].code}: {error.message}"
    except Exception as error:  # a kernel that cannot be written is a finding, not the end
        return f"{type(error).__name__}: {error}"
    if found.warnings:
        return f"{found.warnings[0].code}: {found.warnings[0].message}"
    differences = found.facts["differences"]
    assert isinstance(differences, dict)
    return {kind: max(d[kind] for d in differences.values()) for kind in KINDS}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--terms", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--shipped", action="store_true")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--flags")
    args = parser.parse_args()
    if args.flags:
        os.environ["KERNEL_FLAGS"] = args.flags
    results: dict[str, dict[str, float] | str] = {}
    for number, (name, text, species) in enumerate(cases(args)):
        results[name] = compare(text, species, number)
        print(f"{name}: {_words(results[name])}", flush=True)
        if isinstance(results[name], str):
            print("    " + text.replace("\n", "\n    "), flush=True)
    good = [r for r in results.values() if isinstance(r, dict)]
    if good:
        worst = {kind: float(np.max([r[kind] for r in good])) for kind in KINDS}
        print(f"{len(good)} of {len(results)} specs agree; at most {_words(worst)}")
    if args.json:
        args.json.write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
    return len(good) < len(results)


def _words(found: dict[str, float] | str) -> str:
    if isinstance(found, str):
        return found
    return ", ".join(f"{kind} {value:.0e}" for kind, value in found.items())


if __name__ == "__main__":
    sys.exit(main())
