"""Lattice constants, volumes, cohesive energies, and energies of structures against the ground state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...files.settings import Section
from ...structures.arrays import Floats
from ...structures.structure import Structure
from ..bench import Bench, Outcome, Quantity, Task
from ..family import family
from ..prototypes import Candidate


@family("lattice", Section)
def tasks(bench: Bench, settings: Section) -> list[Task]:
    """One for each structure, and one for each that is not the first of its composition."""
    found = []
    for candidate in bench.candidates:
        found.append(_geometry(bench, candidate))
        if bench.ground_of(candidate) is not candidate:
            found.append(_difference(bench, candidate))
    return found


def _geometry(bench: Bench, candidate: Candidate) -> Task:
    names, lengths = _lengths(candidate)
    quantities = [Quantity(f"{name}.{candidate.name}", unit) for name, unit in names]
    quantities.append(Quantity(f"volume_per_atom.{candidate.name}", "Å^3"))
    quantities.append(Quantity(f"cohesive_energy.{candidate.name}", "eV/atom"))

    def run() -> Outcome:
        crystal = bench.crystal(candidate)
        size = crystal.estimate(lambda s: np.array([*lengths(s), s.volume / s.n_atoms]), None)
        cohesive = (bench.isolated(crystal.structure) - crystal.energy) * (1 / crystal.n_atoms)
        return Outcome([*size, cohesive])

    return Task(tuple(quantities), run)


def _difference(bench: Bench, candidate: Candidate) -> Task:
    """Per atom, above the ground state where positive."""

    def run() -> Outcome:
        crystal, ground = bench.crystal(candidate), bench.crystal(bench.ground_of(candidate))
        return Outcome([crystal.energy * (1 / crystal.n_atoms) - ground.energy * (1 / ground.n_atoms)])

    return Task((Quantity(f"energy_difference.{candidate.name}", "eV/atom"),), run)


def _lengths(candidate: Candidate) -> tuple[list[tuple[str, str]], Callable[[Structure], Floats]]:
    """What describes the cell, and how to read it off: of prototypes the conventional lattice constants."""
    prototype = candidate.prototype
    if prototype is None:
        names = [(f"lattice_constant_{x}", "Å") for x in "abc"]
        return names, lambda s: np.linalg.norm(s.cell, axis=1)
    if prototype.hexagonal:
        names = [("lattice_constant", "Å"), ("c_over_a", "1")]
        return names, lambda s: _hexagonal(np.linalg.norm(s.cell, axis=1))
    return [("lattice_constant", "Å")], lambda s: np.linalg.norm(
        (prototype.conventional @ s.cell)[:1], axis=1
    )


def _hexagonal(lengths: Floats) -> Floats:
    return np.array([lengths[0], lengths[2] / lengths[0]])
