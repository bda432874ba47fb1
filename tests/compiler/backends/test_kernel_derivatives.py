"""The derivatives of the IR against automatic and finite ones, and single precision against double."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registry import (
    SPECIES,
    Evaluator,
    Variant,
    assert_close,
    defaults,
    evaluator,
    random_theta,
    reach,
    structures,
)

FEW = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
SEEDS = st.integers(0, 2**20)
by_default = pytest.mark.parametrize("variant", defaults(), ids=lambda v: v.name)


@by_default
@FEW
@given(seed=SEEDS)
def test_single_precision_is_as_good_as_its_numbers(variant: Variant, seed: int) -> None:
    """f32 carries 6e-8; sums, differences of large terms and steep cores cost two to three digits."""
    text = variant.spec()
    run, short = evaluator(text), evaluator(text, "float32")
    theta, zoo = random_theta(run.model, seed), structures(SPECIES[:2], reach(run.model), seed)
    for got, want in zip(short(theta, zoo), run(theta, zoo), strict=True):
        # forces that cancel by symmetry are left with the rounding of their parts
        assert_close(got, want, 1e-4, atol=3e-6 * float(np.abs(want.site_energy).max()))


# --- derivatives -------------------------------------------------------------------------------


def strained(arrays: Any, positions: Any, strain: Any) -> Any:
    """The batch with other positions, and the space of each structure strained by its own (3, 3)."""
    import jax.numpy as jnp

    def turn(vectors: Any, owner: Any) -> Any:
        return vectors + jnp.einsum("...ab,b...->a...", strain[owner], vectors)

    lists = []
    for near in arrays.lists:
        centre = arrays.structure[near.i] if hasattr(near, "i") else arrays.structure[:, None]
        owner = jnp.broadcast_to(centre, near.j.shape)
        lists.append(near._replace(shift=turn(near.shift, owner)))
    return arrays._replace(positions=turn(positions, arrays.structure), lists=tuple(lists))


@by_default
def test_forces_and_virial_are_those_of_automatic_differentiation(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """jax differentiates the kernel of the site energy alone, which knows no derivative of ours.

    r_jk where j is k, which a mask drops, is the root of a rounding error: its derivative is made 0 here.
    """
    import jax
    import jax.numpy as jnp
    from potentia.compiler.backends.xla.rules import elementary

    def power_of_positive(x: Any, power: Callable[[Any], Any]) -> Any:
        return jnp.where(x <= 0, 0.0, power(jnp.where(x <= 0, 1.0, x)))

    monkeypatch.setattr(elementary, "_fractional", power_of_positive)
    run = evaluator(variant.spec())
    theta, zoo = random_theta(run.model, 11), structures(SPECIES[:2], reach(run.model), 11)
    energies = {k: run.model.outputs[k] for k in ("energy", "site_energy")}
    plain = Evaluator(run.model.with_outputs(energies))
    arrays = plain.arrays(zoo)

    def energy(positions: Any, strain: Any) -> Any:
        return plain.kernel.outputs(jnp.asarray(theta), strained(arrays, positions, strain))["energy"].sum()

    flat = jnp.zeros((len(arrays.slots), 3, 3))
    slope, virial = jax.jit(jax.grad(energy, argnums=(0, 1)))(arrays.positions, flat)
    first = 0
    for k, (atoms, got) in enumerate(zip(zoo, run(theta, zoo), strict=True)):
        forces = -np.asarray(slope)[:, first : first + len(atoms)].T
        want = dataclasses.replace(got, forces=forces, virial=np.asarray(virial[k]))
        assert_close(got, want, 1e-10)
        first += len(atoms)


@by_default
def test_forces_are_the_slope_of_the_energy(variant: Variant) -> None:
    run = evaluator(variant.spec())
    theta, zoo = random_theta(run.model, 13), structures(SPECIES[:2], reach(run.model), 13)
    arrays = run.arrays(zoo)
    way = np.random.default_rng(0).normal(size=arrays.positions.shape) * np.asarray(arrays.real)
    step = 1e-5

    def at(amount: float) -> np.ndarray:
        return np.asarray(
            run.kernel(theta, arrays._replace(positions=arrays.positions + amount * way)).energy
        )

    work = -np.asarray(run.kernel(theta, arrays).forces) * way
    want = np.bincount(np.asarray(arrays.structure), work.sum(0), len(arrays.slots))
    slope = (at(step) - at(-step)) / (2 * step)
    np.testing.assert_allclose(slope, want, rtol=2e-6, atol=2e-7 * max(1.0, np.abs(want).max()))


@by_default
def test_slopes_in_the_parameters_are_those_of_finite_differences(variant: Variant) -> None:
    """Of energies, forces and virials at once: what a fit by forward mode rests on."""
    import jax
    import jax.numpy as jnp

    run = evaluator(variant.spec())
    theta, zoo = random_theta(run.model, 17), structures(SPECIES[:2], reach(run.model), 17)
    arrays = run.arrays(zoo)
    way = np.random.default_rng(1).uniform(-1, 1, theta.shape) * np.where(theta == 0, 0.05, np.abs(theta))
    step = 1e-5

    def at(amount: float) -> Any:
        return run.kernel(theta + amount * way, arrays)

    slope = jax.jit(lambda t, w: jax.jvp(lambda x: run.kernel.predict(x, arrays), (t,), (w,))[1])
    for got, high, low in zip(slope(jnp.asarray(theta), jnp.asarray(way)), at(step), at(-step), strict=True):
        want = (np.asarray(high) - np.asarray(low)) / (2 * step)
        scale = max(1e-3, float(np.abs(want).max(initial=0.0)))
        np.testing.assert_allclose(np.asarray(got), want, rtol=0, atol=1e-6 * scale)
