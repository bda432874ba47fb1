"""Real solid harmonics of a direction and their slopes, as the passes write them out in the IR."""

from __future__ import annotations

import jax.numpy as jnp

from ...ir.harmonics import legendre_coefficients
from .arrays import Array


def harmonics(degree: int, x: Array, y: Array, z: Array) -> list[Array]:
    """Y_lm of l = 0…degree, m = −l…l."""
    waves = _waves(degree, x, y)
    return [
        _polynomial(legendre_coefficients(l, abs(m)), z) * waves[abs(m)][m < 0]
        for l in range(degree + 1)  # noqa: E741
        for m in range(-l, l + 1)
    ]


def harmonic_slopes(degree: int, x: Array, y: Array, z: Array) -> list[list[Array]]:
    """∂/∂x, ∂/∂y, ∂/∂z of each: d(x + iy)^m = m (x + iy)^(m−1) (dx + i dy)."""
    waves, slopes = [(x * 0.0, x * 0.0), *_waves(degree, x, y)], []
    for l in range(degree + 1):  # noqa: E741
        for m in range(-l, l + 1):
            order = abs(m)
            part, steeper = (_polynomial(legendre_coefficients(l, order, k), z) for k in (0, 1))
            re, im = (order * part * w for w in waves[order])
            along = [re, -im] if m >= 0 else [im, re]
            slopes.append([*along, steeper * waves[order + 1][m < 0]])
    return slopes


def _waves(degree: int, x: Array, y: Array) -> list[tuple[Array, Array]]:
    """Re and Im of (x + iy)^m, m = 0…degree."""
    waves = [(jnp.ones_like(x), jnp.zeros_like(x))]
    for _ in range(degree):
        a, b = waves[-1]
        waves.append((x * a - y * b, x * b + y * a))
    return waves


def _polynomial(coefficients: list[float], z: Array) -> Array:
    """Σ c_k z^k"""
    total = jnp.zeros_like(z)
    for c in coefficients[::-1]:
        total = total * z + c
    return total
