"""A fit under a restriction, from the parameters of an earlier fit, with the kernel of the whole model.

θ = T φ + t: parameters fixed, parameters tied together; φ are fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...compiler.reduction.constraints import ReducedParameters
from ...compiler.reduction.quadratic_model import QuadraticModel, Restriction
from ..information.fisher_information import of_system, require_information
from ..information.folds import fold_systems
from ..optimize.deadline import TimeIsUp
from ..optimize.least_squares_problem import LeastSquaresOptions, ridge
from ..optimize.levenberg_marquardt import minimize
from ..optimize.qr_system import Indices, Mask, TriangularSystem
from ..residuals.config import FitConfig
from ..residuals.residuals import Residuals
from ..structures.arrays import Floats


class Restricted:
    """The `LeastSquaresProblem` in the parameters φ (P,) that a restriction leaves."""

    def __init__(self, problem: Residuals, restriction: Restriction) -> None:
        size = len(problem.free)
        self.problem = problem
        self.left = ReducedParameters.of(restriction, size)
        self.table, self.constant = restriction.map(size)
        members = [np.flatnonzero(column) for column in self.table.T]
        self.first = np.array([m[0] for m in members], dtype=np.intp)
        self.names = [problem.names[k] for k in self.first]
        self.lower = np.array([problem.lower[m].max() for m in members])
        self.upper = np.array([problem.upper[m].min() for m in members])
        self.linear: Mask = np.array([problem.linear[m].all() for m in members], dtype=bool)

    def full(self, phi: Floats) -> Floats:
        """θ (F,) of φ."""
        return np.asarray(self.table @ phi + self.constant)

    def of(self, theta: Floats) -> Floats:
        """φ of θ (F,), within bounds; of tied numbers their mean."""
        phi = (self.table.T @ theta) / self.table.sum(axis=0)
        return np.clip(phi, self.lower, self.upper)

    def loss(self, theta: Floats) -> float:
        """½ Σ r² at φ."""
        return self.problem.loss(self.full(theta))

    def linearize(self, theta: Floats, columns: Indices) -> TriangularSystem:
        """Residuals at φ and derivatives by `columns` of φ."""
        table = self.table[:, columns]
        needed = self._needed(table)
        return self.problem.linearize(self.full(theta), needed).mapped(table[needed])

    def folds(self, phi: Floats, fold_of: Indices) -> tuple[TriangularSystem, ...]:
        """The linearisation at φ of each fold of the structures alone; fold_of (structures,)."""
        table = self.table
        needed = self._needed(table)
        rows = self.problem.rows(self.full(phi), needed)
        return tuple(s.mapped(table[needed]) for s in fold_systems(rows, len(needed), fold_of))

    def _needed(self, table: Floats) -> Indices:
        """Numbers to differentiate by; all, where one linearisation serves for ever."""
        if self.problem.linear.all():
            return np.arange(len(table))
        return np.flatnonzero(table.any(axis=1))


@dataclass(frozen=True, eq=False)
class Refit:
    """A fit under a restriction.

    theta (F,): all trained parameters of the whole model, in their units.
    quadratic_model: the loss to second order in the parameters that are left.
    reason: why the fit ended, as in `LeastSquaresSolution`.
    """

    theta: Floats
    quadratic_model: QuadraticModel
    converged: bool = True
    reason: str = ""

    @property
    def loss(self) -> float:
        return self.quadratic_model.loss


def linearized_at(problem: Residuals, restriction: Restriction, theta: Floats) -> Refit:
    """The quadratic model at theta (F,), moved onto the restriction but not fitted.

    Raises FitError: not-finite, no-information.
    """
    restricted = Restricted(problem, restriction)
    phi = restricted.of(theta)
    system = restricted.linearize(phi, np.arange(len(phi)))
    require_information(system, restricted.names)
    return Refit(restricted.full(phi), of_system(system, restricted.names, phi))


def refit(
    problem: Residuals, restriction: Restriction, theta: Floats, config: FitConfig, iterations: int
) -> Refit:
    """Least squares from theta (F,) under the restriction, as the configuration has it but for the starts.

    iterations: at most so many. Raises FitError as `minimize`; TimeIsUp at the deadline of the problem.
    """
    restricted = Restricted(problem, restriction)
    phi = restricted.of(theta)
    options = LeastSquaresOptions(
        max_iterations=iterations, deadline=problem.deadline, decrease_tolerance=config.tolerance
    )
    found = minimize(restricted, phi, options, ridge(config.ridge, phi))
    if found.reason == "interrupted":  # the steps before it are kept
        raise KeyboardInterrupt
    if found.reason == "time":
        raise TimeIsUp.now()
    about = of_system(found.system, restricted.names, found.theta)
    return Refit(restricted.full(found.theta), about, found.converged, found.reason)
