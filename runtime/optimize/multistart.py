"""Several starts of one least-squares fit: a short run from each, then the best one to the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import FitError
from .least_squares_problem import (
    LeastSquaresOptions,
    LeastSquaresProblem,
    LeastSquaresSolution,
    LeastSquaresState,
    Prior,
)
from .levenberg_marquardt import minimize, without_time
from .qr_system import Array


@dataclass(frozen=True)
class StartsState:
    """The state of a fit of several starts; `current` is the run in progress from start `index`.

    `losses` after the short runs so far, NaN for those to come, infinite for a start without a value.
    `best` is the end of the best short run, `seconds` the time of all; `index` is n in the final run.
    """

    index: int
    losses: Float[Array, " n"]
    current: LeastSquaresState | None = None
    best: LeastSquaresState | None = None
    seconds: float = 0.0


Callback = Callable[[StartsState], bool | None]


def start_points(
    problem: LeastSquaresProblem, start: Float[Array, " P"], n: int, seed: int, spread: float = 0.5
) -> Float[Array, "n P"]:
    """Starts: row 0 is `start`, the others have their nonlinear parameters moved at random.

    A parameter that cannot be negative is multiplied by exp(spread·N(0, 1)). Another moves by spread·N(0, 1)
    times its size, or a quarter of its range where it starts at 0, or 1 where that has no end. What leaves
    the bounds is reflected at them. Row k depends on the seed and k only.
    """
    points = np.tile(np.asarray(start, float), (n, 1))
    for k, child in enumerate(np.random.SeedSequence(seed).spawn(n)):
        if k:
            noise = spread * np.random.default_rng(child).normal(size=len(start))
            points[k] = np.where(problem.linear, start, _moved(start, problem.lower, problem.upper, noise))
    return points


def _moved(
    start: Float[Array, " P"], lower: Float[Array, " P"], upper: Float[Array, " P"], noise: Float[Array, " P"]
) -> Float[Array, " P"]:
    span = upper - lower
    size = np.where(start != 0, np.abs(start), np.where(np.isfinite(span), span / 4, 1.0))
    plain = _reflected(start + size * noise, lower, upper)
    positive = (lower >= 0) & (start > 0)
    with np.errstate(divide="ignore", invalid="ignore"):  # where not positive, not used
        scaled = np.exp(_reflected(np.log(start) + noise, np.log(lower), np.log(upper)))
    return np.asarray(np.clip(np.where(positive, scaled, plain), lower, upper))


def _reflected(
    values: Float[Array, " P"], lower: Float[Array, " P"], upper: Float[Array, " P"]
) -> Float[Array, " P"]:
    """Values folded back at their bounds, as often as it takes."""
    span = upper - lower
    between = np.isfinite(span) & (span > 0)
    width, origin = np.where(between, span, 1.0), np.where(between, lower, 0.0)
    folded = origin + width - np.abs((values - origin) % (2 * width) - width)
    once = np.where(values < lower, 2 * lower - values, np.where(values > upper, 2 * upper - values, values))
    return np.asarray(np.where(between, folded, once))


def minimize_from_starts(
    problem: LeastSquaresProblem,
    start: Float[Array, " P"],
    n: int,
    seed: int = 0,
    short: int = 10,
    spread: float = 0.5,
    options: LeastSquaresOptions | None = None,
    prior: Prior | None = None,
    callback: Callback | None = None,
    resume: StartsState | None = None,
) -> LeastSquaresSolution:
    """`minimize` from the best of `n` starts, each tried for `short` iterations.

    The iterations of the short run count towards `options.max_iterations`, the time limit holds for all runs
    together. A stop, an interruption or the end of the time in a short run ends the fit with the best run so
    far. States given back as `resume` continue to bit-identical results. Raises as `minimize`, where no start
    has a finite loss.
    """
    options = options or LeastSquaresOptions()
    if problem.linear.all():
        return minimize(problem, start, options, prior)
    points = start_points(problem, start, n, seed, spread)
    state = resume or StartsState(0, np.full(n, np.nan))
    fault: FitError | None = None
    best: LeastSquaresSolution | None = None
    while state.index < n and n > 1:
        try:
            found = _run(problem, points[state.index], _short(options, short), prior, callback, state)
        except FitError as error:
            if error.diagnostics[0].code != "not-finite-start":
                raise
            fault = fault or error
            state = _after(state, None)
            continue
        except KeyboardInterrupt:  # before its first iteration
            if state.best is None:
                raise
            return _best(problem, state, best, options, prior, "interrupted")
        if found.reason == "time" and not np.isfinite(found.loss):  # not one linearisation of this start
            return found if state.best is None else _best(problem, state, best, options, prior, "time")
        state = _after(state, found.state)
        best = found if state.best is found.state else best
        if found.reason in ("interrupted", "stopped", "time"):
            return _best(problem, state, best, options, prior, found.reason)
    if state.best is None and fault:
        raise fault
    if state.current is None and state.best is not None:
        state = replace(state, current=replace(state.best, seconds=state.seconds))
    return _run(problem, points[0], options, prior, callback, state)


def _short(options: LeastSquaresOptions, iterations: int) -> LeastSquaresOptions:
    return replace(options, max_iterations=min(iterations, options.max_iterations))


def _run(
    problem: LeastSquaresProblem,
    point: Float[Array, " P"],
    options: LeastSquaresOptions,
    prior: Prior | None,
    callback: Callback | None,
    state: StartsState,
) -> LeastSquaresSolution:
    def with_starts(current: LeastSquaresState) -> bool | None:
        return callback(replace(state, current=current)) if callback else None

    return minimize(problem, point, options, prior, with_starts, state.current)


def _after(state: StartsState, ended: LeastSquaresState | None) -> StartsState:
    """The state after the short run from `state.index`; `ended` is None where its start had no value."""
    losses = state.losses.copy()
    losses[state.index] = ended.loss if ended else np.inf
    seconds = state.seconds + (ended.seconds if ended else 0.0)
    best = ended if ended and (state.best is None or ended.loss < state.best.loss) else state.best
    return StartsState(state.index + 1, losses, None, best, seconds)


def _best(
    problem: LeastSquaresProblem,
    state: StartsState,
    known: LeastSquaresSolution | None,
    options: LeastSquaresOptions,
    prior: Prior | None,
    reason: str,
) -> LeastSquaresSolution:
    """The end of the best short run so far, as a fit. known: that end, where it was of this process."""
    assert state.best is not None
    if known is not None:
        return replace(known, reason=reason)
    if reason == "time":
        return without_time(problem, state.best)
    still = replace(options, max_iterations=0)
    return replace(minimize(problem, state.best.theta, still, prior, None, state.best), reason=reason)
