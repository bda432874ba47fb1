"""Errors of structures that a fit has not seen, without fitting again.

Held out are five parts of the training set in turn: whole structures, by a seed. The fit to the others is
that of the linearised model: exact for linear models, one Gauss-Newton step for others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ...compiler.reduction.quadratic_model import QuadraticModel
from ..optimize.qr_system import TriangularSystem, both, joined, solve
from ..potential.potential import Potential
from ..ranks.team import Team
from ..residuals.config import FitConfig
from ..residuals.residuals import ResidualRows, Residuals
from ..structures.arrays import Bools, Floats, Indices
from ..structures.structure import Structure
from .calibration import QUANTITIES, Errors
from .fisher_information import of_system, require_information, require_trained, residuals_of
from .folds import fold_systems, folds_of

FOLDS = 5


def quadratic_model_and_errors(
    potential: Potential,
    structures: Sequence[Structure],
    config: FitConfig,
    on_progress: Callable[[float], None] | None = None,
    team: Team | None = None,
) -> tuple[QuadraticModel, dict[str, Errors]]:
    """The quadratic model of a fit, and the errors of each structure where it is held out.

    Two passes over the data, of which the second is short where memory has room. on_progress: called with the
    share done of each pass. team: the processes that
    share the work.
    Raises FitError: too-few-structures, and those of `quadratic_model`.
    """
    require_trained(potential)
    if len(structures) < 2:
        message = "one structure cannot be held out of itself"
        raise FitError(Diagnostic("too-few-structures", message, help="`--no-calibration` goes without"))
    problem = residuals_of(potential, structures, config, on_progress, team)
    theta = potential.theta[problem.free]
    fold = folds_of(len(structures), min(FOLDS, len(structures)), config.seed)
    systems = problem.reduced(_of_folds, _both_of_each, theta, fold)
    whole = joined(systems)
    require_information(whole, problem.names)
    weight = np.sqrt([s.weight for s in structures])
    return of_system(whole, problem.names, theta), held_out(problem, theta, fold, systems, weight)


def _of_folds(part: Residuals, theta: Floats, fold: Indices) -> tuple[TriangularSystem, ...]:
    """The linearisation of each fold alone; fold (structures,) of all."""
    return fold_systems(part.rows_again(theta), len(theta), fold)


def _both_of_each(
    one: tuple[TriangularSystem, ...], other: tuple[TriangularSystem, ...]
) -> tuple[TriangularSystem, ...]:
    return tuple(both(a, b) for a, b in zip(one, other, strict=True))


@dataclass(frozen=True, eq=False)
class _Held:
    """The fit without one part: the step to it, the root of its covariance, directions out of its reach."""

    step: Float[Floats, " F"]
    root: Float[Floats, "F F"]
    unreached: Bool[Bools, " F"]


def held_out(
    problem: Residuals,
    theta: Floats,
    fold: Indices,
    systems: Sequence[TriangularSystem],
    weight: Float[Floats, " structures"],
) -> dict[str, Errors]:
    """Errors and σ_raw of each structure, by the fit to the parts that it is not in; a second pass over the
    data. fold (structures,) of each; weight: the roots of their weights.
    """
    others = [joined([s for j, s in enumerate(systems) if j != k]) for k in range(len(systems))]
    fits = [_held(system, problem.names) for system in others]
    return problem.reduced(_errors_of_part, _together, theta, fold, fits, weight)


def _errors_of_part(
    part: Residuals, theta: Floats, fold: Indices, fits: Sequence[_Held], weight: Floats
) -> dict[str, Errors]:
    nothing = Errors(np.zeros(0), np.zeros(0))
    found: dict[str, list[Errors]] = {name: [nothing] for name in QUANTITIES}
    units = (part.sigmas.energy, part.sigmas.forces)
    for rows in part.rows_again(theta):
        error, raw = _errors(rows, fold, fits)
        for k, name in enumerate(QUANTITIES):
            own = rows.quantity == k
            unit = units[k] / weight[rows.structure[own]]
            found[name].append(Errors(error[own] * unit, raw[own] * unit))
    return {
        name: Errors(np.concatenate([e.error for e in parts]), np.concatenate([e.raw for e in parts]))
        for name, parts in found.items()
    }


def _together(one: dict[str, Errors], other: dict[str, Errors]) -> dict[str, Errors]:
    pairs = {name: (one[name], other[name]) for name in one}
    return {
        name: Errors(np.concatenate([a.error, b.error]), np.concatenate([a.raw, b.raw]))
        for name, (a, b) in pairs.items()
    }


def _held(system: TriangularSystem, names: Sequence[str]) -> _Held:
    step = solve(system.jacobian, system.residual, system.noise)
    model = of_system(system.moved(step), names, step)
    return _Held(step, np.sqrt(model.variance) * model.root, system.norms == 0)


def _errors(
    rows: ResidualRows, fold: Indices, fits: Sequence[_Held]
) -> tuple[Float[Floats, " m"], Float[Floats, " m"]]:
    """Errors and σ_raw of rows, in units of their weights."""
    error, raw = np.empty(len(rows.residual)), np.empty(len(rows.residual))
    part = fold[rows.structure]
    for k in np.unique(part):
        own, fit = part == k, fits[k]
        jacobian = rows.jacobian[own]
        error[own] = rows.residual[own] + jacobian @ fit.step
        known = np.linalg.norm(jacobian @ fit.root, axis=1)
        raw[own] = np.where(jacobian[:, fit.unreached].any(axis=1), np.inf, known)
    return error, raw
