"""Elementwise and feature operations in jax, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc

from ...ir.graph import Node
from .trigonometry import cosine, sine

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
    "sin": lambda n, a: sine(a),
    "cos": lambda n, a: cosine(a),
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


# Sums of up to so many products are written out: XLA's CPU code is slow on sums over an axis that is not the
# last, 647 ms against 61 for what a fit of three-body terms does most (benchmarks/bench_layout.py).
_WRITTEN_OUT = 40
# On atoms, of which there are few, larger ones go to a product of matrices: less to compile.
_MOST_PRODUCTS = {"site": 16, "pair": 400, "edge": 400, "triple": 400}

Ranked = Callable[[Array, Node, Node], Array]


def contracted(
    letters: list[str], out: str, values: Sequence[Any], node: Node, ranked: Ranked, in_rows: bool
) -> Array | list[Array] | None:
    """An einsum on atoms or neighbours as written-out sums of products: a row for each component, or one
    array.

    None where there would be too many products: that is then the work of `matrix_product`.
    """
    sizes = {
        c: n for s, a in zip(letters, node.args, strict=True) for c, n in zip(s, a.kind.shape, strict=True)
    }
    summed = sorted(set("".join(letters)) - set(out))
    free = out if in_rows else ""
    terms = list(product(*(range(sizes[c]) for c in summed)))
    rows = list(product(*(range(sizes[c]) for c in free)))
    most = _MOST_PRODUCTS.get(node.kind.domain.name, 0)
    if len(terms) > _WRITTEN_OUT or len(terms) * len(rows) > most:
        return None
    found = []
    for row in rows:
        total: Any = None
        for term in terms:
            at = dict(zip((*free, *summed), (*row, *term), strict=True))
            parts = [
                _slice(v, a, s, at, "" if in_rows else out, node, ranked)
                for v, a, s in zip(values, node.args, letters, strict=True)
            ]
            made = reduce(jnp.multiply, parts)
            total = made if total is None else total + made
        found.append(total)
    return found if in_rows else found[0]


def _slice(
    value: Any, argument: Node, letters: str, at: dict[str, int], out: str, node: Node, ranked: Ranked
) -> Array:
    """An argument at given places of its axes; the axes that are left stand where `out` has them."""
    if isinstance(value, tuple):
        if letters in at:
            return ranked(value[at[letters]], argument, node)
        value = jnp.stack(jnp.broadcast_arrays(*value))
    value = ranked(value, argument, node)
    rank = value.ndim - len(letters)
    picked = value[tuple(at[c] if c in at else slice(None) for c in letters)]
    left = [c for c in letters if c not in at]
    order = [left.index(c) for c in out if c in left]
    picked = jnp.transpose(picked, order + list(range(len(left), len(left) + rank)))
    return jnp.expand_dims(picked, [k for k, c in enumerate(out) if c not in left])


def matrix_product(letters: list[str], out: str, args: Sequence[Array]) -> Array:
    """An einsum by jax's own; structural axes are batches, and those of length one are left out of an
    argument.
    """
    rank = max(a.ndim - len(s) for s, a in zip(letters, args, strict=True))
    structure = "XYZ"[:rank]
    specs, kept = [], []
    for s, a in zip(letters, args, strict=True):
        wide = [k for k in range(a.ndim - len(s)) if a.shape[len(s) + k] > 1]
        specs.append(s + "".join(structure[k] for k in wide))
        kept.append(a.reshape(a.shape[: len(s)] + tuple(a.shape[len(s) + k] for k in wide)))
    present = "".join(c for c in structure if any(c in s for s in specs))
    result = jnp.einsum(f"{','.join(specs)}->{out}{present}", *kept)
    return jnp.expand_dims(result, [len(out) + k for k, c in enumerate(structure) if c not in present])


def chained(first: Array, second: Array, factor: Array, n: int) -> list[Array]:
    """f_0, f_1, f_k = factor·f_{k−1} − f_{k−2}; n of them."""
    rows = [first, second]
    for _ in range(n - 2):
        rows.append(factor * rows[-1] - rows[-2])
    return rows[:n]
