"""Structures as a portable function takes them: each atom with its neighbours in a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ....compiler.chemistry.elements import ELEMENTS
from ...files.npz import AnyArray
from ...structures.arrays import Floats, Ints, Positions, Species
from ...structures.neighbors import directed, pairs
from ...structures.structure import Structure, species_index
from ..lammps.parity import ParityStructure


@dataclass(frozen=True)
class Rows:
    """One structure, padded: species −1 where there is no atom, neighbours −1 where there is none."""

    positions: Positions
    species: Species
    neighbours: Int[Ints, "N K"]
    shifts: Float[Floats, "N K 3"]  # Å

    def arguments(self, precision: str) -> tuple[AnyArray, ...]:
        """Those of the function, in its types."""
        index = np.int32
        typed = ((self.positions, precision), (self.species, index), (self.neighbours, index))
        return (*(array.astype(dtype) for array, dtype in typed), self.shifts.astype(precision))

    def padded(self, atoms: int, width: int) -> Rows:
        """With more room."""
        n, k = self.neighbours.shape
        more, wider = atoms - n, width - k
        return Rows(
            np.pad(self.positions, ((0, more), (0, 0))),
            np.pad(self.species, (0, more), constant_values=-1),
            np.pad(self.neighbours, ((0, more), (0, wider)), constant_values=-1),
            np.pad(self.shifts, ((0, more), (0, wider), (0, 0))),
        )


def structure_of(given: ParityStructure, symbols: tuple[str, ...]) -> Structure:
    """A parity structure with its elements."""
    numbers = np.array([ELEMENTS[symbols[k]][0] for k in given.species], np.int32)
    return Structure(numbers, given.positions, given.cell, np.array(given.periodic))


def rows_of(structure: Structure, symbols: tuple[str, ...], cutoff: float) -> Rows:
    """All neighbours within the cutoff (Å)."""
    kinds, n = species_index(symbols)[structure.numbers], structure.n_atoms
    if not cutoff:
        return Rows(structure.positions, kinds, np.full((n, 0), -1, np.int32), np.zeros((n, 0, 3)))
    first, j, image, different = directed(pairs(structure, cutoff), n)
    count = np.diff(first)
    row = np.repeat(np.arange(n), count)
    place = np.arange(len(j)) - first[row]
    neighbours = np.full((n, int(count.max(initial=0))), -1, np.int32)
    shifts = np.zeros((*neighbours.shape, 3))
    neighbours[row, place], shifts[row, place] = j, different[image]
    return Rows(structure.positions, kinds, neighbours, shifts)


def together(parts: list[Rows]) -> list[Rows]:
    """The structures in one shape, which is compiled once."""
    atoms = max(len(part.species) for part in parts)
    width = max(2, *(part.neighbours.shape[1] for part in parts))
    return [part.padded(atoms, width) for part in parts]
