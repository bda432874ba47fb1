"""Numbers that say what surrounds an atom: the same for every formula.

Distances between structures should not depend on the formula that is being fitted: a formula without angles
would find all angles alike, and distances would change with every fit. So these are fixed functions of
the neighbours of each species b: densities Σ_j f_n(r_ij), n = 1 … 8, and the lengths of the moments
M_nl = Σ_j f_n(r_ij) r̂_ij ⊗ … ⊗ r̂_ij of rank l = 1 … 4, n = 1 … 4, where

    |M_nl|² = Σ_jk f_n(r_ij) f_n(r_ik) cos^l θ_jik,   f_n(r) = sin(nπ r/rc) / r · ½ (1 + cos π r/rc).

They do not change when the structure is rotated, mirrored, or its atoms are put in another order, and are
continuous where neighbours come into reach. The sines over r grow towards short distances, where
unphysical structures are.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_matrix

from ..structures.arrays import Floats
from ..structures.neighbors import pairs
from ..structures.structure import Structure

_DENSITIES, _MOMENTS, _RANK = 8, 4, 4


class Descriptors:
    """Of the atoms of structures of some species (atomic numbers), within a cutoff in Å."""

    def __init__(self, numbers: tuple[int, ...], cutoff: float) -> None:
        self.numbers, self.cutoff = numbers, cutoff
        self.size = len(numbers) * (_DENSITIES + _MOMENTS * _RANK)
        self._powers = [
            (x, y, rank - x - y)
            for rank in range(1, _RANK + 1)
            for x in range(rank, -1, -1)
            for y in range(rank - x + 1)
        ]
        # how often a component stands in the tensor, and to which rank it belongs
        self._ranks = np.array([sum(p) for p in self._powers])
        self._weights = np.array(
            [factorial(sum(p)) / np.prod([factorial(k) for k in p]) for p in self._powers]
        )

    def of(self, structure: Structure) -> Float[Floats, "N size"]:
        """Of each atom."""
        half = pairs(structure, self.cutoff)
        way = structure.positions[half.j] + half.shift - structure.positions[half.i]
        i, j = np.concatenate([half.i, half.j]), np.concatenate([half.j, half.i])
        direction = np.concatenate([way, -way]) / np.tile(half.distance, 2)[:, None]
        radial = np.tile(self._radial(half.distance), (2, 1))
        count, kinds = structure.n_atoms, len(self.numbers)
        place = i * kinds + np.searchsorted(self.numbers, structure.numbers[j])
        gather = csr_matrix((np.ones(len(i)), (place, np.arange(len(i)))), shape=(count * kinds, len(i)))
        components = np.stack([np.prod(direction**p, axis=1) for p in self._powers], axis=1)
        densities = gather @ radial
        moments = [gather @ (radial[:, n : n + 1] * components) for n in range(_MOMENTS)]
        squares = [
            (np.square(m) * self._weights) @ (self._ranks[:, None] == np.arange(1, _RANK + 1))
            for m in moments
        ]
        lengths = np.sqrt(np.maximum(np.concatenate(squares, axis=1), 0.0))
        return np.concatenate([densities, lengths], axis=1).reshape(count, self.size)

    def _radial(self, r: Float[Floats, " M"]) -> Float[Floats, "M 8"]:
        """f_n at the distances."""
        n = np.arange(1, _DENSITIES + 1)
        switch = 0.5 * (1 + np.cos(np.pi * r / self.cutoff)) / r
        return np.sin(np.pi * n * (r / self.cutoff)[:, None]) * switch[:, None]
