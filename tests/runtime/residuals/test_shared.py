"""Residuals that are shared out: the same as those of one process, for any number of processes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import potentia
import pytest
from ase.build import bulk
from potentia.runtime.fitting.fit import fit
from potentia.runtime.information.cross_validation import quadratic_model_and_errors
from potentia.runtime.ranks.team import Team
from potentia.runtime.residuals.config import FitConfig
from potentia.runtime.residuals.outputs import outputs_of
from potentia.runtime.residuals.residuals import Residuals, Sigmas
from potentia.runtime.residuals.shared import cost, residuals_on, shares
from potentia.runtime.residuals.stochastic import StochasticProblem
from potentia.runtime.structures.structure import Structure, from_atoms
from threads_team import team_of

SPEC = "species Nb\nE = morse(D = 0.5 eV, a = 1.4, r0 = 2.8 Å, rc = 4.5 Å) + pair(bessel(2), rc = 4 Å)"


@cache
def potential() -> potentia.Potential:
    return potentia.compile(SPEC)


@cache
def structures() -> tuple[Structure, ...]:
    """Sixteen of 2 to 16 atoms, of several weights, labelled by other parameters."""
    truth = potential().with_theta(1.1 * potential().theta + 0.01)
    found = []
    for k in range(16):
        atoms = bulk("Nb", "bcc", a=3.1 + 0.02 * k, cubic=True).repeat((1, 1, 1 + k % 3))
        atoms.rattle(0.15, seed=k)
        bare = from_atoms(atoms, f"{k}")
        (p,) = truth.predict([bare])
        noise = np.random.default_rng(k).normal(size=p.forces.shape)
        weight = 1.0 + k % 2
        made = replace(bare, energy=p.energy, forces=p.forces + 0.02 * noise, stress=p.stress, weight=weight)
        found.append(made)
    return tuple(found)


def problem(team: Team) -> Residuals:
    outputs = outputs_of(potential(), "cpp")
    return residuals_on(team, potential(), structures(), Sigmas(1e-3, 0.1, 0.01), 1000.0, None, outputs)


def test_shares_are_of_like_cost_and_all() -> None:
    parts = shares(structures(), 3)
    assert sorted(np.concatenate(parts).tolist()) == list(range(16))
    loads = [sum(cost(structures()[k]) for k in part) for part in parts]
    assert max(loads) < 1.2 * min(loads)
    assert [len(part) for part in shares(structures()[:2], 4)] == [1, 1, 0, 0]


@pytest.mark.parametrize("size", [2, 3, 20])
def test_the_system_is_that_of_one_process(size: int) -> None:
    """Of 20 processes some have no structure."""
    alone = problem(Team())
    theta, columns = potential().theta[alone.free], np.arange(len(alone.free))
    want = alone.linearize(theta, columns)
    with team_of(size) as team:
        shared = problem(team)
        got, loss = shared.linearize(theta, columns), shared.loss(theta)
    assert (got.n_rows, got.finite, shared.names) == (want.n_rows, True, alone.names)
    scale = np.abs(want.matrix).max()
    np.testing.assert_allclose(got.matrix, want.matrix, rtol=0, atol=1e-13 * scale)
    np.testing.assert_allclose(got.gradient, want.gradient, rtol=0, atol=1e-12 * np.abs(want.gradient).max())
    assert got.loss == pytest.approx(want.loss, rel=1e-12)
    assert loss == pytest.approx(alone.loss(theta), rel=1e-13)


def test_what_is_not_finite_is_known_to_all() -> None:
    alone = problem(Team())
    wrong = np.full(len(alone.free), np.nan)
    with team_of(2) as team:
        assert not problem(team).linearize(wrong, np.arange(2)).finite


def test_a_fit_is_that_of_one_process() -> None:
    config = FitConfig(tolerance=1e-9)
    want = fit(potential(), structures(), config)
    with team_of(3) as team:
        got = fit(potential(), structures(), config, team=team)
    assert got.reason == want.reason
    np.testing.assert_allclose(got.potential.theta, want.potential.theta, rtol=1e-10)
    assert got.loss == pytest.approx(want.loss, rel=1e-10)


def test_information_and_held_out_errors_are_those_of_one_process() -> None:
    want, errors = quadratic_model_and_errors(potential(), structures(), FitConfig())
    with team_of(2) as team:
        got, shared = quadratic_model_and_errors(potential(), structures(), FitConfig(), None, team)
    np.testing.assert_allclose(got.covariance, want.covariance, rtol=1e-8)
    for name in errors:  # in another order
        np.testing.assert_allclose(
            np.sort(shared[name].error), np.sort(errors[name].error), rtol=1e-8, atol=1e-12
        )
        np.testing.assert_allclose(np.sort(shared[name].raw), np.sort(errors[name].raw), rtol=1e-8)


def test_a_training_sees_one_loss() -> None:
    """The loss, its gradient, the errors; the metric is that of other batches."""
    model = potentia.compile("species Nb\nE = pair(bessel(2), rc = 4 Å)")
    equal = structures()[::3]  # one shape of batches
    given = model, equal[:4], equal[4:], Sigmas(1e-3, 0.1, 0.01), 1000.0, "float64"
    alone = StochasticProblem(*given)
    theta = model.theta[alone.data.free] + 0.1
    loss, gradient = alone.value_and_gradient(theta)
    with team_of(2) as team:
        shared = StochasticProblem(*given, team=team)
        other, same = shared.value_and_gradient(theta)
        np.testing.assert_allclose(shared.errors(theta), alone.errors(theta), rtol=1e-11)
        curvature = shared.curvature(theta, 0)
    assert other == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(same, gradient, rtol=1e-10, atol=1e-12 * np.abs(gradient).max())
    np.testing.assert_allclose(curvature, alone.curvature(theta, 0), rtol=1e-4)


def test_a_checkpoint_of_another_number_of_processes(tmp_path: Path) -> None:
    config = FitConfig(tolerance=1e-9)
    short = config.model_copy(update={"max_iterations": 2})
    want = fit(potential(), structures(), config)
    with team_of(2) as team:
        fit(potential(), structures(), short, folder=tmp_path / "run", team=team)
    got = fit(potential(), structures(), config, folder=tmp_path / "run", resume=True)
    np.testing.assert_allclose(got.potential.theta, want.potential.theta, rtol=1e-9)
