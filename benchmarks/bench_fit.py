"""A whole fit of a linear model to DFT data: wall time, processor time and memory of the process.

    python benchmarks/bench_fit.py [--repeats 3] [--json FILE]

`potentia fit specs/nb_linear.pes` on ../shared/data/nb_dft.xyz beside the checkout, on all cores; the start
of Python, reading the data and compiling are included. The data is no part of the product: where it is absent
nothing is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

from clock import machine
from record import Row, save, with_json

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "nb_dft.xyz"
SPEC = ROOT / "specs" / "nb_linear.pes"
START = "import sys; from potentia.runtime.cli.main import main; sys.exit(main(sys.argv[1:]))"


def fit(*arguments: str) -> dict[str, float]:
    """One fit as a process of its own: its times in s, its errors on the test structures."""
    arguments += ("--json", "--quiet")
    free = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "OMP_NUM_THREADS")}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", START, "fit", *arguments], capture_output=True, text=True, env=free
    )
    wall, after = perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"the fit failed with exit code {done.returncode}:\n{done.stderr}")
    report = json.loads(done.stdout)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "wall": wall,
        "processor": processor,
        "memory": after.ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20),
        "parameters": report["n_parameters"],
        "energy": report["test"]["energy_rmse_ev_per_atom"],
        "forces": report["test"]["forces_rmse_ev_per_ang"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    options = with_json(parser).parse_args()
    if not DATA.is_file():
        print(f"nothing is measured: the development data {DATA.name} is not in ../shared/data")
        return
    print(f"{machine()}; {os.cpu_count()} cores; memory: the peak of the processes so far")
    print("wall/s  processor/s  memory/GiB  parameters  test: eV/atom   eV/Å")
    found = []
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            f = fit(str(SPEC), "--data", str(DATA), "--test", "split=test", "-o", f"{folder}/run")
        print(
            f"{f['wall']:6.1f} {f['processor']:12.1f} {f['memory']:11.2f} {f['parameters']:11.0f} "
            f"{f['energy']:14.5f} {f['forces']:7.4f}"
        )
        found.append(f)
    middle = {name: median(f[name] for f in found) for name in found[0]}
    save(options.json, "A fit", rows_of(middle, f"nb_linear.pes, {middle['parameters']:.0f} parameters"))


def rows_of(f: Mapping[str, float], case: str) -> list[Row]:
    """A process of a fit: what it took, and its errors on the test structures."""
    facts = (
        ("wall time", "s", f["wall"]),
        ("processor time", "s", f["processor"]),
        ("peak memory", "GiB", f["memory"]),
        ("error of test energies, RMSE", "meV/atom", 1e3 * f["energy"]),
        ("error of test forces, RMSE", "meV/Å", 1e3 * f["forces"]),
    )
    return [Row(f"{case}: {name}", unit, float(f"{value:.3g}")) for name, unit, value in facts]


if __name__ == "__main__":
    main()
