"""Contractions in jax: written out product by product, or as products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

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
    found = []
    for row in places(free, sizes):
        total: Any = None
        for term in places(contraction.summed, sizes):
            at = dict(zip((*free, *contraction.summed), (*row, *term), strict=True))
            parts = [
                _slice(v, a, s, at, out, node)
                for v, a, s in zip(values, node.args, contraction.inputs, strict=True)
            ]
            made = reduce(jnp.multiply, parts)
            total = made if total is None else total + made
        found.append(total)
    return found if in_rows else found[0]


def _slice(value: Value, argument: Node, letters: str, at: dict[str, int], out: str, node: Node) -> Array:
    """An argument at given places of its axes; the axes that are left stand where `out` has them."""
    own, domain = argument.kind.domain, node.kind.domain
    if isinstance(value, Rows):
        if letters in at:
            return ranked(value[at[letters]], own, domain)
        value = together(value)
    value = ranked(value, own, domain)
    rank = value.ndim - len(letters)
    picked = value[tuple(at[c] if c in at else slice(None) for c in letters)]
    left = [c for c in letters if c not in at]
    order = [left.index(c) for c in out if c in left]
    picked = jnp.transpose(picked, order + list(range(len(left), len(left) + rank)))
    return jnp.expand_dims(picked, [k for k, c in enumerate(out) if c not in left])


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
