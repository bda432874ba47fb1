"""The numbers of a composition that is linear in all of them, without another fit.

The columns that were selected from hold J to 2e-6, and predictions the residual r to double precision: the
correction δ = −J⁺ r leaves the numbers within a thousandth of their standard deviations of the fit's, and the
loss, stationary there, equal to ten digits. A prediction compiles and runs much faster than derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...compiler.analysis.linearity import linear_parameters
from ...compiler.reduction.parameter_transfer import transfer_parameters
from ..fitting.result import FitResult
from ..information.fisher_information import of_system
from ..optimize.qr_system import Accumulator, TriangularSystem, solve
from ..potential.evaluators import Predicted
from ..potential.potential import Potential, compile
from ..residuals.residuals import Sigmas
from ..structures.arrays import Floats, Indices
from ..structures.structure import Structure
from .columns import read_columns
from .composition import Composition, Pool

_ROWS = 4096  # read at once


def composed(pool: Pool, made: Composition, coefficients: Floats) -> tuple[Potential, Indices]:
    """The potential of a composition with its numbers, and the column of each trained one (−1: none)."""
    old, potential = pool.program.model, compile(made.spec)
    chosen = np.array(old.vector.trained_places, dtype=np.intp)[pool.numbers[list(made.columns)]]
    theta, column = np.array(old.vector.start), np.full(len(old.vector), -1.0)
    theta[chosen], column[chosen] = coefficients, made.columns
    columns = transfer_parameters(old, column, potential.model, made.gone)[potential.free].astype(np.intp)
    return potential.with_theta(transfer_parameters(old, theta, potential.model, made.gone)), columns


def is_linear(potential: Potential) -> bool:
    """Whether all trained numbers enter the energy linearly."""
    linear = linear_parameters(potential.model)
    return all(c.parameter.name in linear for c in potential.model.vector.trained)


def solved(
    pool: Pool,
    potential: Potential,
    columns: Indices,
    structures: Sequence[Structure],
    sigmas: Sigmas,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[FitResult, list[Predicted]]:
    """The least-squares solution, and its predictions of the structures."""
    free, names = potential.free, [c.name for c in potential.model.vector.trained]
    told = on_progress or (lambda share: None)
    predicted = potential.predict(structures, lambda done: told(0.5 * done / len(structures)))
    start = whitened(structures, predicted, sigmas)
    before = _system(pool, columns, start)
    solution = potential.theta[free] + solve(before.jacobian, before.residual, before.noise)
    potential = potential.with_theta(potential.scatter(solution))
    predicted = potential.predict(structures, lambda done: told(0.5 + 0.5 * done / len(structures)))
    system = _system(pool, columns, whitened(structures, predicted, sigmas))
    known = of_system(system, names, potential.theta[free])
    return FitResult(potential, True, "linear", system.loss, (), known), predicted


def _system(pool: Pool, columns: Indices, residual: Floats) -> TriangularSystem:
    """[J r] of the chosen columns, in one pass over their files."""
    tables = [read_columns(pool.catalogue.columns(call)) for call in pool.calls]
    inside = np.concatenate([np.arange(t.shape[1] - 1) for t in tables])
    accumulator = Accumulator(len(columns))
    for first in range(0, len(residual), _ROWS):
        rows = slice(first, first + _ROWS)
        parts = [tables[pool.owners[k]][rows, inside[k]] for k in columns]
        accumulator.add(residual[rows], np.column_stack(parts).astype(np.float64))
    return accumulator.system()


def whitened(structures: Sequence[Structure], predicted: Sequence[Predicted], sigmas: Sigmas) -> Floats:
    """(M,) prediction − label in units of σ/√weight, in the order of `columns.Layout`."""
    rows: list[Floats] = []
    for s, p in zip(structures, predicted, strict=True):
        if s.weight <= 0:
            continue
        root = np.sqrt(s.weight)
        if s.energy is not None:
            rows.append(np.array([root * (p.energy - s.energy) / s.n_atoms / sigmas.energy]))
        if s.forces is not None:
            rows.append(root * (p.forces - s.forces).T.ravel() / sigmas.forces)
        if s.stress is not None and p.stress is not None:
            rows.append(root * (p.stress - s.stress)[np.triu(s.stress_components)] / sigmas.stress)
    return np.concatenate(rows)
