"""Elementwise and feature operations in jax, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc

from ..ir import Node

Array = jax.Array


def _fractional(x: Array, power: Callable[[Array], Array]) -> Array:
    """x^p, 0 at 0, with no infinity on the way that a derivative could meet."""
    zero = x == 0
    return jnp.where(zero, 0.0, power(jnp.where(zero, 1.0, x)))


def _pow(node: Node, x: Array) -> Array:
    p = node["exponent"]
    if p == int(p):
        return 1.0 / x if p == -1 else jax.lax.integer_pow(x, int(p))
    if p == 0.5:
        return _fractional(x, jnp.sqrt)
    if p == -0.5:  # 1/sqrt is faster than rsqrt on CPUs
        return _fractional(x, lambda y: 1.0 / jnp.sqrt(y))
    return _fractional(x, lambda y: y**p)


ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "add": lambda n, a, b: a + b,
    "mul": lambda n, a, b: a * b,
    "neg": lambda n, a: -a,
    "exp": lambda n, a: jnp.exp(a),
    "log": lambda n, a: jnp.log(a),
    "erfc": lambda n, a: erfc(a),
    "sin": lambda n, a: jnp.sin(a),
    "cos": lambda n, a: jnp.cos(a),
    "tanh": lambda n, a: jnp.tanh(a),
    "abs": lambda n, a: jnp.abs(a),
    "sign": lambda n, a: jnp.sign(a),
    "step": lambda n, a: (a > 0).astype(a.dtype),
    "pow": _pow,
    "power": lambda n, a, b: _fractional(a, lambda x: x**b),
    "max": lambda n, a, b: jnp.maximum(a, b),
    "min": lambda n, a, b: jnp.minimum(a, b),
    "select": lambda n, c, a, b: jnp.where(c > 0, a, b),
}


def _einsum(node: Node, *args: Array) -> Array:
    """Few terms are written out, one loop over the structural axes; what is a large product of matrices goes to dot."""
    spec = node["spec"]
    ins, out = spec.split("->")
    letters = ins.split(",")
    rank = args[0].ndim - len(letters[0])
    if rank == 0:
        return jnp.einsum(spec, *args)
    summed = sorted(set("".join(letters)) - set(out))
    order = out + "".join(summed)
    total: Any = None
    for letters_of, arg in zip(letters, args, strict=True):
        placed = _placed(arg, letters_of, order)
        total = placed if total is None else total * placed
    axes = tuple(range(len(out), len(order)))
    return total.sum(axes) if axes else total  # type: ignore[no-any-return]


def _placed(arg: Array, letters: str, order: str) -> Array:
    """Feature axes moved to their places in `order`, with length one where missing."""
    present = [c for c in order if c in letters]
    moved = jnp.transpose(arg, [letters.index(c) for c in present] + list(range(len(letters), arg.ndim)))
    shape, axis = [], 0
    for c in order:
        shape.append(moved.shape[axis] if c in letters else 1)
        axis += c in letters
    return moved.reshape(*shape, *moved.shape[len(letters) :])


def _put(node: Node, a: Array) -> Array:
    indices = node["indices"]
    if indices == tuple(range(indices[0], indices[0] + len(indices))):
        widths = [(indices[0], node["size"] - indices[-1] - 1)] + [(0, 0)] * (a.ndim - 1)
        return jnp.pad(a, widths)
    return jnp.zeros((node["size"], *a.shape[1:]), a.dtype).at[jnp.asarray(indices)].add(a)


def _chain(node: Node, *args: Array) -> Array:
    first, second, factor = jnp.broadcast_arrays(*args)
    rows = [first, second]
    for _ in range(node["n"] - 2):
        rows.append(factor * rows[-1] - rows[-2])
    return jnp.stack(rows[: node["n"]])


FEATURES: dict[str, Callable[..., Array]] = {
    "einsum": _einsum,
    "take": lambda n, a: a[jnp.asarray(n["indices"])],
    "put": _put,
    "stack": lambda n, *args: jnp.stack(jnp.broadcast_arrays(*args)),
    "reshape": lambda n, a: a.reshape(n["shape"] + a.shape[len(n.args[0].kind.shape) :]),
    "chain": _chain,
}
