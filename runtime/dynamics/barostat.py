"""Stochastic cell rescaling: the part of a time step that changes the cell.

Bernetti & Bussi, J. Chem. Phys. 153, 114107 (2020), doi 10.1063/5.0020514; of shapes, Del Tatto et al., Appl.
Sci. 12, 1139 (2022), doi 10.3390/app12031139. In the strains η of the cell along the directions S that may
change,

    dη = κ/(3τ) S[P − P0 + kT/V] dt + √(2 kT κ/(3 V τ)) dW_S        κ the compressibility, P the pressure now

positions and cell go with exp(η), momenta with exp(−η). In isotropic strain this is their equation of ln V.
kT/V stands for the momentum of the centre of mass, which is not simulated; then volumes are distributed as
those of N atoms, not of N − 1. The drift of exp(η) itself is within, as the noise falls with V.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Key


class Piston(NamedTuple):
    """Pressure, rate, temperature and random numbers of a barostat."""

    pressure: Float[Array, ""]  # from outside, eV/Å³
    rate: Float[Array, ""]  # compressibility over relaxation time, Å³/eV per time
    kT: Float[Array, ""]  # Boltzmann's constant times the temperature, eV
    key: Key[Array, ""]  # of this step's random numbers


def strain(
    kind: str, internal: Float[Array, "3 3"], volume: Float[Array, ""], dt: Float[Array, ""], piston: Piston
) -> Float[Array, "3 3"]:
    """η, symmetric, of one step. internal: the pressure tensor of now, eV/Å³."""
    excess = internal - (piston.pressure - piston.kT / volume) * jnp.eye(3)
    drift = piston.rate / 3 * dt * excess
    width = jnp.sqrt(2 * piston.kT * piston.rate * dt / (3 * volume))
    return _along(kind, drift) + width * _noise(kind, piston.key, internal.dtype)


def _along(kind: str, tensor: Float[Array, "3 3"]) -> Float[Array, "3 3"]:
    """The projection of a symmetric tensor on the strains that the cell may make."""
    if kind == "isotropic":
        return jnp.trace(tensor) / 3 * jnp.eye(3)
    if kind == "anisotropic":
        return jnp.diag(jnp.diag(tensor))
    return (tensor + tensor.T) / 2


def _noise(kind: str, key: Key[Array, ""], dtype: jnp.dtype) -> Float[Array, "3 3"]:
    """A normal number for each of an orthonormal set of these strains: 1, 3 or 6."""
    if kind == "isotropic":
        return jax.random.normal(key, (), dtype) / jnp.sqrt(3.0) * jnp.eye(3)
    square = jax.random.normal(key, (3, 3), dtype)
    if kind == "anisotropic":
        return jnp.diag(jnp.diag(square))
    return (square + square.T) / 2
