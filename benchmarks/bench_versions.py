"""Two installed versions of potentia side by side: do they say the same, and which is faster.

    python benchmarks/bench_versions.py --old OLD/bin/python --new NEW/bin/python
        [--quick] [--rounds 7] [--only kernel,nep,fit,start] [--json FILE]

--old and --new are interpreters that have the versions; with --old-path and --new-path a version is taken
from the folder that holds its checkout. Specs and structures are those of this checkout, one text for both.

The gate comes first. Energies of atoms, forces and virial of every term of the library, in its variants and
for one and two species, and of every shipped spec, with seeded numbers, on a crystal, a cluster and a dimer:
the largest difference relative to the largest number of its kind. Over 1e-12 nothing is timed, unless
--anyway is given. Kernels of the gate are compiled in haste; those that are timed are compiled as users have
them, and are compared too.

Then, in turns, old new new old, with each version in processes of its own:

kernel  energy, forces and virial with the neighbour list in hand, one thread: pair + three_body, zbl + eam
        and zbl + eam + nn on bcc Nb, in double and single precision; `calculator`: what ASE waits for
nep     the same of a published NEP on Li7La3Zr2O12, and the training of a small one with a fixed number of
        iterations, a whole process
fit     `fit specs/nb_linear.pes` to ../shared/data/nb_dft.xyz, a whole process; its errors have to be the
        same digits
start   `check` and `diff`, whole processes

Told are the median times, and the median of the ratios new / old, taken pair by pair, of the clock and of
the processor (of a machine that has other work, only the latter means something), with their quartiles. What
needs the development data is left out where ../shared/data is absent. On an idle machine all of it is meant
to take fifteen minutes, and --quick, with fewer cases and rounds, three.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from math import inf, isfinite
from pathlib import Path
from typing import Any

from options import settled
from version_cases import ROOT, SHARED, SMALL_NEP, Kernel, kernels, parities
from version_process import Turns, Version, in_turns

GATE = 1e-12
PARTS = ("kernel", "nep", "fit", "start")
Versions = tuple[Version, Version]


# --- the gate --------------------------------------------------------------------------------------


def _largest(numbers: Any) -> float:
    if isinstance(numbers, list):
        return max((_largest(x) for x in numbers), default=0.0)
    return abs(float(numbers))


def _apart(one: Any, other: Any) -> float:
    """The largest difference; infinite where the shapes are different, or a number is none."""
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return inf
        return max((_apart(a, b) for a, b in zip(one, other, strict=True)), default=0.0)
    apart = abs(float(one) - float(other))
    return apart if isfinite(apart) else inf


def difference(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> float:
    """Relative to the largest number of a kind; of the energy, to the sum of those of the atoms."""
    worst = 0.0
    for one, other in zip(old, new, strict=True):
        scales = {name: _largest(one[name]) for name in one}
        scales["energy"] = sum(abs(x) for x in one["energies"])
        for name, scale in scales.items():
            apart = _apart(one[name], other[name])
            worst = max(worst, apart / scale if scale else apart)
    return worst


def gate(versions: Versions, quick: bool) -> list[dict[str, Any]]:
    """Every case with its difference, or with the fault of a version."""
    found = []
    for case in parities(quick):
        request = {"do": "predictions", "spec": case.spec, "species": case.species}
        for version in versions:
            version.send(request)  # both at once
        answers = [version.receive() for version in versions]
        faults = [a["fault"] for a in answers if "fault" in a]
        row: dict[str, Any] = {"case": case.name, "difference": inf, "fault": "; ".join(faults)}
        told = row["fault"]
        if not faults:
            row["difference"] = difference(answers[0]["answer"], answers[1]["answer"])
            force = max(_largest(one["forces"]) for one in answers[0]["answer"])
            told = f"{row['difference']:.1e}   forces to {force:.3g} eV/Å"
        row["passed"] = row["difference"] <= GATE
        print(f"  {case.name:60.60s} {told}", flush=True)
        found.append(row)
    worst = max((r["difference"] for r in found), default=0.0)
    failed = sum(not r["passed"] for r in found)
    print(f"gate: {len(found)} cases, largest difference {worst:.1e}, {failed} over {GATE:g}")
    return found


# --- timings ---------------------------------------------------------------------------------------


def kernel_times(versions: Versions, cases: Iterable[Kernel], rounds: int) -> list[Turns]:
    found = []
    for case in cases:
        if case.needs is not None and not case.needs.is_file():
            print(f"{case.name}: left out, {case.needs.name} is not in ../shared/data")
            continue
        for version in versions:
            version.send({"do": "prepare", "case": vars(case), "shared": str(SHARED)})
        answers = [version.receive() for version in versions]
        faults = [a["fault"] for a in answers if "fault" in a]
        if faults:
            print(f"{case.name}: left out, {'; '.join(faults)}")
            continue
        calls = min(a["answer"]["calls"] for a in answers)
        turns = in_turns(case.name, [_timed(v, calls) for v in versions], rounds)
        turns.difference = difference(*([a["answer"]["said"]] for a in answers))
        turns.same = turns.difference <= case.agreement
        print(turns.line() + f"  {turns.difference:.0e}" + ("" if turns.same else " DIFFER"), flush=True)
        found.append(turns)
    return found


def _timed(version: Version, calls: int) -> Callable[[], dict[str, float]]:
    def measured() -> dict[str, float]:
        found: dict[str, float] = version.ask({"do": "time", "calls": calls})
        return found

    return measured


def process_times(versions: Versions, name: str, command: list[str], rounds: int) -> Turns:
    """A command line as a process of its own; what it printed is kept."""
    turns = in_turns(name, [partial(v.command, command) for v in versions], rounds)
    print(turns.line(), flush=True)
    return turns


def fit_times(versions: Versions, name: str, command: list[str], rounds: int) -> list[Turns]:
    with tempfile.TemporaryDirectory() as folder:
        full = [*command, "--json", "--quiet", "--force", "-o", f"{folder}/run"]
        turns = process_times(versions, name, full, rounds)
    errors = [[json.loads(text) for text in texts] for texts in turns.printed]
    told = [{json.dumps([e["train"], e["test"]], sort_keys=True) for e in version} for version in errors]
    turns.same = told[0] == told[1] and len(told[0]) == 1
    print(f"  errors {'are the same digits' if turns.same else f'DIFFER: {_brief(errors)}'}")
    return [turns]


def _brief(errors: list[list[Any]]) -> str:
    keys = ("energy_rmse_ev_per_atom", "forces_rmse_ev_per_ang")
    return " / ".join(str([[e["test"][key] for key in keys] for e in version]) for version in errors)


def linear_fit(versions: Versions, rounds: int) -> list[Turns]:
    data = SHARED / "nb_dft.xyz"
    if not data.is_file():
        print(f"fit: left out, {data.name} is not in ../shared/data")
        return []
    command = ["fit", str(ROOT / "specs" / "nb_linear.pes"), "--data", str(data), "--test", "split=test"]
    return fit_times(versions, "fit specs/nb_linear.pes", command, rounds)


def nep_training(versions: Versions, rounds: int) -> list[Turns]:
    data = SHARED / "llzo_25.xyz"
    if not data.is_file():
        print(f"training of a NEP: left out, {data.name} is not in ../shared/data")
        return []
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "nep.pes"
        spec.write_text(SMALL_NEP, encoding="utf-8")
        how = ["--method", "quasi-newton", "--max-iterations", "8", "--test", "0.34"]
        command = ["fit", str(spec), "--data", f"{data}@:6", *how]
        return fit_times(versions, "8 iterations of a small NEP", command, rounds)


def starts(versions: Versions, rounds: int) -> list[Turns]:
    specs = ROOT / "specs"
    nb, linear, nep = (str(specs / f"{name}.pes") for name in ("nb", "nb_linear", "llzo_nep"))
    commands = (["check", nb], ["check", nep], ["diff", nep, nep], ["diff", nb, linear])
    return [
        process_times(versions, " ".join(Path(word).name for word in words), words, rounds)
        for words in commands
    ]


def timings(versions: Versions, options: argparse.Namespace) -> list[Turns]:
    rounds, quick, found = options.rounds, options.quick, []
    fits = 1 if quick else 3
    cases = kernels(quick)
    if "kernel" in options.only:
        found += kernel_times(versions, (c for c in cases if not c.nep), rounds)
    if "nep" in options.only:
        found += kernel_times(versions, (c for c in cases if c.nep), rounds)
    for version in versions:
        version.stop()  # fits have the memory and the cores for themselves
    if "nep" in options.only and not quick:
        found += nep_training(versions, 1)
    if "fit" in options.only:
        found += linear_fit(versions, min(rounds, fits))
    if "start" in options.only:
        found += starts(versions, rounds)
    return found


# --- all -------------------------------------------------------------------------------------------


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for which in ("old", "new"):
        parser.add_argument(f"--{which}", metavar="PYTHON", help=f"an interpreter with the {which} version")
        parser.add_argument(f"--{which}-path", metavar="FOLDER", help="what PYTHONPATH is to it")
    parser.add_argument("--anyway", action="store_true", help="time them though the gate fails")
    parser.add_argument("--no-gate", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return settled(parser, PARTS, rounds=(7, 3))


def main() -> int:
    options = arguments()
    if not (options.old and options.new):
        print("nothing is measured: two versions are needed, --old PYTHON and --new PYTHON")
        return 0
    versions = Version(options.old, options.old_path), Version(options.new, options.new_path)
    content: dict[str, Any] = {"old": versions[0].about(), "new": versions[1].about()}
    for name in ("old", "new"):
        print(f"{name}: {content[name]['file']}, {content[name]['version']}, jax {content[name]['jax']}")
    content["gate"] = [] if options.no_gate else gate(versions, options.quick)
    passed = all(row["passed"] for row in content["gate"])
    if passed or options.anyway:
        for version in versions:
            version.stop()
            version.quick_compilation = False  # kernels are timed as users have them
        print(Turns.head())
        found = timings(versions, options)
        content["timings"] = [turns.as_dict() for turns in found]
        passed = passed and all(turns.same is not False for turns in found)
    for version in versions:
        version.stop()
    if options.json:
        options.json.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
