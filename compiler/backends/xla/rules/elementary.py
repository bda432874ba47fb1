"""Elementwise operations."""

from __future__ import annotations

import operator
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc

from ....ir import ops
from ..arrays import Array
from ..interpreter import pointwise
from ..trigonometry import cosine, sine

pointwise(ops.add)(operator.add)
pointwise(ops.mul)(operator.mul)
pointwise(ops.neg)(operator.neg)
pointwise(ops.exp)(jnp.exp)
pointwise(ops.log)(jnp.log)
pointwise(ops.erfc)(erfc)
pointwise(ops.sin)(sine)
pointwise(ops.cos)(cosine)
pointwise(ops.tanh)(jnp.tanh)
pointwise(ops.abs)(jnp.abs)
pointwise(ops.sign)(jnp.sign)
pointwise(ops.max)(jnp.maximum)
pointwise(ops.min)(jnp.minimum)
pointwise(ops.step)(lambda x: (x > 0).astype(x.dtype))
pointwise(ops.select)(lambda c, a, b: jnp.where(c > 0, a, b))


@pointwise(ops.pow)
def _(x: Array, exponent: float) -> Array:
    if exponent == int(exponent):
        return 1.0 / x if exponent == -1 else jax.lax.integer_pow(x, int(exponent))
    if exponent == 0.5:
        return _fractional(x, jnp.sqrt)
    if exponent == -0.5:  # 1/sqrt is faster than rsqrt on CPUs
        return _fractional(x, lambda y: 1.0 / jnp.sqrt(y))
    return _fractional(x, lambda y: y**exponent)


@pointwise(ops.power)
def _(x: Array, exponent: Array) -> Array:
    return _fractional(x, lambda y: y**exponent)


def _fractional(x: Array, power: Callable[[Array], Array]) -> Array:
    """x^p, 0 at 0, with no infinity on the way that a derivative could meet."""
    zero = x == 0
    return jnp.where(zero, 0.0, power(jnp.where(zero, 1.0, x)))
