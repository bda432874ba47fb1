"""The information of labelled structures on the trained numbers of a potential.

One pass over the data, in float64, by the derivatives of the fit: the triangular factor of the weighted rows,
whose size does not depend on the number of structures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ...compiler.reduction.quadratic_model import QuadraticModel, Restriction
from ..optimize.qr_system import TriangularSystem
from ..potential.potential import Potential
from ..ranks.team import Team
from ..residuals.config import FitConfig
from ..residuals.outputs import outputs_of
from ..residuals.residuals import Residuals, Sigmas
from ..residuals.shared import residuals_on
from ..structures.arrays import Floats
from ..structures.structure import Structure

_MOST = 5000  # numbers: their factor takes 200 MB, its singular values minutes


def quadratic_model(
    potential: Potential,
    structures: Sequence[Structure],
    config: FitConfig,
    on_progress: Callable[[float], None] | None = None,
    team: Team | None = None,
) -> QuadraticModel:
    """The quadratic model of the loss at the parameters of a potential, weighted as in its fit.

    on_progress: called with the share done, 0 to 1. team: the processes that share the work.
    Raises FitError: nothing-trained, too-many-parameters, not-finite, no-information.
    """
    require_trained(potential)
    problem = residuals_of(potential, structures, config, on_progress, team)
    theta = potential.theta[problem.free]
    system = problem.linearize(theta, np.arange(len(theta)))
    require_information(system, problem.names)
    return of_system(system, problem.names, theta)


def residuals_of(
    potential: Potential,
    structures: Sequence[Structure],
    config: FitConfig,
    on_progress: Callable[[float], None] | None = None,
    team: Team | None = None,
) -> Residuals:
    """The residuals of a fit, in double precision."""
    sigmas, outputs = Sigmas.of(config.weights), outputs_of(potential, config.target)
    given = potential, structures, sigmas, config.memory_mb, on_progress, outputs
    return residuals_on(team or Team(), *given)


def require_trained(potential: Potential) -> None:
    """Raise FitError where there is nothing to know, or too much: nothing-trained, too-many-parameters."""
    if potential.n_parameters == 0:
        raise FitError(Diagnostic("nothing-trained", "the potential has no trained parameters"))
    if potential.n_parameters > _MOST:
        message = f"the information on {potential.n_parameters} parameters is more than can be worked with"
        help = f"{_MOST} are possible"
        raise FitError(Diagnostic("too-many-parameters", message, help=help))


def require_information(system: TriangularSystem, names: Sequence[str]) -> None:
    """Raise FitError where a linearisation is of no use: not-finite, no-information."""
    if not system.finite:
        wrong = [f"`{names[j]}`" for j in np.flatnonzero(system.broken[:-1]).tolist()]
        more = " and others" if len(wrong) > 8 else ""
        what = "a residual" if system.broken[-1] else f"a derivative by {', '.join(wrong[:8])}{more}"
        raise FitError(Diagnostic("not-finite", f"{what} is not finite"))
    if not system.norms.any():
        count = f"the {len(names)} trained parameters" if len(names) > 1 else f"`{names[0]}`"
        help = "are the species of the structures, their distances and their labels those of the fit?"
        raise FitError(Diagnostic("no-information", f"no label depends on {count}", help=help))


def of_system(system: TriangularSystem, names: Sequence[str], theta: Float[Floats, " F"]) -> QuadraticModel:
    """The quadratic model of a linearisation at theta (F,), which must be finite."""
    return QuadraticModel(
        tuple(names),
        np.array(theta),
        np.array(system.jacobian),
        np.array(system.residual),
        system.loss,
        system.n_rows,
        system.noise,
    )


def system_of(model: QuadraticModel) -> TriangularSystem:
    """The least-squares system that a quadratic model stands for."""
    size = model.size
    factor = np.zeros((size + 1, size + 1))
    factor[:size, :size], factor[:size, size] = model.factor, model.residual
    factor[size, size] = np.sqrt(max(0.0, 2.0 * model.loss - float(model.residual @ model.residual)))
    return TriangularSystem(factor, model.n_rows, model.noise, np.zeros(size + 1, dtype=bool))


def gradient(known: QuadraticModel) -> float:
    """The largest cosine between the residuals and the derivatives by a number: 0 at an optimum."""
    length = np.sqrt(2.0 * known.loss) or 1.0
    cosines = np.abs(known.gradient) / np.where(known.norms > 0, known.norms, np.inf) / length
    return float(cosines.max(initial=0.0))


def not_at_optimum(known: QuadraticModel) -> Diagnostic:
    """The warning that the information is that at numbers which do not fit the data best."""
    message = (
        "the information is not at an optimum: residuals and derivatives are not orthogonal, "
        f"the largest cosine between them is {gradient(known):.2g}"
    )
    help = f"the quadratic model promises {-known.cost(Restriction()):.3g} less loss, of {known.loss:.6g}"
    return Diagnostic("not-at-optimum", message, "warning", help=help)
