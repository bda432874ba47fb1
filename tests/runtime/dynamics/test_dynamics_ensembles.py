"""What thermostats and barostats sample, held against the canonical and the isobaric distributions."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase import units
from dynamics_cases import argon, settings, start
from potentia.runtime.dynamics import simulate
from potentia.runtime.dynamics.barostat import Piston, strain
from potentia.runtime.dynamics.thermostat import Bath, bussi, kinetic_energy, langevin, without_momentum
from scipy import stats

HEAT = units.kB * 300.0
MASSES = jnp.asarray([1.0, 7.0, 93.0, 16.0])
FREEDOM = 9  # four atoms without total momentum
Box = tuple[jax.Array, jax.Array, jax.Array]


@pytest.mark.parametrize("thermostat", [langevin, bussi])
@pytest.mark.parametrize("dt", [0.02, 0.5])
def test_a_thermostat_alone_samples_the_canonical_kinetic_energy(
    thermostat: Callable[..., jax.Array], dt: float
) -> None:
    """Free atoms: nothing but the thermostat, at any time step, from a start far from equilibrium."""

    def step(v: jax.Array, k: jax.Array) -> tuple[jax.Array, jax.Array]:
        bath = Bath(
            jnp.asarray(HEAT), jnp.asarray(1.0), jnp.asarray(float(FREEDOM)), jax.random.fold_in(key, k)
        )
        v = thermostat(v, MASSES, jnp.asarray(dt), bath)
        return v, kinetic_energy(v, MASSES)

    key = jax.random.key(3)
    first = without_momentum(jnp.asarray(np.random.default_rng(0).normal(0, 0.3, (3, 4))), MASSES)
    last, kinetic = jax.lax.scan(step, first, jnp.arange(40_000))
    apart = round(6 / dt)  # relaxation is as exp(−2t/tau) or faster: these are independent
    taken = np.asarray(kinetic)[10 * apart :: apart] / HEAT
    assert stats.kstest(taken, stats.gamma(FREEDOM / 2).cdf).pvalue > 1e-3
    assert np.abs(np.asarray(last @ MASSES)).max() < 1e-10


@pytest.mark.parametrize("kind", ["isotropic", "anisotropic", "full"])
def test_a_barostat_alone_samples_the_volume_of_an_ideal_gas(kind: str) -> None:
    """V^N exp(−PV/kT), as N atoms have it, though the momentum of their centre is not there.

    Many boxes a little while each: nothing holds the shape of a box of gas.
    """
    pressure, dt, key = 0.01, jnp.asarray(0.05), jax.random.key(5)

    def step(carry: Box, k: jax.Array) -> tuple[Box, jax.Array]:
        v, cell, own = carry
        keys = jax.random.split(jax.random.fold_in(own, k))
        bath = Bath(jnp.asarray(HEAT), jnp.asarray(0.2), jnp.asarray(float(FREEDOM)), keys[0])
        v = langevin(v, MASSES, dt, bath)
        volume = jnp.abs(jnp.linalg.det(cell))
        piston = Piston(jnp.asarray(pressure), jnp.asarray(0.3 / pressure), jnp.asarray(HEAT), keys[1])
        eta = strain(kind, (MASSES * v) @ v.T / volume, volume, dt, piston)
        stretch, shrink = (eye + e + e @ e / 2 + e @ e @ e / 6 for e in (eta, -eta))
        return (shrink @ v, cell @ stretch, own), volume

    def box(own: jax.Array) -> jax.Array:
        begin = (jnp.zeros((3, 4)), 2.5 * jnp.eye(3), own)
        return jax.lax.scan(step, begin, jnp.arange(600))[1][299::100]

    eye = jnp.eye(3)
    volumes = np.asarray(jax.jit(jax.vmap(box))(jax.random.split(key, 500)))
    taken = volumes[:, ::2].ravel() * pressure / HEAT
    assert stats.kstest(taken, stats.gamma(len(MASSES) + 1).cdf).pvalue > 1e-3


@pytest.mark.parametrize("thermostat", ["bussi", "langevin", "nose-hoover"])
def test_dynamics_samples_the_canonical_kinetic_energy(thermostat: str) -> None:
    given = settings(
        ensemble="nvt", thermostat=thermostat, temperature=60.0, steps=12_000, log_every=10, timestep=5.0
    )
    thermo = simulate(argon(), start(), given).thermo
    n_dof = 3 * 32 - 3
    taken = thermo["kinetic_eV"][100:] / (units.kB * 60.0)
    error = _error_of_mean(taken)
    assert abs(taken.mean() - n_dof / 2) < 4.5 * error < 2.5
    assert taken.var() == pytest.approx(n_dof / 2, rel=0.35)
    conserved = thermo["conserved_eV"]
    assert np.abs(conserved - conserved[0]).max() < 0.003


def _error_of_mean(values: np.ndarray) -> float:
    """From twenty blocks."""
    blocks = values[: len(values) // 20 * 20].reshape(20, -1).mean(axis=1)
    return float(blocks.std(ddof=1) / 20**0.5)


def test_the_mean_pressure_is_the_outer_one() -> None:
    """⟨P⟩ = P0 − kT/V, as the pressure of the atoms lacks the momentum of their centre."""
    given = settings(
        ensemble="npt",
        barostat="full",
        thermostat="langevin",
        temperature=30.0,
        pressure=0.2,
        bulk_modulus=3.0,
        tau_pressure=400.0,
        steps=8_000,
        log_every=10,
    )
    thermo = simulate(argon(), start(), given).thermo
    pressure = thermo["pressure_GPa"][200:]
    less = units.kB * 30.0 / thermo["volume_A3"].mean() / units.GPa
    error = _error_of_mean(pressure)
    assert abs(pressure.mean() - (0.2 - less)) < 4.5 * error < 0.03
    conserved = thermo["conserved_eV"]
    assert np.abs(conserved - conserved[0]).max() < 0.01
    assert np.ptp(thermo["cell_bx"]) > 0


def test_a_ramp_moves_the_temperature() -> None:
    given = settings(
        ensemble="nvt",
        thermostat="langevin",
        temperature=20.0,
        temperature_end=60.0,
        tau=40.0,
        steps=6000,
    )
    found = simulate(argon(), start(), given).thermo["temperature_K"][20:]
    parts = [part.mean() for part in np.array_split(found, 4)]
    assert parts == pytest.approx([25.0, 35.0, 45.0, 55.0], abs=4.0)


def test_random_numbers_come_from_seed_and_step() -> None:
    def end(**given: object) -> np.ndarray:
        wanted = settings(ensemble="nvt", temperature=60.0, **given)
        return simulate(argon(), start(), wanted).structure.positions

    assert np.array_equal(end(seed=1), end(seed=1))
    assert np.abs(end(seed=1) - end(seed=2)).max() > 1e-3
    # the log cuts the steps into other calls, and the lists are made at other times
    assert np.abs(end(seed=1) - end(seed=1, log_every=7)).max() < 1e-9
