"""Contractions in jax: written out product by product, or as products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from typing import Any

import jax
import jax.numpy as jnp

from ...ir.contraction import Contraction, places
from ...ir.graph import Node
from .arrays import Array, Rows, Value, einsum, ranked, together


def written_out(
    contraction: Contraction, values: Sequence[Value], node: Node, in_rows: bool
) -> Array | list[Array]:
    """Sums of products on atoms or neighbours: a row for each component, or one array."""
    sizes = contraction.sizes(a.kind.shape for a in node.args)
    free, out = (contraction.output, "") if in_rows else ("", contraction.output)
    letters = contraction.inputs

    @cache
    def part(k: int, at: tuple[int | None, ...]) -> Array:
        return _part(values[k], node.args[k], letters[k], at, out, node)

    found = []
    for row in places(free, sizes):
        total: Any = None
        for term in places(contraction.summed, sizes):
            at = dict(zip((*free, *contraction.summed), (*row, *term), strict=True))
            parts = [part(k, tuple(at.get(c) for c in own)) for k, own in enumerate(letters)]
            made = reduce(jnp.multiply, parts)
            total = made if total is None else total + made
        found.append(total)
    return found if in_rows else found[0]


def _part(
    value: Value, argument: Node, letters: str, at: tuple[int | None, ...], out: str, node: Node
) -> Array:
    """An argument at given places of its axes, None for all of one; the axes that are left stand where `out`
    has them.
    """
    own, domain = argument.kind.domain, node.kind.domain
    if isinstance(value, Rows):
        if len(at) == 1 and at[0] is not None:
            return ranked(value[at[0]], own, domain)
        value = together(value)
    value = ranked(value, own, domain)
    picked = _picked(value, at)
    left = [c for c, place in zip(letters, at, strict=True) if place is None]
    order = [left.index(c) for c in out if c in left]
    if order != sorted(order):
        picked = jnp.transpose(picked, order + list(range(len(left), picked.ndim)))
    absent = [k for k, c in enumerate(out) if c not in left]
    return jnp.expand_dims(picked, absent) if absent else picked


def _picked(value: Array, at: tuple[int | None, ...]) -> Array:
    """The value at given places of its first axes, None for all of one; indexing by jax takes far longer to
    trace.
    """
    fixed = [k for k, place in enumerate(at) if place is not None]
    if not fixed:
        return value
    first = [place or 0 for place in at] + [0] * (value.ndim - len(at))
    last = [size if k not in fixed else first[k] + 1 for k, size in enumerate(value.shape)]
    return jax.lax.squeeze(jax.lax.slice(value, first, last), fixed)


def matrix_product(contraction: Contraction, args: Sequence[Array]) -> Array:
    """An einsum by jax's own; structural axes are batches, and those of length one are left out of an
    argument.
    """
    letters, out = contraction.inputs, contraction.output
    rank = max(a.ndim - len(s) for s, a in zip(letters, args, strict=True))
    structure = "XYZ"[:rank]
    specs, kept = [], []
    for s, a in zip(letters, args, strict=True):
        wide = [k for k in range(a.ndim - len(s)) if a.shape[len(s) + k] > 1]
        specs.append(s + "".join(structure[k] for k in wide))
        kept.append(a.reshape(a.shape[: len(s)] + tuple(a.shape[len(s) + k] for k in wide)))
    present = "".join(c for c in structure if any(c in s for s in specs))
    result = einsum(str(Contraction(tuple(specs), out + present)), *kept)
    return jnp.expand_dims(result, [len(out) + k for k, c in enumerate(structure) if c not in present])
