"""Several starts: where they are, and that the best one is taken to the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from potentia.compiler.diagnostics.diagnostic import FitError
from potentia.runtime.files.states import load_state, save_state
from potentia.runtime.optimize.deadline import Deadline
from potentia.runtime.optimize.least_squares_problem import LeastSquaresOptions
from potentia.runtime.optimize.levenberg_marquardt import minimize
from potentia.runtime.optimize.multistart import StartsState, minimize_from_starts, start_points
from potentia.runtime.optimize.qr_system import Accumulator, Array, Indices, TriangularSystem

T = np.linspace(0, 6, 80)
DATA = 1.5 * np.sin(2.3 * T)


class Wave:
    """a·sin(w·t) against data at w = 2.3: many local minima in w. Above `lost`, w gives no value."""

    names = ("a", "w")
    linear = np.array([True, False])
    lower, upper = np.array([-np.inf, 0.05]), np.array([np.inf, 6.0])

    def __init__(self, lost: float = np.inf) -> None:
        self.lost = lost
        self.calls = 0

    def residuals(self, theta: Array) -> tuple[Array, Array]:
        self.calls += 1
        a, w = theta
        bad = np.nan if w > self.lost else 1.0
        return bad * (a * np.sin(w * T) - DATA), np.column_stack([np.sin(w * T), a * T * np.cos(w * T)])

    def linearize(self, theta: Array, columns: Indices) -> TriangularSystem:
        residual, jacobian = self.residuals(theta)
        accumulator = Accumulator(len(columns))
        accumulator.add(residual, jacobian[:, columns])
        return accumulator.system()

    def loss(self, theta: Array) -> float:
        residual = self.residuals(theta)[0]
        return 0.5 * float(residual @ residual)


START = np.array([1.0, 5.0])


def test_starts_are_seeded_bounded_and_begin_with_the_given_one() -> None:
    points = start_points(Wave(), START, 20, seed=4, spread=3.0)
    np.testing.assert_array_equal(points[0], START)
    assert np.all((points >= Wave.lower) & (points <= Wave.upper))
    assert np.all(points[:, 0] == 1.0)  # linear: solved, not searched
    assert len(set(points[:, 1])) > 15
    np.testing.assert_array_equal(points[:7], start_points(Wave(), START, 7, seed=4, spread=3.0))
    assert not np.array_equal(points, start_points(Wave(), START, 20, seed=5, spread=3.0))


def test_the_scale_of_a_move() -> None:
    class Free(Wave):
        linear = np.array([False, False])
        lower, upper = np.array([0.0, -np.inf]), np.array([np.inf, np.inf])

    points = start_points(Free(), np.array([1e-3, -50.0]), 400, seed=0, spread=0.5)[1:]
    assert np.std(np.log(points[:, 0] / 1e-3)) == pytest.approx(0.5, rel=0.15)
    assert np.std(points[:, 1]) == pytest.approx(25, rel=0.15)


def test_several_starts_find_what_one_misses() -> None:
    alone = minimize(Wave(), START)
    several = minimize_from_starts(Wave(), START, 8, seed=1, short=4, spread=0.8)
    assert alone.loss > 1 and several.loss < 1e-12
    assert several.theta[1] == pytest.approx(2.3)


def test_one_start_is_a_plain_fit() -> None:
    assert minimize_from_starts(Wave(), START, 1).theta.tobytes() == minimize(Wave(), START).theta.tobytes()


def test_starts_without_a_value_are_left_out() -> None:
    states: list[StartsState] = []
    found = minimize_from_starts(Wave(lost=5.5), START, 12, seed=1, spread=1.0, callback=states.append)
    losses = states[-1].losses
    assert np.isinf(losses).any() and np.isfinite(losses).any()
    assert found.loss <= np.nanmin(losses)
    with pytest.raises(FitError, match="not finite at the start values"):
        minimize_from_starts(Wave(lost=0.0), START, 4)


def test_a_stored_state_continues_to_the_same_bits(tmp_path: Path) -> None:
    states: list[StartsState] = []
    whole = minimize_from_starts(Wave(), START, 5, 1, 3, 0.8, callback=states.append)
    for state in states[:: max(1, len(states) // 7)]:
        save_state(tmp_path / "state.npz", state, {})
        back = load_state(tmp_path / "state.npz", StartsState, {})
        again = minimize_from_starts(Wave(), START, 5, 1, 3, 0.8, resume=back)
        assert again.theta.tobytes() == whole.theta.tobytes()
        assert again.history.tobytes() == whole.history.tobytes()


@pytest.mark.parametrize("limit", [12, 25, 40])
def test_an_interruption_gives_the_best_run_so_far(limit: int) -> None:
    class Interrupted(Wave):
        def residuals(self, theta: Array) -> tuple[Array, Array]:
            if self.calls == limit:
                self.calls += 1
                raise KeyboardInterrupt
            return super().residuals(theta)

    states: list[StartsState] = []
    found = minimize_from_starts(Interrupted(), START, 8, 1, 4, 0.8, callback=states.append)
    assert found.reason == "interrupted"
    seen = [state.current.loss for state in states if state.current]
    assert found.loss <= min(seen) * (1 + 1e-12)


def test_the_time_limit_is_for_all_runs_together() -> None:
    found = minimize_from_starts(Wave(), START, 8, options=LeastSquaresOptions(deadline=Deadline(0.0)))
    assert (found.reason, found.converged) == ("time", False)
