"""Trainings by the gradient: which parameters they keep, and data without a weight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from potentia.compiler.diagnostics.diagnostic import FitError
from potentia.runtime.fitting.fit import fit
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.residuals.config import FitConfig, WeightsConfig
from potentia.runtime.residuals.residuals import Residuals, Sigmas
from potentia.runtime.structures.structure import Structure, from_atoms

TRUTH = compile("species Cu\nE = morse(rc = 4 Å, D = 0.45 eV, a = 1.4 /Å, r0 = 2.7 Å)")


@pytest.fixture(scope="module")
def data() -> list[Structure]:
    found = []
    for k in range(6):
        atoms = bulk("Cu", "fcc", a=3.8, cubic=True)
        atoms.rattle(0.1, seed=k)
        found.append(from_atoms(atoms, f"copper {k}"))
    labels = TRUTH.predict(found)
    return [
        replace(s, energy=p.energy, forces=p.forces, stress=p.stress)
        for s, p in zip(found, labels, strict=True)
    ]


def loss(potential: Potential, data: list[Structure]) -> float:
    problem = Residuals(potential, data, Sigmas.of(WeightsConfig.model_validate({})))
    return problem.loss(potential.theta[potential.free])


def test_first_order_is_never_worse_than_its_start(data: list[Structure]) -> None:
    """The start is the minimum; the mean loss of an epoch is that of the parameters before its steps."""
    config = FitConfig(method="first-order", max_iterations=3, precision="float64")
    found = fit(TRUTH, data, config)
    assert loss(found.potential, data) == pytest.approx(found.loss)
    np.testing.assert_array_equal(found.potential.theta[1:], TRUTH.theta[1:])  # D is solved for
    away = TRUTH.with_theta(TRUTH.theta * 1.02)
    longer = config.model_copy(update={"max_iterations": 40})
    assert fit(away, data, longer).loss < loss(away, data)


@pytest.mark.parametrize("method", ["least-squares", "quasi-newton", "first-order"])
def test_structures_that_all_have_the_weight_0_are_refused(method: str, data: list[Structure]) -> None:
    with pytest.raises(FitError, match="every structure to train on has the weight 0"):
        fit(TRUTH, [replace(s, weight=0.0) for s in data], FitConfig(method=method))


def test_quasi_newton_is_judged_by_structures_with_a_weight(data: list[Structure]) -> None:
    """By others every parameters are as good as the first."""
    away = TRUTH.with_theta(TRUTH.theta * 1.02)
    weights = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    shared = [replace(s, weight=w) for s, w in zip(data, weights.tolist(), strict=True)]
    config = FitConfig(method="quasi-newton", max_iterations=20, held_out=0.4, precision="float64")
    for seed in range(3):
        found = fit(away, shared, config.model_copy(update={"seed": seed}))
        assert loss(found.potential, shared) < 0.1 * loss(away, shared)
