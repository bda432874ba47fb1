"""Thermostats: the part of a time step that changes velocities alone.

Each takes velocities (3, N) without total momentum and returns them so, with the energy that the bath gave.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Key

CHAIN = 3  # thermostats of a Nosé–Hoover chain
# weights of Suzuki and Yoshida, fourth order: with one step of the full length stiff chains drift
_WEIGHTS = (1 / (2 - 2 ** (1 / 3)), 1 - 2 / (2 - 2 ** (1 / 3)), 1 / (2 - 2 ** (1 / 3)))


class Bath(NamedTuple):
    """Temperature, relaxation time and random numbers of a thermostat."""

    kT: Float[Array, ""]  # Boltzmann's constant times the temperature, eV
    tau: Float[Array, ""]  # relaxation time, ASE's unit
    n_dof: Float[Array, ""]  # degrees of freedom
    key: Key[Array, ""]  # of this step's random numbers


def kinetic_energy(v: Float[Array, "3 N"], masses: Float[Array, " N"]) -> Float[Array, ""]:
    """Σ m v²/2, eV."""
    return 0.5 * (masses * v * v).sum()


def without_momentum(
    v: Float[Array, "3 N"], masses: Float[Array, " N"], frozen: Bool[Array, "3 N"] | None = None
) -> Float[Array, "3 N"]:
    """v in the frame of the centre of mass, as far as nothing is frozen."""
    if frozen is None:
        return v - (v @ masses)[:, None] / masses.sum()
    return without_drift(v, jnp.ones_like(masses) / masses.sum(), v @ masses, frozen)


def without_drift(
    rows: Float[Array, "3 N"],
    shares: Float[Array, " N"],
    total: Float[Array, " 3"],
    frozen: Bool[Array, "3 N"] | None,
) -> Float[Array, "3 N"]:
    """Velocities or forces without the share of each atom in a total.

    frozen: coordinates that have no velocity and no force; along a direction that has one no total is taken.
    """
    if frozen is None:
        return rows - shares * total[:, None]
    kept = jnp.where(frozen.any(1), 0.0, total)
    return jnp.where(frozen, 0.0, rows - shares * kept[:, None])


def langevin(
    v: Float[Array, "3 N"],
    masses: Float[Array, " N"],
    dt: Float[Array, ""],
    bath: Bath,
    frozen: Bool[Array, "3 N"] | None = None,
) -> Float[Array, "3 N"]:
    """The Ornstein–Uhlenbeck process of friction 1/tau, exact, of the motion relative to the centre of mass.

    v ← c v + √((1 − c²) kT/m) ξ with c = exp(−dt/tau); both terms are projected, which leaves the canonical
    distribution of what remains, as the projection is orthogonal in √m v.
    """
    c = jnp.exp(-dt / bath.tau)
    noise = jax.random.normal(bath.key, v.shape, v.dtype)
    return without_momentum(c * v + jnp.sqrt((1 - c * c) * bath.kT / masses) * noise, masses, frozen)


def bussi(
    v: Float[Array, "3 N"], masses: Float[Array, " N"], dt: Float[Array, ""], bath: Bath
) -> Float[Array, "3 N"]:
    """Stochastic velocity rescaling (Bussi, Donadio & Parrinello, doi 10.1063/1.2408420, eq. A7)."""
    c = jnp.exp(-dt / bath.tau)
    first, rest = jax.random.split(bath.key)
    one = jax.random.normal(first, (), v.dtype)
    others = 2.0 * jax.random.gamma(rest, (bath.n_dof - 1) / 2, dtype=v.dtype)  # Σ of n_dof − 1 squares
    kinetic = kinetic_energy(v, masses)
    target = bath.kT / (2 * jnp.where(kinetic > 0, kinetic, 1.0))  # K̄/(N_f K); atoms at rest stay so
    scale = c + (1 - c) * target * (one * one + others) + 2 * one * jnp.sqrt(c * (1 - c) * target)
    return v * jnp.sqrt(scale)


def nose_hoover(
    v: Float[Array, "3 N"],
    masses: Float[Array, " N"],
    dt: Float[Array, ""],
    bath: Bath,
    speeds: Float[Array, " chain"],
) -> tuple[Float[Array, "3 N"], Float[Array, " chain"]]:
    """A chain of Nosé and Hoover (Martyna, Klein & Tuckerman, doi 10.1063/1.463940), reversible.

    speeds: rates of the CHAIN thermostats, 1/time. Returns velocities and speeds.
    """
    inertia = bath.kT * bath.tau**2 * jnp.ones(CHAIN).at[0].set(bath.n_dof)
    double = 2 * kinetic_energy(v, masses)
    scale = jnp.ones((), v.dtype)
    for weight in _WEIGHTS:
        part = weight * dt
        speeds = _chain_kick(speeds, double * scale * scale, part / 2, inertia, bath)
        scale = scale * jnp.exp(-part * speeds[0])
        speeds = _chain_kick(speeds, double * scale * scale, part / 2, inertia, bath, inward=False)
    return v * scale, speeds


def _chain_kick(
    speeds: Float[Array, " chain"],
    double: Float[Array, ""],
    half: Float[Array, ""],
    inertia: Float[Array, " chain"],
    bath: Bath,
    inward: bool = True,
) -> Float[Array, " chain"]:
    """Half a step of the chain's own motion: from its end inward, or back."""
    order = range(CHAIN - 1, -1, -1) if inward else range(CHAIN)
    for k in order:
        if k == 0:
            force = (double - bath.n_dof * bath.kT) / inertia[0]
        else:
            force = (inertia[k - 1] * speeds[k - 1] ** 2 - bath.kT) / inertia[k]
        drag = jnp.exp(-half / 2 * speeds[k + 1]) if k + 1 < CHAIN else jnp.ones(())
        speeds = speeds.at[k].set((speeds[k] * drag + half * force) * drag)
    return speeds
