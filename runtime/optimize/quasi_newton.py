"""Quasi-Newton minimisation of ½ Σ r² with thousands of parameters, in the metric of a Gauss–Newton matrix.

    metric    M = H + λ D,  H = JᵀJ on a sample of the rows at the beginning of a cycle, D its diagonal
    steps     L-BFGS (Liu & Nocedal, Math. Program. 45, 503 (1989), doi:10.1007/BF01589116) with M⁻¹ for the
              inverse Hessian to start from: one gradient each
    cycle     ends where the loss falls more slowly than it did on average since the metric was paid for, as
              foragers leave a patch (Charnov, Theor. Popul. Biol. 9, 129 (1976))

A Gauss–Newton step by conjugate gradients needs as many products with JᵀJ as M saves: docs/benchmarks.md.
Which parameters are kept is decided by structures that are not trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .deadline import Deadline, TimeIsUp
from .failures import not_finite_start
from .least_squares_problem import Prior
from .qr_system import Array, Mask


class Problem(Protocol):
    """½ Σ r² of P free parameters, on structures to train on and on others to judge by. Its functions may
    raise TimeIsUp.
    """

    @property
    def lower(self) -> Float[Array, " P"]: ...
    @property
    def upper(self) -> Float[Array, " P"]: ...
    @property
    def metric_cost(self) -> float:
        """The cost of `curvature`, in gradients."""

    def value_and_gradient(self, theta: Float[Array, " P"]) -> tuple[float, Float[Array, " P"]]:
        """½ Σ r² at θ and Jᵀr."""

    def curvature(self, theta: Float[Array, " P"], cycle: int) -> Float[Array, "P P"]:
        """JᵀJ at θ, from a sample of the rows that cycle determines, scaled to all of them."""

    def errors(self, theta: Float[Array, " P"]) -> Sequence[float]:
        """The error by which θ is judged, smaller is better, and further errors for the history."""


@dataclass(frozen=True)
class Options:
    """Limits of a minimisation.

    tolerance: the share of the loss by which a cycle has to lower it.
    patience: number of cycles without a better judgement.
    """

    max_iterations: int = 5000
    deadline: Deadline = field(default_factory=Deadline)
    tolerance: float = 1e-2
    patience: int = 3
    memory: int = 30
    initial_damping: float = 1.0
    judged_every: int = 10


@dataclass(frozen=True)
class State:
    """Everything the next iteration depends on, in arrays and numbers, so that it can be stored."""

    theta: Float[Array, " P"]
    loss: float
    base: Float[Array, " P"]  # where the metric was taken
    steps: Float[Array, "k P"]  # of θ
    changes: Float[Array, "k P"]  # of the gradient
    losses: Float[Array, " iterations"]  # of the cycle
    best_theta: Float[Array, " P"]
    best: float = float("inf")
    damping: float = 0.0
    cycle: int = 0
    iteration: int = 0
    worse: int = 0
    improved: bool = False
    seconds: float = 0.0
    # seconds, iteration, loss, and the errors of the problem
    history: Float[Array, "judged columns"] = field(default_factory=lambda: np.zeros((0, 0)))


# lengths of a step that are tried
_MOST_TRIALS = 10
# at which a step is as good as one along the gradient
_MOST_DAMPING = 1e6

CONVERGED = ("held-out", "decrease")


@dataclass(frozen=True)
class Solution:
    """The end of a minimisation.

    theta (P,): the best by the judgement.
    reason: converged by `held-out` (the judgement stopped improving) or `decrease` (of the loss, too small);
    else `stalled` (no step helps), `iterations`, `time`, `interrupted` or `stopped` (by the callback).
    state: the state to resume from.
    history: the judged errors, the last row at the end of the minimisation.
    """

    theta: Float[Array, " P"]
    reason: str
    state: State
    history: Float[Array, "judged columns"]

    @property
    def converged(self) -> bool:
        return self.reason in CONVERGED


Callback = Callable[[State], bool | None]


def minimize(
    problem: Problem,
    start: Float[Array, " P"],
    options: Options | None = None,
    prior: Prior | None = None,
    callback: Callback | None = None,
    resume: State | None = None,
) -> Solution:
    """Minimise ½ Σ r² (+ the prior) from `start` within the problem's bounds.

    `callback` sees the state after each iteration and stops by returning True. A state given back as `resume`
    goes on to the same result where the problem's functions repeat. Ctrl-C and the end of the time end with
    the best so far. Raises FitError not-finite-start.
    """
    return _Minimizer(problem, options or Options(), prior, callback).run(start, resume)


class _Minimizer:
    def __init__(
        self, problem: Problem, options: Options, prior: Prior | None, callback: Callback | None
    ) -> None:
        self.problem, self.options, self.callback = problem, options, callback
        self.weight = prior.weight if prior else np.zeros_like(problem.lower)
        self.mean = prior.mean if prior else np.zeros_like(problem.lower)

    def run(self, start: Array, resume: State | None) -> Solution:
        state = resume or _first_state(start)
        started = monotonic() - state.seconds
        reason = ""
        try:
            loss, gradient = self.value_and_gradient(state.theta)
            if not np.isfinite(loss) or not np.isfinite(gradient).all():
                raise not_finite_start("the loss or its gradient is")
            state = replace(state, loss=loss)
            reason = "" if resume is None else self._exhausted(state)
            metric = self._resumed_metric(state) if len(state.losses) and not reason else None
            while not reason:
                if metric is None:
                    metric, state = self._new_cycle(state, gradient)
                moved = self._step(state, gradient, metric)
                ended = moved is None
                if moved is not None:
                    state, gradient = moved
                    ended = self._is_spent(state.losses)
                state = replace(state, seconds=monotonic() - started)
                if ended or state.iteration % self.options.judged_every == 0:
                    state = self._judged(state)
                if ended:
                    reason, state = self._cycle_ended(state)
                    metric = None
                reason = reason or self._exhausted(state)
                if self.callback and self.callback(state):
                    reason = reason or "stopped"
        except TimeIsUp:
            reason = "time"
        except KeyboardInterrupt:
            reason = "interrupted"
        judged = self._judged_at_end(state)
        return Solution(judged.best_theta, reason, state, judged.history)

    def _judged_at_end(self, state: State) -> State:
        """The state judged, where it is not and time allows it; without any judgement the last is best."""
        if self._is_judged(state):
            return state
        try:
            return self._judged(state)
        except TimeIsUp:
            return state if len(state.history) else replace(state, best_theta=state.theta)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss and its gradient, with the prior."""
        loss, gradient = self.problem.value_and_gradient(theta)
        pull = self.weight * (theta - self.mean)
        return loss + 0.5 * float(pull @ (theta - self.mean)), gradient + pull

    # --- cycles ------------------------------------------------------------------------------

    def _resumed_metric(self, state: State) -> _Metric:
        """The metric of a state that goes on in its cycle."""
        gradient = self.value_and_gradient(state.base)[1]
        metric = self._curvature(state, gradient).damped(state.damping)
        assert metric is not None
        return metric

    def _curvature(self, state: State, gradient: Array) -> _Metric:
        """The curvature where the cycle began, of the parameters that its gradient holds at no bound."""
        held_low = (state.base <= self.problem.lower) & (gradient >= 0)
        held_high = (state.base >= self.problem.upper) & (gradient <= 0)
        matrix = self.problem.curvature(state.base, state.cycle)
        return _Metric(matrix, self.weight, ~held_low & ~held_high)

    def _new_cycle(self, state: State, gradient: Array) -> tuple[_Metric, State]:
        """A metric taken here, with the least damping, from a tenth of the last one up, of which a step, or
        0.3 of it, lowers the loss.
        """
        damping = state.damping / 10 if state.damping else self.options.initial_damping
        state = replace(
            state,
            base=state.theta,
            steps=state.steps[:0],
            changes=state.changes[:0],
            losses=np.array([state.loss]),
        )
        curvature = self._curvature(state, gradient)
        while True:
            self.options.deadline.require()
            metric = curvature.damped(damping)
            if metric is not None:
                step = metric(gradient)
                lowers = any(self._loss(state.theta - t * step) < state.loss for t in (1.0, 0.3))
                if lowers or damping > _MOST_DAMPING:
                    return metric, replace(state, damping=damping)
            damping *= 10

    def _loss(self, theta: Array) -> float:
        return self.value_and_gradient(self._inside(theta))[0]

    def _inside(self, theta: Array) -> Array:
        return np.clip(theta, self.problem.lower, self.problem.upper)

    def _is_spent(self, losses: Array) -> bool:
        """Whether the loss falls more slowly now than on average since the metric was made."""
        n, window = len(losses) - 1, 10
        if n < 2 * window or losses[-1] <= 0:
            return n >= 2 * window
        now = np.log(losses[-1 - window] / losses[-1]) / window
        return bool(now < np.log(losses[0] / losses[-1]) / (n + self.problem.metric_cost))

    def _cycle_ended(self, state: State) -> tuple[str, State]:
        losses, reason = state.losses, ""
        worse = 0 if state.improved else state.worse + 1
        if len(losses) < 2:
            reason = "stalled"
        elif losses[0] - losses[-1] <= self.options.tolerance * losses[0]:
            reason = "decrease"
        elif worse >= self.options.patience:
            reason = "held-out"
        nothing = state.losses[:0]
        return reason, replace(state, cycle=state.cycle + 1, worse=worse, improved=False, losses=nothing)

    def _exhausted(self, state: State) -> str:
        if state.iteration >= self.options.max_iterations:
            return "iterations"
        return "time" if self.options.deadline.is_over else ""

    # --- steps -------------------------------------------------------------------------------

    def _step(self, state: State, gradient: Array, metric: _Metric) -> tuple[State, Array] | None:
        """One iteration of L-BFGS, None where no step along its direction lowers the loss."""
        direction = -_two_loops(gradient, state.steps, state.changes, metric)
        slope = float(gradient @ direction)
        length = metric.reach(state.steps, direction)
        for _ in range(_MOST_TRIALS):
            theta = self._inside(state.theta + length * direction)
            loss, following = self.value_and_gradient(theta)
            if np.isfinite(loss) and loss <= state.loss + 1e-4 * length * slope:
                return self._moved(state, theta, loss, following - gradient), following
            length *= _shorter(length * slope, loss - state.loss)
        return None

    def _moved(self, state: State, theta: Array, loss: float, change: Array) -> State:
        step, steps, changes = theta - state.theta, state.steps, state.changes
        if step @ change > 1e-10 * np.linalg.norm(step) * np.linalg.norm(change):
            kept = slice(-self.options.memory, None)
            steps, changes = np.vstack([steps, step])[kept], np.vstack([changes, change])[kept]
        return replace(
            state,
            theta=theta,
            loss=loss,
            steps=steps,
            changes=changes,
            losses=np.append(state.losses, loss),
            iteration=state.iteration + 1,
        )

    def _is_judged(self, state: State) -> bool:
        return bool(len(state.history) and state.history[-1, 1] == state.iteration)

    def _judged(self, state: State) -> State:
        errors = self.problem.errors(state.theta)
        row = np.array([[state.seconds, state.iteration, state.loss, *errors]])
        history = np.vstack([state.history, row]) if state.history.size else row
        if not errors[0] < state.best:
            return replace(state, history=history)
        return replace(state, history=history, best=errors[0], best_theta=state.theta, improved=True)


