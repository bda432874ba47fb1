"""The training of a NEP of 5284 parameters, with and without its core, on 25 configurations of Li7La3Zr2O12.

    python benchmarks/bench_training.py [--minutes 15] [--method quasi-newton] [--json FILE]

`potentia fit specs/llzo_nep.pes` on ../shared/data/llzo_25.xyz beside the checkout, on all cores, from
scratch; compilation is included. Errors are those on the structures of llzo_initial100.xyz that are not among
the 25. Labels are those of a model (NEPstd), not of DFT. The data is no part of the product: where it is
absent nothing is measured.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import tempfile
from pathlib import Path

from bench_fit import ROOT, fit, rows_of
from clock import machine
from record import Row, save, with_json

FOLDER = ROOT.parent / "shared" / "data"
TRAIN, ALL = FOLDER / "llzo_25.xyz", FOLDER / "llzo_initial100.xyz"
SPEC = ROOT / "specs" / "llzo_nep.pes"
# rows of the curve that are shown
SHOWN = 12


def others(folder: Path) -> Path:
    """The structures of the 100 that are not among the 25, as a file."""
    from ase.io import read, write

    trained = {round(float(a.get_potential_energy()), 6) for a in read(TRAIN, ":")}
    left = [a for a in read(ALL, ":") if round(float(a.get_potential_energy()), 6) not in trained]
    path = folder / "others.xyz"
    write(path, left)
    print(f"{len(trained)} structures to train, {len(left)} others to test")
    return path


def show(curve: Path, case: str) -> list[Row]:
    """Print some rows of a training's curve; errors of the forces of those held out."""
    if not curve.is_file():  # the time was over before the first iteration
        return []
    found = []
    with curve.open() as file:
        rows = list(csv.DictReader(file))
    rows = [row for row in rows if row["train_energy_meV_per_atom"]]
    print("    s  iteration   held out: meV/atom  meV/Å   trained: meV/atom  meV/Å")
    step = max(1, len(rows) // SHOWN)
    for row in rows[::-1][::step][::-1]:
        n, s, _, *errors = (float(x or "nan") for x in row.values())
        print(f"{s:5.0f} {n:10.0f} {errors[3]:20.2f} {errors[4]:6.1f} {errors[0]:19.2f} {errors[1]:6.1f}")
        told = f"{case}: forces held out after {s:.0f} s, {n:.0f} steps, RMSE"
        found.append(Row(told, "meV/Å", float(f"{errors[4]:.3g}")))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--method", default="quasi-newton")
    options = with_json(parser).parse_args()
    if not TRAIN.is_file():
        print(f"nothing is measured: the development data {TRAIN.name} is not in ../shared/data")
        return
    print(f"{machine()}; {os.cpu_count()} cores")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        test = others(folder)
        bare = folder / "bare.pes"
        bare.write_text(re.sub(r"\n  \+ pin .*?(?=\n  \+ )", "", SPEC.read_text(), flags=re.DOTALL))
        for spec in (SPEC, bare):
            run = folder / spec.stem
            f = fit(
                *(str(spec), "--data", str(TRAIN), "--test", str(test), "-o", str(run)),
                *("--method", options.method, "--time-limit", str(60 * options.minutes)),
            )
            print(f"{spec.stem}: {f['wall']:.0f} s, processor {f['processor']:.0f} s, {f['memory']:.1f} GiB")
            print(f"    test: {1e3 * f['energy']:.3f} meV/atom, {1e3 * f['forces']:.1f} meV/Å")
            case = "llzo_nep.pes" if spec is SPEC else "llzo_nep.pes without its core"
            rows += rows_of(f, case) + show(run / "learning_curve.csv", case)
    save(options.json, "Training of a NEP", rows)


if __name__ == "__main__":
    main()
