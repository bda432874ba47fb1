"""Displacements of atoms through periodic boundaries.

Of each step the fractional coordinates change by Δs, taken to the nearest image, and the atom has moved by Δs
times the mean of the two cells: its motion beyond the strain of the cell. Files may hold wrapped and
unwrapped positions, in any mixture. A sum of steps does not stretch a long path with each fluctuation of the
cell, as scaling of unwrapped fractional coordinates does (von Bülow, Bullerjahn, Hummer,
doi:10.1063/5.0008316). The drift of the centre of mass is taken away, but along directions where atoms are
frozen.
"""

from __future__ import annotations

import numpy as np

from ..structures.arrays import Cell, Positions
from ..structures.structure import Structure

# The nearest image is a guess beyond half a cell; steps that reach so near to it show that some go beyond.
_AMBIGUOUS = 0.4


class Unwrapper:
    """Follows atoms; `ambiguous` is the first (frame, atom from 0) that moved too far to be followed."""

    def __init__(self) -> None:
        self.ambiguous: tuple[int, int] | None = None
        self._before: tuple[Positions, Cell] | None = None
        self._moved: Positions | None = None

    def add(self, structure: Structure, number: int) -> Positions:
        """Displacements in Å since the first structure."""
        fractional = np.asarray(np.linalg.solve(structure.cell.T, structure.positions.T).T, dtype=np.float64)
        if self._before is None or self._moved is None:
            self._before, self._moved = (fractional, structure.cell), np.zeros_like(fractional)
            return self._moved
        step = fractional - self._before[0]
        step -= np.round(step)
        mass = structure.masses
        far = np.abs(step).max(axis=1)
        if self.ambiguous is None and far.max() > _AMBIGUOUS:
            self.ambiguous = (number, int(far.argmax()))
        moved = step @ (0.5 * (self._before[1] + structure.cell))
        drift = mass @ moved / mass.sum()
        if structure.frozen is not None:  # they are at rest, and say where the others are
            drift = np.where(structure.frozen.any(axis=0), 0.0, drift)
        self._moved = self._moved + moved - drift
        self._before = (fractional, structure.cell)
        return self._moved
