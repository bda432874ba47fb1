"""The columns of all pieces folded into triangular factors, one for each fold and kind of label.

All that selection and cross-validation ask of the data is in them: a factor R of the rows of one fold and
kind has ‖J c + r‖ = ‖R [c; 1]‖ for every choice of coefficients c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..optimize.qr_system import Accumulator, TriangularSystem, stacked
from ..structures.arrays import Floats, Indices
from .columns import Layout, read_columns

KINDS = ("energy", "forces", "stress")
NOISE = 1e-6  # relative: columns are f32
_ROWS = 2048  # read at once


@dataclass(frozen=True, eq=False)
class Factors:
    """factors (folds, 3, P + 1, P + 1): R of a fold's rows of energy, forces, stress, or the rows themselves
    where they are fewer; counts (folds, 3): of rows.
    """

    factors: Floats
    counts: Indices

    @property
    def size(self) -> int:
        return int(self.factors.shape[-1]) - 1

    @cached_property
    def _folds(self) -> list[Floats]:
        """R of each fold."""
        return [stacked([kind[kind.any(axis=1)] for kind in fold]) for fold in self.factors]

    def without(self, fold: int | None = None) -> Floats:
        """R (P + 1, P + 1) of all rows but those of a fold."""
        return stacked([found for k, found in enumerate(self._folds) if k != fold])

    def of(self, columns: Indices) -> TriangularSystem:
        """The system of all rows in the chosen columns, at coefficients 0."""
        taken = stacked([found[:, [*columns, -1]] for found in self._folds])
        broken = np.zeros(len(taken), dtype=bool)
        return TriangularSystem(taken, int(self.counts.sum()), NOISE, broken)

    def squares(self, fold: int, columns: Indices, coefficients: Floats) -> Floats:
        """(3,) sums of squares of the whitened errors on a fold, for coefficients of the chosen columns."""
        taken = self.factors[fold][:, :, [*columns, -1]]
        return np.asarray(np.sum(np.square(taken @ np.append(coefficients, 1.0)), axis=1))


def fold_columns(
    paths: Sequence[Path],
    layout: Layout,
    folds: Indices,
    on_progress: Callable[[float], None] | None = None,
) -> Factors:
    """One pass over the rows of all pieces; the first's residual is that of the model without the others."""
    tables = [read_columns(p) for p in paths]
    size = sum(t.shape[1] - 1 for t in tables)
    count = int(folds.max()) + 1
    made = np.zeros((count, 3, size + 1, size + 1))
    counts = np.zeros((count, 3), dtype=np.intp)
    of_row = folds[layout.structure]
    told = on_progress or (lambda share: None)
    for fold in range(count):
        for kind in range(3):
            rows = np.flatnonzero((of_row == fold) & (layout.quantity == kind))
            counts[fold, kind] = len(rows)
            made[fold, kind] = _factor(tables, rows, size, lambda: told(int(counts.sum()) / layout.size))
    return Factors(made, counts)


def _factor(
    tables: Sequence[NDArray[np.float32]], rows: Indices, size: int, on_piece: Callable[[], None]
) -> Floats:
    pieces = _pieces(tables, rows, on_piece)
    if len(rows) <= size:
        return np.concatenate([*pieces, np.zeros((size + 1 - len(rows), size + 1))])
    accumulator = Accumulator(size)
    for some in pieces:
        accumulator.add(some[:, -1], some[:, :-1])
    system: TriangularSystem = accumulator.system()
    return system.factor


def _pieces(
    tables: Sequence[NDArray[np.float32]], rows: Indices, on_piece: Callable[[], None]
) -> Iterator[Floats]:
    """[J r] of some rows at a time."""
    for first in range(0, len(rows), _ROWS):
        on_piece()
        some = rows[first : first + _ROWS]
        parts = [*(t[some, :-1] for t in tables), tables[0][some, -1:]]
        yield np.concatenate(parts, axis=1, dtype=np.float64)
