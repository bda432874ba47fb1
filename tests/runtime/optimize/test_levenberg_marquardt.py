"""The bounded, variable-projection Levenberg–Marquardt against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optimization_problems import Curve, affine, exponentials
from potentia.compiler.diagnostics.diagnostic import FitError, InternalError
from potentia.runtime.optimize.deadline import Deadline
from potentia.runtime.optimize.least_squares_problem import LeastSquaresOptions, LeastSquaresState, Prior
from potentia.runtime.optimize.levenberg_marquardt import minimize
from potentia.runtime.optimize.qr_system import Array
from scipy.optimize import least_squares, lsq_linear

seeds = st.integers(0, 2**32 - 1)
TIGHT = LeastSquaresOptions(max_iterations=300, decrease_tolerance=1e-14, gradient_tolerance=1e-10)


@given(seed=seeds, size=st.integers(1, 8), exponent=st.floats(-6, 6))
@settings(max_examples=25, deadline=None)
def test_linear_problems_are_solved_at_once(seed: int, size: int, exponent: float) -> None:
    rng = np.random.default_rng(seed)
    units = 10 ** (exponent * rng.uniform(-1, 1, size))
    jacobian, constant = rng.normal(size=(50, size)) * units, rng.normal(size=50)
    problem = Curve(affine(jacobian, constant), size, range(size))
    found = minimize(problem, rng.normal(size=size) / units)
    expected = -np.linalg.lstsq(jacobian / units, constant)[0]
    np.testing.assert_allclose(found.theta * units, expected, rtol=1e-6, atol=1e-8)
    assert (found.reason, found.converged, problem.calls) == ("linear", True, 2)
    assert found.loss == pytest.approx(problem.loss(found.theta), rel=1e-9)
    assert np.abs(found.system.gradient / units).max() < 1e-9


def test_a_condition_number_of_1e12() -> None:
    rng = np.random.default_rng(2)
    left, right = (np.linalg.qr(rng.normal(size=(n, 20)))[0] for n in (300, 20))
    jacobian, truth = left * np.geomspace(1, 1e-12, 20) @ right.T, rng.normal(size=20)
    found = minimize(Curve(affine(jacobian, -jacobian @ truth), 20, range(20)), np.zeros(20))
    assert np.abs(found.theta - truth).max() < 0.02
    assert found.loss < 1e-28


@given(seed=seeds, size=st.integers(2, 8))
@settings(max_examples=25, deadline=None)
def test_bounded_linear_problems_as_scipy(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    jacobian, constant = rng.normal(size=(40, size)), rng.normal(size=40) * 3
    lower, upper = -rng.exponential(0.3, size), rng.exponential(0.3, size)
    found = minimize(Curve(affine(jacobian, constant), size, range(size), lower, upper), np.zeros(size))
    expected = lsq_linear(jacobian, -constant, (lower, upper), method="bvls", tol=1e-14).x
    np.testing.assert_allclose(found.theta, expected, atol=1e-8)


def test_undetermined_parameters_stay_and_are_named() -> None:
    rng = np.random.default_rng(0)
    jacobian = rng.normal(size=(30, 4))
    jacobian[:, 1] = 0
    jacobian[:, 3] = -2 * jacobian[:, 0]
    start = np.array([0.1, 7.0, 0.2, 0.3])
    found = minimize(Curve(affine(jacobian, rng.normal(size=30)), 4, range(4)), start)
    assert found.theta[1] == 7.0
    assert found.undetermined.unreached == ("p1",)
    assert {name for name, _ in found.undetermined.combinations[0]} == {"p0", "p3"}


def test_what_is_not_linear_though_said_to_be_is_our_fault() -> None:
    def cubic(theta: Array) -> tuple[Array, Array]:
        return np.array([theta[0] ** 3 - 8, theta[0]]), np.array([[3 * theta[0] ** 2], [1.0]])

    with pytest.raises(InternalError, match="said to be linear"):
        minimize(Curve(cubic, 1, [0]), np.array([0.3]))


def test_large_numbers_that_cancel_are_no_fault() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        jacobian = rng.normal(size=(300, 3))
        jacobian[:, 2] = 1e-12 * rng.normal(size=300) - jacobian[:, 1]
        constant = -jacobian @ np.array([1.0, 1e11, 1e11]) + 1e-6 * rng.normal(size=300)
        start = np.array([1.0 + 1e-6 * rng.normal(), 1e11, 1e11])
        assert minimize(Curve(affine(jacobian, constant), 3, range(3)), start).converged


def test_variable_projection_takes_fewer_iterations_to_the_same_minimum() -> None:
    projected_iterations, joint_iterations = 0, 0
    for seed in range(8):
        residuals, start, _ = exponentials(seed, terms=3)
        separable, joint = Curve(residuals, 7, [0, 1, 2, 3]), Curve(residuals, 7)
        projected, together = minimize(separable, start, TIGHT), minimize(joint, start, TIGHT)
        assert projected.converged and together.converged
        reference = least_squares(lambda x, f=residuals: f(x)[0], projected.theta, xtol=1e-14)
        assert projected.loss <= min(reference.cost, together.loss) * (1 + 1e-6)
        projected_iterations += projected.state.iteration
        joint_iterations += together.state.iteration
    assert projected_iterations < 0.7 * joint_iterations


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("linear", [(), (0, 1, 2)])
def test_bounds_as_scipy(seed: int, linear: tuple[int, ...]) -> None:
    residuals, start, truth = exponentials(seed)
    rng = np.random.default_rng(seed)
    lower = np.minimum(start, truth) - rng.exponential(1, 5)
    upper = np.where(rng.random(5) < 0.5, np.maximum(start, truth * rng.uniform(0.7, 0.95, 5)), 50.0)
    found = minimize(Curve(residuals, 5, linear, lower, upper), start, TIGHT)
    reference = least_squares(
        lambda x: residuals(x)[0],
        np.clip(start, lower + 1e-9, upper - 1e-9),
        lambda x: residuals(x)[1],
        bounds=(lower, upper),
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=3000,
    )
    assert found.converged
    assert found.loss <= reference.cost * (1 + 1e-6)
    assert np.all((lower <= found.theta) & (found.theta <= upper))


def test_a_nonlinear_parameter_that_repeats_a_linear_one() -> None:
    """a·k·x: k's column is a multiple of a's; the projected one is pure rounding and must not be followed."""
    x = np.linspace(0, 1, 30)

    def residuals(theta: Array) -> tuple[Array, Array]:
        a, k, b = theta
        wave = np.exp(-b * x)
        return a * k * wave - np.exp(-2 * x), np.column_stack([k * wave, a * wave, -x * a * k * wave])

    found = minimize(Curve(residuals, 3, [0]), np.array([1.0, 3.0, 0.5]), TIGHT)
    assert found.converged and found.loss < 1e-20
    assert found.theta[1] == pytest.approx(3.0, abs=1e-3)
    assert {name for name, _ in found.undetermined.combinations[0]} == {"p0", "p1"}


def test_redundant_linear_parameters_do_not_hide_a_nonlinear_one() -> None:
    """With a repeated linear column the projection must take away its direction once, and no other."""
    residuals, start, _ = exponentials(1)

    def doubled(theta: Array) -> tuple[Array, Array]:
        merged = np.append(theta[0] + theta[5], theta[1:5])
        residual, jacobian = residuals(merged)
        return residual, np.column_stack([jacobian, jacobian[:, 0]])

    once = minimize(Curve(residuals, 5, [0, 1, 2]), start, TIGHT)
    twice = minimize(Curve(doubled, 6, [0, 1, 2, 5]), np.append(start, 0.0), TIGHT)
    assert twice.loss == pytest.approx(once.loss, rel=1e-9)
    assert twice.state.iteration <= once.state.iteration + 3


def test_a_prior_is_a_part_of_the_loss_but_not_of_the_information() -> None:
    rng = np.random.default_rng(4)
    jacobian, constant = rng.normal(size=(30, 3)), rng.normal(size=30)
    jacobian[:, 2] = 0
    prior = Prior(np.array([0.5, 0.0, 2.0]), np.array([1.0, 0.0, 4.0]))
    found = minimize(Curve(affine(jacobian, constant), 3, range(3)), np.zeros(3), prior=prior)
    weight = np.diag(prior.weight)
    expected = np.linalg.solve(jacobian.T @ jacobian + weight, weight @ prior.mean - jacobian.T @ constant)
    np.testing.assert_allclose(found.theta, expected, atol=1e-12)
    pull = prior.weight @ (expected - prior.mean) ** 2
    assert found.loss == pytest.approx(0.5 * (np.sum((jacobian @ expected + constant) ** 2) + pull))
    assert found.undetermined.unreached == ("p2",)


def test_a_prior_on_nonlinear_parameters() -> None:
    residuals, start, truth = exponentials(2)
    prior = Prior(np.array([0, 0, 0.1, 5, 5.0]), truth * 1.3)

    def whole(theta: Array) -> Array:
        return np.append(residuals(theta)[0], np.sqrt(prior.weight) * (theta - prior.mean))

    found = minimize(Curve(residuals, 5, [0, 1, 2]), start, TIGHT, prior)
    reference = least_squares(whole, found.theta, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert found.loss == pytest.approx(0.5 * float(whole(found.theta) @ whole(found.theta)), rel=1e-9)
    assert found.loss <= reference.cost * (1 + 1e-6)


@pytest.mark.parametrize("linear", [(), (0, 1, 2)])
@pytest.mark.parametrize("stop", [1, 3, 6])
def test_a_resumed_fit_is_bit_identical(linear: tuple[int, ...], stop: int) -> None:
    residuals, start, _ = exponentials(3)
    states: list[LeastSquaresState] = []
    whole = minimize(Curve(residuals, 5, linear), start, TIGHT, callback=states.append)
    part = minimize(Curve(residuals, 5, linear), start, TIGHT, callback=lambda state: state.iteration == stop)
    assert (part.reason, part.state.iteration) == ("stopped", stop)
    rest = minimize(Curve(residuals, 5, linear), start, TIGHT, resume=part.state)
    assert rest.theta.tobytes() == whole.theta.tobytes()
    assert rest.history.tobytes() == whole.history.tobytes()
    assert rest.reason == whole.reason
    again = minimize(Curve(residuals, 5, linear), start, TIGHT, resume=rest.state)
    assert again.state.iteration == whole.state.iteration


def test_an_interruption_gives_the_best_so_far() -> None:
    residuals, start, _ = exponentials(3)
    problem = Curve(residuals, 5, [0, 1, 2])

    def interrupted(theta: Array) -> tuple[Array, Array]:
        if problem.calls > 19:
            raise KeyboardInterrupt
        return residuals(theta)

    problem.function = interrupted
    found = minimize(problem, start, TIGHT)
    assert (found.reason, found.converged) == ("interrupted", False)
    tried = found.history[found.history[:, 3] > 0, 0]
    assert found.loss == pytest.approx(tried.min())
    assert found.loss == pytest.approx(0.5 * np.sum(residuals(found.theta)[0] ** 2))
    problem.function = residuals
    whole = minimize(Curve(residuals, 5, [0, 1, 2]), start, TIGHT)
    assert minimize(problem, start, TIGHT, resume=found.state).theta.tobytes() == whole.theta.tobytes()


def test_limits_end_a_fit() -> None:
    residuals, start, _ = exponentials(0)
    assert minimize(Curve(residuals, 5), start, LeastSquaresOptions(max_iterations=2)).reason == "iterations"
    assert minimize(Curve(residuals, 5), start, LeastSquaresOptions(deadline=Deadline(0.0))).reason == "time"


def test_a_trial_that_is_not_finite_is_rejected() -> None:
    def root(theta: Array) -> tuple[Array, Array]:
        with np.errstate(invalid="ignore"):
            slope = 0.5 / np.sqrt(theta[0])
            return np.array([np.sqrt(theta[0]) - 0.1, 0.0]), np.array([[slope], [0.0]])

    found = minimize(Curve(root, 1), np.array([4.0]), TIGHT)
    assert found.converged
    assert found.theta[0] == pytest.approx(0.01, rel=1e-6)
    assert np.isnan(found.history[:, 0]).any()


def test_wrong_derivatives_are_not_called_convergence() -> None:
    found = minimize(
        Curve(lambda theta: (theta + 3, -np.eye(2)), 2),
        np.array([1.0, 2.0]),
        LeastSquaresOptions(max_iterations=200),
    )
    assert (found.reason, found.converged) == ("stalled", False)


def test_faults_of_the_start_are_named() -> None:
    residuals, start, _ = exponentials(0)
    with pytest.raises(FitError) as caught:
        minimize(Curve(residuals, 5, upper=1.5), np.array([1, 2.0, 0, 1, 1]))
    assert caught.value.diagnostics[0].code == "start-outside-bounds"
    assert caught.value.message == "`p1` starts at 2, outside -inf … 1.5"
    with pytest.raises(FitError, match="the residuals are not finite at the start values"):
        minimize(Curve(residuals, 5), np.array([1.0, 1, 0, -1e3, 1]))

    def half(theta: Array) -> tuple[Array, Array]:
        residual, jacobian = residuals(theta)
        jacobian[3, 4] = np.inf
        return residual, jacobian

    with pytest.raises(FitError, match="the derivative by `p4` is not finite at the start values"):
        minimize(Curve(half, 5), start)


def test_fewer_labels_than_parameters() -> None:
    problem = Curve(affine(np.ones((2, 3)), np.ones(2)), 3, range(3))
    with pytest.raises(FitError, match="2 labels cannot determine 3 parameters"):
        minimize(problem, np.zeros(3))
    assert minimize(problem, np.zeros(3), prior=Prior(np.ones(3), np.zeros(3))).converged
