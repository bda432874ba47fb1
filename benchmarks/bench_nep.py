"""The term nep(…) beside calorine's NEP on the CPU: energy, forces and virial of Li7La3Zr2O12, one thread.

    python benchmarks/bench_nep.py [--rounds 7] [--repeat 1 4]

A NEP4 of four species with random numbers, of the size of published models: cutoffs 6 and 4 Å, n_max 4 4,
basis_size 8 8, l_max 4 2 0, 30 neurons. The structure is that of ../shared/data where it is present, else as
many atoms at random places with the same density and no distance under 1.6 Å; 192 atoms, and 12 288 with
--repeat 4.

Ours is timed with its neighbour list in hand: without a skin, with 0.4 Å, about what `potentia md` keeps, and
with 1 Å; and as a calculator of ASE whose list is made anew at each call, as calorine's is, which cannot be
asked for less. All run in one process, in turns.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from clock import machine, taking_turns  # first: it sets what jax reads when it starts
from record import Row, save, with_json

# isort: split

import jax
import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from potentia.compiler import pipeline
from potentia.compiler.backends.xla.kernel import Kernel
from potentia.runtime.formats.nep.importing import potential_of
from potentia.runtime.formats.nep.nep_file import Header, Nep, from_numbers, text_of
from potentia.runtime.potential.calculator import PotentiaCalculator
from potentia.runtime.potential.potential import Potential
from potentia.runtime.structures.batches import single
from potentia.runtime.structures.padding import ListSpec
from potentia.runtime.structures.structure import from_atoms

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "llzo_initial100.xyz"
SPECIES = ("Li", "La", "Zr", "O")
Call = Callable[[], object]


def garnet(repeat: int) -> Atoms:
    """192·repeat³ atoms of Li7La3Zr2O12, or of its composition at random."""
    if DATA.is_file():
        from ase.io import read

        return read(DATA, "0").repeat(repeat)
    rng = np.random.default_rng(0)
    symbols = np.repeat(SPECIES, [56, 24, 16, 96])
    places = rng.random((1, 3))
    side = 12.9
    while len(places) < len(symbols):
        new = rng.random(3)
        apart = (places - new + 0.5) % 1.0 - 0.5
        if np.linalg.norm(apart, axis=1).min() * side > 1.6:
            places = np.vstack([places, new])
    return Atoms(symbols, scaled_positions=places, cell=[side] * 3, pbc=True).repeat(repeat)


def model() -> Nep:
    header = Header(4, SPECIES, (6.0, 4.0), (200, 60), (4, 4), (8, 8), (4, 2, 0), 30)
    return from_numbers(header, np.random.default_rng(0).normal(0.0, 0.1, header.size))


def ours(potential: Potential, atoms: Atoms, dtype: str, skin: float) -> Call:
    optimized = pipeline.optimize(potential.model)
    kernel: Kernel = pipeline.lower(optimized, dtype)
    specs = [ListSpec(d.name, d.rc or 0.0) for d in kernel.lists]  # type: ignore[arg-type]
    arrays = kernel.arrays(single(from_atoms(atoms), specs, optimized.species, skin=skin))
    return lambda: jax.block_until_ready(kernel(potential.theta, arrays))


def calorine(path: Path) -> Calculator | None:
    try:
        from calorine.calculators import CPUNEP
    except ImportError as error:
        print(f"calorine cannot be had: {error}")
        return None
    return CPUNEP(str(path))


def as_calculator(calculator: Calculator, atoms: Atoms) -> Call:
    atoms, rng = atoms.copy(), np.random.default_rng(0)

    def call() -> object:
        atoms.positions += rng.normal(0.0, 1e-9, atoms.positions.shape)  # else it gives what it has
        calculator.calculate(atoms, ["energy", "forces", "stress"])
        return calculator.results["forces"]

    return call


def measure(repeat: int, rounds: int, nep: Nep, path: Path) -> list[Row]:
    atoms = garnet(repeat)
    potential = potential_of(nep, "random")
    calls = {
        f"ours {dtype}, skin {skin:g} Å": ours(potential, atoms, dtype, skin)
        for dtype in ("float64", "float32")
        for skin in (0.0, 0.4, 1.0)
    }
    for dtype in ("float64", "float32"):
        calls[f"ours {dtype}, calculator"] = as_calculator(PotentiaCalculator(potential, dtype, 0.0), atoms)
    other = calorine(path)
    if other is not None:
        calls["calorine"] = as_calculator(other, atoms)
    timings = taking_turns(calls, rounds, 1 if repeat > 1 else 3)
    print(f"{len(atoms)} atoms; {machine()}; µs per atom and call, ratios of medians (of the fastest)")
    for name, t in timings.items():
        ratio = t.over(timings["calorine"]) if other is not None else ""
        print(f"{name:28s} {t.median / len(atoms) * 1e6:8.1f} {t.fastest / len(atoms) * 1e6:8.1f}   {ratio}")
    micros = {name: round(t.median / len(atoms) * 1e6, 2) for name, t in timings.items()}
    theirs = micros.pop("calorine", None)
    peer = None if theirs is None else "calorine, which finds neighbours at each call"
    cases = {f"NEP, {len(atoms)} atoms, {name.removeprefix('ours ')}": ours for name, ours in micros.items()}
    return [Row(case, "µs an atom", ours, peer, theirs) for case, ours in cases.items()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeat", type=int, nargs="*", default=[1, 4], help="1: 192 atoms, 4: 12 288")
    options = with_json(parser).parse_args()
    nep, rows = model(), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nep.txt"
        path.write_text(text_of(nep), encoding="utf-8")
        for repeat in options.repeat:
            rows += measure(repeat, options.rounds, nep, path)
    save(options.json, "NEP of four species by XLA", rows)
    print(f"load now {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
