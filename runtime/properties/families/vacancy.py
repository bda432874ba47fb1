"""The formation energy of a vacancy in a cell of about 64 atoms, at the volume of the crystal.

E_f = E(vacancy) − E(perfect) + μ. For a crystal of one species μ is its energy per atom; in a compound it is
that of the first structure that holds the species alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ase.data import atomic_numbers
from pydantic import Field

from ...structures.structure import Structure
from ..bench import Bench, Outcome, Quantity, Task
from ..crystal import Crystal, of_structure
from ..family import OfStructures, family
from ..prototypes import Candidate, Whole, supercell
from ..relaxation import Variables, relax
from ..results import Estimate, Unmeasured

_SHAKEN = 0.02  # Å
_REPEATED = 3  # cells in each direction, at least, where a smaller cell tells of the error of the size


class VacancyConfig(OfStructures):
    """The relaxation of a vacancy."""

    relax: bool = Field(True, description="Whether the atoms around the vacancy move.")


@family("vacancy", VacancyConfig, repeats=True)
def tasks(bench: Bench, settings: VacancyConfig) -> list[Task]:
    """One for each structure and species of it."""
    chosen = bench.chosen(settings.structures)
    return [_task(bench, settings, candidate, s) for candidate in chosen for s in candidate.structure.species]


def _task(bench: Bench, settings: VacancyConfig, candidate: Candidate, symbol: str) -> Task:
    several = len(candidate.structure.species) > 1
    name = f"vacancy_formation_energy.{candidate.name}" + (f".{symbol}" if several else "")

    def run() -> Outcome:
        crystal = bench.crystal(candidate)
        potential = _chemical_potential(bench, crystal, symbol)
        found = _defect(bench, settings, crystal, symbol, candidate.supercell)
        if found.gradient is not None:
            found = _with_error_of_size(bench, settings, crystal, symbol, found)
        return Outcome([found + potential])

    return Task((Quantity(name, "eV"),), run)


def _defect(bench: Bench, settings: VacancyConfig, crystal: Crystal, symbol: str, cells: Whole) -> Estimate:
    """eV, without μ, in a supercell of so many cells."""

    def build(unit: Structure) -> Structure:
        return without(supercell(unit, cells), symbol)

    start = build(crystal.structure)
    at = start
    if settings.relax:  # a little out of place, lest symmetry hold the atoms on a saddle
        shaken = np.random.default_rng(0).normal(scale=_SHAKEN, size=start.positions.shape)
        at = replace(start, positions=start.positions + shaken)
        at = relax(bench.evaluator, at, Variables(atoms=True))
    defect = crystal.with_geometry(of_structure(bench.evaluator, at), build, at)
    return defect - crystal.energy * ((start.n_atoms + 1) / crystal.n_atoms)


def _with_error_of_size(
    bench: Bench, settings: VacancyConfig, crystal: Crystal, symbol: str, found: Estimate
) -> Estimate:
    """With what the size of the cell leaves, of which a smaller cell tells: it goes as one over the size."""
    cells = crystal.candidate.supercell
    repeats = np.gcd.reduce(cells, axis=1)
    if repeats.min() < _REPEATED:
        return replace(found, note=found.note or "the size of the cell is not in ±")
    smaller = cells * (repeats - 1)[:, None] // repeats[:, None]
    try:
        value = _defect(bench, settings, crystal, symbol, smaller).value
    except Unmeasured:
        return replace(found, note=found.note or "the size of the cell is not in ±")
    share = np.prod((repeats - 1) / repeats)
    return found.off((found.value - value) * float(share / (1 - share)))


def without(structure: Structure, symbol: str) -> Structure:
    """The structure with the first atom of this species gone."""
    gone = int(np.flatnonzero(structure.numbers == atomic_numbers[symbol])[0])
    return replace(
        structure,
        numbers=np.delete(structure.numbers, gone),
        positions=np.delete(structure.positions, gone, axis=0),
    )


def _chemical_potential(bench: Bench, crystal: Crystal, symbol: str) -> Estimate:
    """eV of an atom of the species, where it came to rest."""
    if crystal.structure.species == (symbol,):
        return crystal.energy * (1 / crystal.n_atoms)
    alone = [c for c in bench.candidates if c.structure.species == (symbol,)]
    if not alone:
        raise Unmeasured(f"no structure of {symbol} alone is declared, whose energy the atom could take")
    reservoir = bench.crystal(alone[0])
    return reservoir.energy * (1 / reservoir.n_atoms)
