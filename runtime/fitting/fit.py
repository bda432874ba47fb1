"""Fit a potential to data: the method chosen, progress, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ...compiler.analysis.linearity import linear_parameters
from ..data.dataset import check_rows
from ..potential.potential import Potential
from ..residuals.config import FitConfig
from ..structures.structure import Structure
from .checkpoint import FitCheckpoint, depends_on
from .least_squares import least_squares_fit
from .result import FitResult, Report
from .task import FitTask
from .training import first_order_fit, quasi_newton_fit

# more parameters than this, and a step of least squares costs more than it brings
_MOST_ITERATED = 1500
# where all parameters are linear one step is the whole fit
_MOST_LINEAR = 5000
# the matrices of the quasi-Newton method take some 30 bytes for each pair of parameters
_MOST_METRIC = 12000

_METHODS: dict[str, Callable[[FitTask], FitResult]] = {
    "least-squares": least_squares_fit,
    "quasi-newton": quasi_newton_fit,
    "first-order": first_order_fit,
}


def fit(
    potential: Potential,
    structures: Sequence[Structure],
    config: FitConfig,
    *,
    folder: Path | None = None,
    resume: bool = False,
    report: Report | None = None,
) -> FitResult:
    """The potential with its free parameters fitted to energies, forces and stress of the structures.

    folder: where checkpoints go, beside what the run will hold; resume goes on from the one that is there,
    to the same result as without the interruption. Ctrl-C ends with the best so far. Raises FitError,
    ArtifactError.
    """
    told = report or (lambda progress: None)
    free = potential.n_parameters
    if free == 0:
        return FitResult(potential, True, "nothing to fit", 0.0, (), None)
    method = _method(potential, config)
    if method == "least-squares":  # the others begin near small numbers and stop before they fit noise
        check_rows(potential.model, structures)
    store = FitCheckpoint(folder, resume, depends_on(potential, structures, config))
    result = _METHODS[method](FitTask(potential, structures, config, store, told))
    store.finish(result.reason)
    return result


def _method(potential: Potential, config: FitConfig) -> str:
    if config.method != "auto":
        return config.method
    linear, free = linear_parameters(potential.model), potential.n_parameters
    trained = (p.name for p in potential.model.parameters if any(p.free))
    if free <= (_MOST_LINEAR if all(name in linear for name in trained) else _MOST_ITERATED):
        return "least-squares"
    return "quasi-newton" if free <= _MOST_METRIC else "first-order"
