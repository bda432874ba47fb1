"""Bounded Levenberg–Marquardt with variable projection, on anything that has `linearize` and `loss`.

Parameters that enter the residuals affinely, jointly, are not searched for: at every trial of the others they
are solved exactly (Golub & Pereyra, SIAM J. Numer. Anal. 10, 413 (1973), doi:10.1137/0710036). The others, n,
then minimise the reduced loss with Kaufman's Jacobian (BIT 15, 49 (1975), doi:10.1007/BF01932995),

    S = H_nn − H_nl H_ll⁺ H_ln = U_nnᵀ U_nn,    g = g_n − H_nl H_ll⁺ g_l = U_nnᵀ z_n,

read off the triangular factor with the linear columns first. Scaling of the damping after Moré (Lect. Notes
Math. 630, 105 (1978), doi:10.1007/BFb0067700), its size after Nielsen (IMM-REP-1999-05, DTU, 1999); the step
minimises the damped model within the bounds exactly.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np
from jaxtyping import Float, Int

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError, InternalError
from .deadline import TimeIsUp
from .failures import not_finite_start
from .least_squares_problem import (
    Callback,
    LeastSquaresOptions,
    LeastSquaresProblem,
    LeastSquaresSolution,
    LeastSquaresState,
    Prior,
)
from .qr_system import (
    Array,
    Indices,
    TriangularSystem,
    Undetermined,
    column_norms,
    independent_columns,
    solve_bounded,
    undetermined,
)


@dataclass(frozen=True)
class _Point:
    theta: Float[Array, " P"]
    data: TriangularSystem
    total: TriangularSystem  # with the prior


@dataclass(frozen=True)
class _Step:
    theta: Float[Array, " P"]
    predicted: float  # decrease of the loss that the model promises
    size: float  # relative to θ
    cosine: float  # largest between r and a column that may move


class _Reduced:
    """The loss with the linear parameters solved for."""

    def __init__(self, problem: LeastSquaresProblem, prior: Prior | None) -> None:
        size = len(problem.lower)
        self.problem = problem
        self.lower, self.upper = problem.lower, problem.upper
        self.linear = np.flatnonzero(problem.linear)
        self.nonlinear = np.flatnonzero(~problem.linear)
        self.everything = np.arange(size)
        self._root = np.sqrt(prior.weight) if prior else np.zeros(size)
        self._mean = prior.mean if prior else np.zeros(size)

    def _with_prior(
        self, system: TriangularSystem, theta: Float[Array, " P"], columns: Int[Indices, " F"]
    ) -> TriangularSystem:
        if not self._root.any():
            return system
        pull = self._root * (theta - self._mean)
        held = np.delete(pull, columns)  # a constant here, but part of the loss
        total = system.with_diagonal(self._root[columns], pull[columns])
        factor = total.factor.copy()
        factor[-1, -1] = np.hypot(factor[-1, -1], np.linalg.norm(held))
        return replace(total, factor=factor)

    def point(self, theta: Float[Array, " P"]) -> _Point:
        data = self.problem.linearize(theta, self.everything)
        return _Point(theta, data, self._with_prior(data, theta, self.everything))

    def bounded_linear_step(
        self, system: TriangularSystem, theta: Float[Array, " P"]
    ) -> Float[Array, " linear"]:
        low, high = self.lower[self.linear] - theta[self.linear], self.upper[self.linear] - theta[self.linear]
        return solve_bounded(system.jacobian, system.residual, low, high, system.noise)

    def project(self, theta: Float[Array, " P"]) -> tuple[Float[Array, " P"], float]:
        """θ with its linear parameters at their best, and the loss there."""
        if not len(self.linear):
            pull = self._root * (theta - self._mean)
            return theta, self.problem.loss(theta) + 0.5 * float(pull @ pull)
        data = self.problem.linearize(theta, self.linear)
        if not data.finite:
            return theta, float("nan")
        total = self._with_prior(data, theta, self.linear)
        step = self.bounded_linear_step(total, theta)
        return self.shifted(theta, self.linear, step), total.moved(step).loss

    def shifted(
        self, theta: Float[Array, " P"], columns: Int[Indices, " F"], step: Float[Array, " F"]
    ) -> Float[Array, " P"]:
        moved = theta.copy()
        moved[columns] = np.clip(theta[columns] + step, self.lower[columns], self.upper[columns])
        return moved

    def _free_linear(self, point: _Point) -> Int[Indices, " F"]:
        """Linear parameters off their bounds, without the redundant: they span what these can make up for."""
        theta = point.theta[self.linear]
        free = self.linear[(theta > self.lower[self.linear]) & (theta < self.upper[self.linear])]
        return free[independent_columns(point.total.take(free))[0]]

    def step(
        self, point: _Point, damping: float, scale: Float[Array, " n"]
    ) -> tuple[_Step, Float[Array, " n"]]:
        """The damped step of the nonlinear parameters, and the updated scale of each."""
        n = self.nonlinear
        first = self._free_linear(point)
        factor = point.total.take(np.concatenate([first, n])).factor
        upper, residual = factor[len(first) : -1, len(first) : -1], factor[len(first) : -1, -1]
        # What remains of a column under 1e-6 after projection is mostly rounding: keep it short.
        norms = np.maximum(column_norms(upper), 1e-6 * point.total.norms[n])
        norms = np.where(norms > 0, norms, 1.0)
        scale = np.maximum(scale, norms)
        low, high = self.lower[n] - point.theta[n], self.upper[n] - point.theta[n]
        reduced = TriangularSystem(
            factor[len(first) :, len(first) :], 0, point.total.noise, np.zeros(len(n) + 1, bool)
        )
        damped = reduced.with_diagonal(np.sqrt(damping) * scale, np.zeros(len(n)))
        step = solve_bounded(damped.jacobian, damped.residual, low, high, reduced.noise)
        after = upper @ step + residual
        gradient = upper.T @ residual
        movable = np.where(gradient > 0, low < 0, high > 0)
        length = np.sqrt(2 * point.total.loss)
        cosines = np.abs(gradient[movable]) / (norms[movable] * max(length, np.finfo(float).tiny))
        reach = float(np.linalg.norm(scale * point.theta[n]))
        return _Step(
            theta=self.shifted(point.theta, n, step),
            predicted=0.5 * float(residual @ residual - after @ after),
            size=float(np.linalg.norm(scale * step)) / max(reach, 1e-300),
            cosine=float(cosines.max(initial=0.0)),
        ), scale


def minimize(
    problem: LeastSquaresProblem,
    start: Float[Array, " P"],
    options: LeastSquaresOptions | None = None,
    prior: Prior | None = None,
    callback: Callback | None = None,
    resume: LeastSquaresState | None = None,
) -> LeastSquaresSolution:
    """Minimise ½ Σ r² (+ the prior) from `start` within the problem's bounds.

    `callback` sees the state after each iteration and stops the fit by returning True. A state given back as
    `resume` continues to bit-identical results, provided that the problem's functions repeat exactly. Ctrl-C
    after the first linearisation returns the best so far; so does the end of the time, within an iteration
    too. Where that comes before the linear parameters of the start are solved for, it returns the start, and
    a loss that is NaN.

    Raises FitError: `start-outside-bounds`, `not-finite-start`, `too-few-rows`.
    """
    options = options or LeastSquaresOptions()
    reduced = _Reduced(problem, prior)
    started = monotonic() - (resume.seconds if resume else 0.0)
    _check_bounds(problem, start)
    try:
        point = reduced.point(resume.theta if resume else start)
        _check_start(problem, point)
        if not len(reduced.nonlinear):
            return _solve_linear(reduced, point, started)
        if resume is None:
            point = _projected(reduced, point)
    except TimeIsUp:
        return without_time(problem, resume or _first_state(reduced, start, float("nan"), options))
    resume = resume or _first_state(reduced, point.theta, point.total.loss, options)
    return _iterate(reduced, point, resume, options, callback, started)


def _projected(reduced: _Reduced, point: _Point) -> _Point:
    """The point with its linear parameters at their best, where that lowers the loss."""
    theta, loss = reduced.project(point.theta)
    if len(reduced.linear) and loss <= point.total.loss:
        point = reduced.point(theta)
        _check_start(reduced.problem, point)
    return point


def _first_state(
    reduced: _Reduced, theta: Float[Array, " P"], loss: float, options: LeastSquaresOptions
) -> LeastSquaresState:
    return LeastSquaresState(
        theta=theta,
        loss=loss,
        damping=options.initial_damping,
        growth=2.0,
        scale=np.zeros(len(reduced.nonlinear)),
    )


def without_time(problem: LeastSquaresProblem, state: LeastSquaresState) -> LeastSquaresSolution:
    """The end of a fit whose time was over before it had linearised the residuals at its state."""
    size = len(state.theta)
    system = TriangularSystem(np.full((size + 1, size + 1), np.nan), 0, 0.0, np.ones(size + 1, dtype=bool))
    return LeastSquaresSolution(state.theta, state.loss, "time", system, Undetermined(), state)


def _iterate(
    reduced: _Reduced,
    point: _Point,
    state: LeastSquaresState,
    options: LeastSquaresOptions,
    callback: Callback | None,
    started: float,
) -> LeastSquaresSolution:
    reason = state.finished
    current = point, state  # one name, so that an interruption never leaves a state without its point
    try:
        while not reason:
            reason = _exhausted(state, options)
            if reason:
                break
            point, state = _iteration(reduced, point, state, options)
            state = replace(state, seconds=monotonic() - started)
            current = point, state
            reason = state.finished
            if callback and callback(state):
                reason = reason or "stopped"
    except TimeIsUp:
        reason = "time"
    except KeyboardInterrupt:
        reason = "interrupted"
    return _ended(reduced.problem, *current, reason)


def _exhausted(state: LeastSquaresState, options: LeastSquaresOptions) -> str:
    if state.iteration >= options.max_iterations:
        return "iterations"
    return "time" if options.deadline.is_over else ""


def _iteration(
    reduced: _Reduced, point: _Point, state: LeastSquaresState, options: LeastSquaresOptions
) -> tuple[_Point, LeastSquaresState]:
    """One trial: a step, accepted or not, and the next damping."""
    step, scale = reduced.step(point, state.damping, state.scale)
    if step.cosine <= options.gradient_tolerance:
        return point, replace(state, scale=scale, finished="gradient")
    theta, loss = reduced.project(step.theta)
    gain = (state.loss - loss) / step.predicted if step.predicted > 0 else float("nan")
    trial = reduced.point(theta) if np.isfinite(loss) and gain > 1e-4 else None
    accepted = trial is not None and trial.total.finite and trial.total.loss <= state.loss
    row = np.array([[loss, state.damping, gain, float(accepted)]])
    decrease = (state.loss - loss) / state.loss
    finished = _converged(step, decrease, step.predicted / state.loss, accepted, options)
    following = replace(
        state,
        scale=scale,
        iteration=state.iteration + 1,
        history=np.vstack([state.history, row]),
        finished=finished,
    )
    if trial is None or not accepted:
        return point, replace(following, damping=state.damping * state.growth, growth=2 * state.growth)
    # Nielsen's rule with 1/5 for his 1/3: as many trials fail, and good steps grow sooner.
    damping = max(state.damping * max(1 / 5, 1 - (2 * gain - 1) ** 3), 1e-15)
    return trial, replace(following, theta=theta, loss=trial.total.loss, damping=damping, growth=2.0)


def _converged(
    step: _Step, decrease: float, predicted: float, accepted: bool, options: LeastSquaresOptions
) -> str:
    small = predicted <= options.decrease_tolerance
    if accepted and small and decrease <= options.decrease_tolerance:
        return "decrease"
    if not accepted and predicted <= np.finfo(float).eps:
        return "decrease"  # what could still be gained is rounding
    if step.size > options.step_tolerance:
        return ""
    # So short a step obeys the derivatives, if these are right: one that fails is no sign of a minimum.
    return "step" if accepted else "stalled"


def _rounding(system: TriangularSystem, theta: Float[Array, " P"]) -> float:
    """The rounding error of a loss whose residuals are small sums of large parts, |J| |θ|."""
    wrong = np.finfo(float).eps * float(column_norms(system.jacobian) @ theta)
    return wrong * (np.sqrt(2 * system.loss) + wrong)


def _solve_linear(reduced: _Reduced, point: _Point, started: float) -> LeastSquaresSolution:
    """Nothing but linear parameters: the minimum in one step, confirmed by one evaluation."""
    step = reduced.bounded_linear_step(point.total, point.theta)
    theta = reduced.shifted(point.theta, reduced.linear, step)
    solved = _Point(theta, point.data.moved(step), point.total.moved(step))
    with suppress(TimeIsUp):  # it is the solution, though nobody had the time to confirm it
        _confirm(reduced, point, solved)
    state = LeastSquaresState(
        theta=theta,
        loss=solved.total.loss,
        damping=0.0,
        growth=2.0,
        scale=np.zeros(0),
        iteration=1,
        seconds=monotonic() - started,
        history=np.array([[solved.total.loss, 0.0, 1.0, 1.0]]),
        finished="linear",
    )
    return _ended(reduced.problem, solved, state, "linear")


def _confirm(reduced: _Reduced, point: _Point, solved: _Point) -> None:
    promised = point.data.loss - solved.data.loss
    reached = point.data.loss - reduced.problem.loss(solved.theta)
    slack = 1e-6 * point.data.loss + _rounding(point.data, np.abs(point.theta) + np.abs(solved.theta))
    if not abs(reached - promised) <= 1e-2 * abs(promised) + slack:
        raise InternalError(f"residuals said to be linear fell by {reached:.6g} where {promised:.6g} was due")


def _ended(
    problem: LeastSquaresProblem, point: _Point, state: LeastSquaresState, reason: str
) -> LeastSquaresSolution:
    unknown = undetermined(point.data, problem.names)
    return LeastSquaresSolution(point.theta, point.total.loss, reason, point.data, unknown, state)


def _check_bounds(problem: LeastSquaresProblem, start: Float[Array, " P"]) -> None:
    outside = np.flatnonzero((start < problem.lower) | (start > problem.upper)).tolist()
    found = []
    for j in outside:
        bounds = f"{problem.lower[j]:g} … {problem.upper[j]:g}"
        message = f"`{problem.names[j]}` starts at {start[j]:g}, outside {bounds}"
        found.append(Diagnostic("start-outside-bounds", message))
    if found:
        raise FitError(found)


def _check_start(problem: LeastSquaresProblem, point: _Point) -> None:
    data = point.data
    if not data.finite:
        wrong = [f"`{problem.names[j]}`" for j in np.flatnonzero(data.broken[:-1]).tolist()]
        what = "the residuals are" if data.broken[-1] else f"the derivative by {', '.join(wrong)} is"
        raise not_finite_start(what)
    if point.total.n_rows < data.n_parameters:
        message = f"{point.total.n_rows} labels cannot determine {data.n_parameters} parameters"
        note = "add structures, make parameters `fixed`, or give a prior"
        raise FitError(Diagnostic("too-few-rows", message, help=note))