class _Metric:
    """M⁻¹ v, with M = H + W + λ diag(H + W) on the numbers that may move; W the prior's weight."""

    def __init__(
        self, curvature: Float[Array, "P P"], weight: Float[Array, " P"], movable: Bool[Mask, " P"]
    ) -> None:
        diagonal = np.diag(curvature) + weight
        # what no row depends on moves by the prior alone, or not at all
        self._size = np.sqrt(np.maximum(diagonal, 1e-12 * diagonal.max(initial=1e-300)))
        self._moving = np.flatnonzero(movable & (diagonal > 0))
        self._curvature, self._weight = curvature, weight
        self._factor: Array | None = None

    def damped(self, damping: float) -> _Metric | None:
        """The metric with this λ, None where it is not positive definite in rounded numbers."""
        at = self._moving
        size = self._size[at]
        matrix = self._curvature[np.ix_(at, at)] / size[:, None] / size
        matrix[np.diag_indices(len(at))] += self._weight[at] / size**2 + damping
        try:
            self._factor = cho_factor(matrix, overwrite_a=True, check_finite=False)[0]
        except LinAlgError:
            return None
        return self

    def reach(self, steps: Float[Array, "k P"], direction: Float[Array, " P"]) -> float:
        """The part of a direction to try first: as far as twice the step before, which most often holds."""
        if not len(steps):
            return 1.0
        before, now = (float(np.linalg.norm(self._size * v)) for v in (steps[-1], direction))
        return min(1.0, 2 * before / now) if now > 0 else 1.0

    def __call__(self, vector: Float[Array, " P"]) -> Float[Array, " P"]:
        assert self._factor is not None
        at = self._moving
        found = np.zeros_like(vector)
        found[at] = cho_solve((self._factor, False), vector[at] / self._size[at], check_finite=False)
        return found / self._size


def _two_loops(
    gradient: Float[Array, " P"],
    steps: Float[Array, "k P"],
    changes: Float[Array, "k P"],
    metric: Callable[[Array], Array],
) -> Float[Array, " P"]:
    """The inverse Hessian of L-BFGS times a gradient (Nocedal, Math. Comp. 35, 773 (1980))."""
    q, curved, along = gradient.copy(), np.einsum("kp,kp->k", steps, changes), np.zeros(len(steps))
    for k in reversed(range(len(steps))):
        along[k] = steps[k] @ q / curved[k]
        q -= along[k] * changes[k]
    q = metric(q)
    for k in range(len(steps)):
        q += (along[k] - changes[k] @ q / curved[k]) * steps[k]
    return q


def _shorter(promised: float, change: float) -> float:
    """By how much to shorten a step: to the minimum of a parabola, within 0.1 to 0.5."""
    if not np.isfinite(change) or change <= promised:
        return 0.1
    return float(np.clip(-0.5 * promised / (change - promised), 0.1, 0.5))


def _first_state(start: Float[Array, " P"]) -> State:
    nothing = np.zeros((0, len(start)))
    return State(start.copy(), float("nan"), start.copy(), nothing, nothing, np.zeros(0), start.copy())
