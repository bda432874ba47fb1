"""The derivative along a direction in the parameters, against differences of the model itself."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from potentia.compiler import pipeline
from potentia.compiler.ir.verify import verify
from registry import (
    SPECIES,
    Labels,
    Variant,
    by_reference,
    compiled,
    defaults,
    random_theta,
    reach,
    structures,
)

STEP = 1e-4


def labels(found: Labels) -> np.ndarray:
    return np.concatenate([[found.energy], found.forces.ravel(), found.virial.ravel()])


@pytest.mark.parametrize("variant", defaults(), ids=lambda v: v.name)
def test_it_is_the_difference_along_the_direction(variant: Variant) -> None:
    """Both sides by the reference: forces and virial of the derivative are derivatives of both."""
    model = compiled(variant.spec(), optimized=False)
    slope, _ = pipeline.along(model)
    verify(slope)
    theta = random_theta(model, 5)
    direction = np.random.default_rng(5).uniform(-1.0, 1.0, len(theta))
    direction *= np.where(theta == 0, 0.1, np.abs(theta))
    direction *= model.vector.free  # others may be exponents that are whole

    def at(atoms: Atoms, step: float) -> np.ndarray:
        return labels(by_reference(model, theta + step * direction, atoms))

    for atoms in structures(SPECIES[:2], reach(model), 19)[1::3]:
        got = labels(by_reference(slope, np.concatenate([theta, direction]), atoms))
        # the error of a difference goes with h²: two of them take it off
        far, near = ((at(atoms, h) - at(atoms, -h)) / (2 * h) for h in (STEP, STEP / 2))
        want = (4 * near - far) / 3
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-8 * (1.0 + np.abs(want).max()))


def test_an_energy_without_parameters_has_no_slope() -> None:
    model = compiled("species Nb\nE = zbl(Nb)", optimized=False)
    slope, _ = pipeline.along(model)
    atoms = structures(("Nb",), 2.0, 1)[5]
    found = by_reference(slope, np.ones(2 * len(model.vector)), atoms)
    assert found.energy == 0.0 and not found.forces.any()
