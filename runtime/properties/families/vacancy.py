"""The formation energy of a vacancy in a cell of about 64 atoms, at the volume of the crystal.

E_f = E(vacancy) − E(perfect) + μ. For a crystal of one species μ is its energy per atom; in a compound it is
that of the first structure that holds the species alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ase.data import atomic_numbers

from ...structures.structure import Structure
from ..bench import Bench, Outcome, Quantity, Task
from ..crystal import Crystal, of_structure
from ..family import OfStructures, family
from ..prototypes import Candidate, supercell
from ..relaxation import Variables, relax
from ..results import Estimate, Unmeasured

_SHAKEN = 0.02  # Å


class VacancyConfig(OfStructures):
    """relax: whether the atoms around the vacancy move."""

    relax: bool = True


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

        def build(unit: Structure) -> Structure:
            return without(supercell(unit, candidate.supercell), symbol)

        start = build(crystal.structure)
        at = start
        if settings.relax:  # a little out of place, lest symmetry hold the atoms on a saddle
            shaken = np.random.default_rng(0).normal(scale=_SHAKEN, size=start.positions.shape)
            at = replace(start, positions=start.positions + shaken)
            at = relax(bench.evaluator, at, Variables(atoms=True))
        defect = crystal.with_geometry(of_structure(bench.evaluator, at), build, at)
        cells = (start.n_atoms + 1) / crystal.n_atoms
        return Outcome([defect - crystal.energy * cells + potential])

    return Task((Quantity(name, "eV"),), run)


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
