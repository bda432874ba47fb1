"""A fit by Levenberg–Marquardt and variable projection, from several starts: some hundred parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..data.dataset import check_rows
from ..information.fisher_information import of_system
from ..optimize.least_squares_problem import (
    LeastSquaresOptions,
    LeastSquaresSolution,
    LeastSquaresState,
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
    """The potential fitted. Raises FitError too-few-rows, and as `levenberg_marquardt.minimize` does."""
    potential, config = task.potential, task.config
    # the other methods begin near small numbers and stop before they fit noise
    check_rows(potential.model, task.structures)
    seen = Progress("fit", 0, float("nan"), 0.0)

    def on_part(share: float) -> None:
        task.on_progress(replace(seen, fraction=share, left=task.deadline.left))

    precision = config.precision or "float64"
    problem = residuals_on(
        task.team,
        potential,
        task.structures,
        Sigmas.of(config.weights),
        config.memory_mb,
        on_part,
        outputs_of(potential, config.target, precision),
        precision,
    )

    problem.deadline = task.deadline
    done = 0

    def callback(state: StartsState) -> bool | None:
        nonlocal done, seen
        done += 1
        current = state.current or state.best
        if isinstance(current, LeastSquaresState):
            train = problem.errors_at(current.theta) or seen.train
            seconds = _seconds(state, config.starts)
            task.curve.add(current.iteration, seconds, current.loss, train, start=state.index)
            seen = Progress("fit", current.iteration, current.loss, 0.0, train)
            task.on_progress(replace(seen, left=task.deadline.left, is_step=True))
        task.store.save(state)
        return None

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
        callback=callback,
        resume=resumed,
    )
    if found.reason == "time" and not task.store.is_there:
        task.store.save(StartsState(0, np.full(config.starts, np.nan)))
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
        _remarks(found, problem, task, done),
        known,
    )


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
