"""Time limits: kept within an iteration too, with the best so far, and counted anew by each call."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from optimization_problems import Curve, Residuals, Valley, exponentials
from potentia.compiler.diagnostics.diagnostic import FitError
from potentia.runtime.optimize.deadline import Deadline, TimeIsUp
from potentia.runtime.optimize.least_squares_problem import LeastSquaresOptions
from potentia.runtime.optimize.levenberg_marquardt import minimize
from potentia.runtime.optimize.multistart import StartsState, minimize_from_starts
from potentia.runtime.optimize.qr_system import Array, Indices, TriangularSystem
from potentia.runtime.optimize.quasi_newton import Options
from potentia.runtime.optimize.quasi_newton import minimize as quasi_newton


class Slow(Curve):
    """A problem that asks for the time after each call; the clock stops at the n-th."""

    def __init__(self, function: Residuals, size: int, calls: int) -> None:
        super().__init__(function, size)
        self.left = calls

    def linearize(self, theta: Array, columns: Indices) -> TriangularSystem:
        self.require()
        return super().linearize(theta, columns)

    def loss(self, theta: Array) -> float:
        self.require()
        return super().loss(theta)

    def require(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TimeIsUp.now()


def test_a_deadline_tells_the_time_that_is_left() -> None:
    assert Deadline().left is None and not Deadline().is_over and Deadline().share == 0.0
    deadline = Deadline(100.0)
    assert 99.0 < (deadline.left or 0.0) <= 100.0 and 0.0 < deadline.share < 0.01
    assert 40.0 < (deadline.within(0.5).left or 0.0) <= 50.0 and Deadline().within(0.5).left is None
    deadline.require()
    over = Deadline(0.0)
    assert over.is_over and over.left == 0.0 and over.share == 1.0
    with pytest.raises(FitError) as caught:
        over.require()
    assert pickle.loads(pickle.dumps(caught.value)).diagnostics[0].code == "time-is-up"


@pytest.mark.parametrize("calls", range(12))
def test_least_squares_cut_within_an_iteration_goes_on_to_the_same_end(calls: int) -> None:
    function, start, _ = exponentials(0)
    options = LeastSquaresOptions(decrease_tolerance=1e-10)
    whole = minimize(Curve(function, 5), start, options)
    cut = minimize(Slow(function, 5, calls), start, options)
    assert (cut.reason, cut.converged) == ("time", False)
    if calls < 2:  # at the start, or at its projection: the linear parameters are not solved for
        assert np.isnan(cut.loss)
        assert cut.theta.tolist() == start.tolist() and not cut.system.finite and not cut.undetermined
        return
    assert cut.loss <= 0.5 * np.sum(function(start)[0] ** 2) * (1 + 1e-12)
    again = minimize(Curve(function, 5), start, options, resume=cut.state)
    assert again.theta.tobytes() == whole.theta.tobytes()


def test_the_best_of_the_starts_is_kept() -> None:
    function, start, _ = exponentials(0)
    states: list[StartsState] = []
    found = minimize_from_starts(Slow(function, 5, 40), start, 6, short=4, callback=states.append)
    losses = [s.current.loss for s in states if s.current]
    assert found.reason == "time" and found.loss <= min(losses) and found.system.finite
    none = minimize_from_starts(Slow(function, 5, 0), start, 6)
    assert none.reason == "time" and none.theta.tolist() == start.tolist()

    # of a call before, and the time is over at once: its numbers, of which no system is known
    ended = next(s for s in reversed(states) if s.best is not None)
    again = minimize_from_starts(Slow(function, 5, 0), start, 6, short=4, resume=ended)
    assert again.reason == "time" and again.theta.tolist() == ended.best.theta.tolist()


def test_a_limit_counts_from_the_call_on() -> None:
    function, start, _ = exponentials(0)
    first = minimize(Curve(function, 5), start, LeastSquaresOptions(max_iterations=2))
    old = replace(first.state, seconds=1e6)
    options = LeastSquaresOptions(deadline=Deadline(60.0), decrease_tolerance=1e-10)
    found = minimize(Curve(function, 5), start, options, resume=old)
    assert found.converged and found.state.seconds > 1e6


class Cut(Valley):
    """A valley whose clock stops at the n-th call."""

    calls = 0

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        self.calls -= 1
        if self.calls < 0:
            raise TimeIsUp.now()
        return super().value_and_gradient(theta)


@pytest.mark.parametrize("calls", [0, 1, 3, 8, 15])
def test_quasi_newton_cut_within_an_iteration(calls: int) -> None:
    problem = Cut(6)
    problem.calls = calls
    found = quasi_newton(problem, np.zeros(6), Options())
    assert found.reason == "time" and np.isfinite(found.theta).all()
    whole = quasi_newton(Valley(6), np.zeros(6), Options())
    again = quasi_newton(Valley(6), np.zeros(6), Options(), resume=found.state)
    assert again.theta.tolist() == whole.theta.tolist()
