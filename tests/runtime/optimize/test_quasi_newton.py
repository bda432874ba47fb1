"""The quasi-Newton training on problems whose answers are known, and on a small network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from optimization_problems import Valley
from potentia.compiler.diagnostics.diagnostic import FitError
from potentia.runtime.fitting.fit import fit
from potentia.runtime.optimize.deadline import Deadline
from potentia.runtime.optimize.least_squares_problem import Prior
from potentia.runtime.optimize.qr_system import Array
from potentia.runtime.optimize.quasi_newton import Options, Solution, State, minimize
from potentia.runtime.potential.potential import compile
from potentia.runtime.residuals.config import FitConfig
from potentia.runtime.residuals.stochastic import StochasticProblem
from potentia.runtime.structures.structure import Structure, from_atoms

TIGHT = Options(tolerance=1e-12, patience=10**6, max_iterations=400)


@pytest.mark.parametrize("seed", range(5))
def test_a_curved_valley_is_followed_to_its_end(seed: int) -> None:
    problem = Valley(12)
    found = minimize(problem, np.random.default_rng(seed).normal(0.0, 0.5, 12), TIGHT)
    np.testing.assert_allclose(found.theta, 1.0, atol=1e-5)
    # no step lowers a loss that is rounding
    assert found.converged or (found.reason == "stalled" and found.state.loss < 1e-25)


class Stretched(Valley):
    """Residuals A (x + x²/10) − A (1.1, …): the singular values of A go from 1 to 10⁻⁴."""

    def parts(self, x: Array) -> tuple[Array, Array]:
        n = len(x)
        rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0]
        matrix = np.logspace(0, -4, n)[:, None] * rotation
        return matrix @ (x + 0.1 * x * x - 1.1), matrix * (1 + 0.2 * x)


def test_the_metric_is_worth_what_it_costs() -> None:
    class Plain(Stretched):
        def curvature(self, theta: Array, cycle: int) -> Array:
            return np.eye(len(theta))

    options = replace(TIGHT, max_iterations=60, initial_damping=1e-2)
    ends = [minimize(problem, np.zeros(40), options).state.loss for problem in (Stretched(40), Plain(40))]
    assert ends[0] < 1e-2 * ends[1]


def test_bounds_hold_and_what_is_at_one_can_leave_it() -> None:
    problem = Valley(4, lower=-0.5, upper=0.8)
    found = minimize(problem, np.full(4, -0.5), TIGHT)
    from scipy.optimize import least_squares

    reference = least_squares(lambda x: problem.parts(x)[0], np.full(4, 0.1), bounds=(-0.5, 0.8), xtol=1e-14)
    np.testing.assert_allclose(found.theta, reference.x, atol=1e-4)


def test_the_prior_draws() -> None:
    problem, weight = Valley(3), np.array([0.0, 3.0, 2.0])
    mean = np.array([0.0, -1.0, 0.5])
    found = minimize(problem, np.zeros(3), TIGHT, Prior(weight, mean))
    theta = (
        found.state.theta
    )  # where the loss was minimised; found.theta has the least errors, the prior aside
    gradient = problem.value_and_gradient(theta)[1] + weight * (theta - mean)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-5)


@pytest.mark.parametrize("after", [1, 7, 33])
def test_going_on_gives_the_same_bits(after: int) -> None:
    start = np.random.default_rng(3).normal(size=12)
    whole = minimize(Valley(12), start, TIGHT)
    states: list[State] = []

    def stop(state: State) -> bool:
        states.append(state)
        return len(states) == after

    cut = minimize(Valley(12), start, TIGHT, callback=stop)
    assert cut.reason == "stopped"
    again = minimize(Valley(12), start, TIGHT, resume=cut.state)
    np.testing.assert_array_equal(again.theta, whole.theta)
    np.testing.assert_array_equal(again.state.history[:, 1:], whole.state.history[:, 1:])


def test_what_is_judged_best_is_kept_and_ends_the_training() -> None:
    class Judged(Valley):
        """Judged by the distance to a point on the way; cycles are short."""

        metric_cost = 0.0

        def errors(self, theta: Array) -> Sequence[float]:
            return (float(abs(theta[0] - 0.5)),)

    options = replace(TIGHT, patience=1, judged_every=1)
    found = minimize(Judged(60), np.zeros(60), options)
    assert found.reason == "held-out"
    judged = found.state.history[:, 3]
    assert abs(found.theta[0] - 0.5) == judged.min() < judged[-1]


def test_limits() -> None:
    def ended(options: Options) -> Solution:
        return minimize(Valley(12), np.zeros(12), options)

    assert ended(replace(TIGHT, max_iterations=3)).reason == "iterations"
    assert ended(replace(TIGHT, deadline=Deadline(0.0))).reason == "time"
    assert not ended(replace(TIGHT, max_iterations=3)).converged


def test_a_limit_that_was_reached_holds_for_whoever_resumes() -> None:
    start, options = np.zeros(6), replace(TIGHT, max_iterations=7)
    found = minimize(Valley(6), start, options)
    for _ in range(3):
        again = minimize(Valley(6), start, options, resume=found.state)
        assert (again.reason, again.state.iteration) == ("iterations", 7)
        np.testing.assert_array_equal(again.theta, found.theta)
        found = again


def test_an_interruption_keeps_the_best() -> None:
    def interrupt(state: State) -> bool:
        if state.iteration == 20:
            raise KeyboardInterrupt
        return False

    found = minimize(Valley(12), np.zeros(12), TIGHT, callback=interrupt)
    assert found.reason == "interrupted"
    assert Valley(12).value_and_gradient(found.theta)[0] < Valley(12).value_and_gradient(np.zeros(12))[0]


def test_a_start_without_a_value_is_refused() -> None:
    with pytest.raises(FitError) as caught:
        minimize(Valley(3), np.array([np.nan, 0.0, 0.0]), TIGHT)
    assert caught.value.diagnostics[0].code == "not-finite-start"


def test_parameters_that_nothing_depends_on_stay() -> None:
    class Idle(Valley):
        def parts(self, x: Array) -> tuple[Array, Array]:
            r, jacobian = super().parts(x[:-1])
            return r, np.pad(jacobian, ((0, 0), (0, 1)))

    found = minimize(Idle(6), np.array([0.0, 0.0, 0.0, 0.0, 0.0, 7.0]), TIGHT)
    np.testing.assert_allclose(found.theta, [1, 1, 1, 1, 1, 7], atol=1e-5)


# --- potentials ----------------------------------------------------------------------------------


SPEC = "species Cu, Au\nE = nn(bessel(4), hidden = [4], rc = 4 Å) + pin zbl() + reference()"


def alloys(count: int, seed: int = 0) -> list[Structure]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        atoms: Atoms = bulk("Cu", "fcc", a=3.8, cubic=True).repeat((2, 1, 1))
        atoms.symbols = rng.choice(["Cu", "Au"], len(atoms))
        atoms.rattle(0.15, rng=rng)
        atoms.calc = EMT()
        found.append(labelled(atoms))
    return found


def labelled(atoms: Atoms) -> Structure:
    plain = from_atoms(atoms, "alloy")
    return replace(
        plain,
        energy=atoms.get_potential_energy(),
        forces=atoms.get_forces(),
        stress=atoms.get_stress(voigt=False),
    )


def test_gradient_and_curvature_are_those_of_the_residuals() -> None:
    potential = compile(SPEC)
    problem = StochasticProblem(potential, alloys(3), [], sigmas(), precision="float64")
    rng = np.random.default_rng(0)
    theta = potential.theta[problem.data.free] + 0.1 * rng.normal(size=len(problem.data.free))
    system = problem.data.linearize(theta, np.arange(len(theta)))
    loss, gradient = problem.value_and_gradient(theta)
    assert loss == pytest.approx(system.loss, rel=1e-10)
    scale = np.abs(system.gradient).max()
    np.testing.assert_allclose(gradient, system.gradient, atol=1e-9 * scale)
    found, exact = problem.curvature(theta, 0), system.matrix
    np.testing.assert_allclose(found, exact, atol=1e-5 * np.abs(exact).max())


def sigmas() -> object:
    from potentia.runtime.residuals.residuals import Sigmas

    return Sigmas(0.001, 0.1, 0.01)


def test_a_sample_is_that_of_its_cycle() -> None:
    potential = compile(SPEC)
    problem = StochasticProblem(potential, alloys(100), [], sigmas())  # four batches
    theta = potential.theta[problem.data.free]
    first, again, other = (problem.curvature(theta, cycle) for cycle in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0
    assert np.trace(other) == pytest.approx(np.trace(first), rel=0.5)


def test_a_network_is_trained_and_a_killed_training_goes_on(tmp_path: Path) -> None:
    potential, data = compile(SPEC), alloys(12)
    config = FitConfig(method="quasi-newton", max_iterations=60, precision="float64")
    whole = fit(potential, data, config, folder=tmp_path / "whole")
    assert whole.curve is not None
    start, end = whole.curve.rows[0], whole.curve.rows[-1]
    assert end[2] < 0.3 * start[2]
    cut = config.model_copy(update={"max_iterations": 40})
    fit(potential, data, cut, folder=tmp_path / "cut")
    again = fit(potential, data, config, folder=tmp_path / "cut", resume=True)
    np.testing.assert_array_equal(again.potential.theta, whole.potential.theta)


def test_by_default_a_network_of_many_parameters_is_trained_so() -> None:
    from potentia.runtime.fitting.fit import method_of

    wide = compile(SPEC.replace("[4]", "[40, 40]"))
    assert method_of(wide, FitConfig()).name == "quasi-newton"
    assert method_of(compile(SPEC), FitConfig()).name == "least-squares"
