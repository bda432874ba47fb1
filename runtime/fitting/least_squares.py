"""A fit by Levenberg–Marquardt and variable projection, from several starts: some hundred parameters."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..data.dataset import check_rows
from ..information.fisher_information import of_system
from ..optimize.deadline import TimeIsUp
from ..optimize.least_squares_problem import (
    LeastSquaresOptions,
    LeastSquaresSolution,
    ridge,
)
from ..optimize.methods import LEAST_SQUARES
from ..optimize.multistart import StartsState, minimize_from_starts
from ..residuals.outputs import outputs_of
from ..residuals.residuals import Residuals, Sigmas
from ..residuals.shared import residuals_on
from .endings import not_converged
from .methods import method
from .result import FitResult, Progress
from .task import FitTask


@method(LEAST_SQUARES)
def least_squares_fit(task: FitTask) -> FitResult:
    """The potential fitted.

    Raises FitError too-few-rows, and as `levenberg_marquardt.minimize` does; TimeIsUp where the time is over
    before the linear parameters are solved for.
    """
    potential, config = task.potential, task.config
    # the other methods begin near small numbers and stop before they fit noise
    check_rows(potential.model, task.structures)
    watch = _Watch(task)
    precision = config.precision or "float64"
    problem = residuals_on(
        task.team,
        potential,
        task.structures,
        Sigmas.of(config.weights),
        config.memory_mb,
        watch.on_part,
        outputs_of(potential, config.target, precision),
        precision,
    )
    problem.deadline = task.deadline
    options = LeastSquaresOptions(
        max_iterations=config.max_iterations or 100,
        deadline=task.deadline,
        decrease_tolerance=config.tolerance,
    )
    start = potential.theta[problem.free]
    resumed = task.store.load(StartsState)
    task.curve.begin(None if resumed is None else _seconds(resumed, config.starts))
    found = minimize_from_starts(
        problem,
        start,
        config.starts,
        config.seed,
        options=options,
        prior=ridge(config.ridge, start),
        callback=lambda state: watch.on_iteration(problem, state),
        resume=resumed,
    )
    if found.reason == "time" and not isfinite(found.loss):
        raise TimeIsUp.now()
    if problem.linear.all() and found.converged:
        task.curve.add(1, found.state.seconds, found.loss, problem.errors_at(found.theta))
    theta = potential.theta.copy()
    theta[problem.free] = found.theta
    known = of_system(found.system, problem.names, found.theta) if found.system.finite else None
    return FitResult(
        potential.with_theta(theta),
        found.converged,
        found.reason,
        found.loss,
        _remarks(found, problem, task, watch.done),
        known,
    )


class _Watch:
    """Progress, curve and checkpoints. done: the number of iterations of this call."""

    def __init__(self, task: FitTask) -> None:
        self.task, self.done = task, 0
        self._seen = Progress("fit", 0, float("nan"), 0.0)

    def on_part(self, share: float) -> None:
        """A share of a pass over the data is done."""
        self.task.on_progress(replace(self._seen, fraction=share, left=self.task.deadline.left))

    def on_iteration(self, problem: Residuals, state: StartsState) -> None:
        task, current = self.task, state.current or state.best
        self.done += 1
        if current is not None:
            train = problem.errors_at(current.theta) or self._seen.train
            seconds = _seconds(state, task.config.starts)
            task.curve.add(current.iteration, seconds, current.loss, train, start=state.index)
            self._seen = Progress("fit", current.iteration, current.loss, 0.0, train)
            task.on_progress(replace(self._seen, left=task.deadline.left, is_step=True))
        task.store.save(state)


def _seconds(state: StartsState, starts: int) -> float:
    """The time of all runs; that of the last run begins with the time of the short ones."""
    now = state.current.seconds if state.current else 0.0
    return state.seconds + now if state.index < starts else now or state.seconds


def _remarks(
    found: LeastSquaresSolution, problem: Residuals, task: FitTask, done: int
) -> tuple[Diagnostic, ...]:
    remarks = list(found.undetermined.diagnostics())
    if not found.converged:
        remarks.append(not_converged(task, found.reason, found.state.iteration, done))
    at_bound = [
        name
        for name, x, low, high in zip(problem.names, found.theta, problem.lower, problem.upper, strict=True)
        if x in (low, high)
    ]
    if at_bound:
        names = ", ".join(f"`{n}`" for n in at_bound[:8])
        remarks.append(
            Diagnostic("at-bound", f"at the end of their range: {names}", "warning", help="widen the bounds")
        )
    return tuple(remarks)
