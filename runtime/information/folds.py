"""Cross-validation of restrictions in the quadratic model: each fold of the structures held out in turn.

Of each fold the triangular factor R of its rows [J r] is kept. The numbers are solved for on the rows of the
other folds, the loss is that of the rows held out; exact for what enters linearly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ...compiler.reduction.quadratic_model import Restriction
from ..optimize.qr_system import Accumulator, Indices, TriangularSystem, solve, triangle
from ..residuals.residuals import ResidualRows
from ..structures.arrays import Floats


def folds_of(structures: int, count: int, seed: int) -> Int[Indices, " structures"]:
    """The fold of each structure, of equal sizes, at random."""
    places = np.random.default_rng(seed).permutation(structures)
    found = np.empty(structures, dtype=np.intp)
    found[places] = np.arange(structures) % count
    return found


def fold_systems(
    rows: Iterable[ResidualRows], columns: int, fold_of: Int[Indices, " structures"]
) -> tuple[TriangularSystem, ...]:
    """The linearisation of each fold alone, in one pass over rows of so many columns."""
    made = [Accumulator(columns) for _ in range(int(fold_of.max()) + 1)]
    for block in rows:
        part = fold_of[block.structure]
        for k in np.unique(part):
            made[k].add(block.residual[part == k], block.jacobian[part == k])
    return tuple(m.system() for m in made)


@dataclass(frozen=True, eq=False)
class Folds:
    """Linearisations of the folds at theta."""

    systems: tuple[TriangularSystem, ...]
    theta: Float[Floats, " F"]

    def loss(self, restriction: Restriction | None = None) -> float:
        """½ Σ r² of the rows held out, over all folds, under a restriction of the F numbers."""
        table, constant = (restriction or Restriction()).map(len(self.theta))
        offset = constant - self.theta
        parts = [_with_offset(s, table, offset) for s in self.systems]
        total = 0.0
        for k, own in enumerate(parts):
            others = np.vstack([rows for j, rows in enumerate(parts) if j != k])
            phi = _solved(others, self.systems[k].noise)
            after = own[:, :-1] @ phi + own[:, -1]
            total += 0.5 * float(after @ after)
        return total


def _with_offset(system: TriangularSystem, table: Floats, offset: Floats) -> Floats:
    """Rows [J T, J (t − θ) + r] as a factor."""
    columns = system.factor[:, :-1]
    return np.column_stack([columns @ table, columns @ offset + system.factor[:, -1]])


def _solved(rows: Floats, noise: float) -> Floats:
    factor = triangle(rows)
    return solve(factor[:-1, :-1], factor[:-1, -1], noise)
