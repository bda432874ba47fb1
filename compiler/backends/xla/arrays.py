"""What the XLA backend computes with: batches on the device, values of nodes, sums by owner, rows of
tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...ir.graph import Model
from ...ir.types import Domain, entries

Array = jax.Array


class Pair(NamedTuple):
    i: Array
    j: Array
    shift: Array
    valid: Array


class Edge(NamedTuple):
    j: Array
    shift: Array
    valid: Array
    reverse: Array


class Arrays(NamedTuple):
    """A batch on the device. `slots` (B,) is 1 throughout: its length counts, and it is a 1 that XLA cannot
    see.
    """

    positions: Array
    species: Array
    structure: Array
    real: Array
    slots: Array
    lists: tuple[Pair | Edge, ...]


class Rows(tuple[Array, ...]):
    """The components of a value, one array each."""


Value = Array | Rows


def sums_by_owner(value: Array, owner: Array, n: int, ascending: bool) -> Array:
    """Sums of the last axis by owner, a feature row at a time: XLA's CPU scatter is fast on flat rows
    only.
    """
    if value.ndim == 1:
        return jax.ops.segment_sum(value, owner, n, indices_are_sorted=ascending)
    rows = value.reshape(-1, value.shape[-1])
    summed: Sequence[Array] = [
        jax.ops.segment_sum(row, owner, n, indices_are_sorted=ascending) for row in rows
    ]
    return jnp.stack(summed).reshape(*value.shape[:-1], n)


def parameter_tables(model: Model, theta: Array) -> dict[str, Array]:
    """Parameters by name, rows of the table as the last axis."""
    tables, offset = {}, 0
    for p in model.parameters:
        n = len(p.start)
        flat = theta[offset : offset + n]
        if p.places is not None:
            flat = jnp.append(flat, 0.0)[np.array(p.places)]
        rows = entries(p.kind.domain, len(model.species))
        table = jnp.moveaxis(flat.reshape(rows, *p.kind.shape), 0, -1)
        tables[p.name] = table[..., 0] if p.kind.domain.name == "none" else table
        offset += n
    return tables


def table_row(domain: Domain, atoms: tuple[Array, ...], n: int) -> Array:
    pairs = np.zeros((n, n), np.int32)
    for row, (a, b) in enumerate(combinations_with_replacement(range(n), 2)):
        pairs[a, b] = pairs[b, a] = row
    if domain.name == "species_pair":
        return jnp.asarray(pairs)[atoms]
    if domain.name == "species_pair_ordered":
        return atoms[0] * n + atoms[1]
    if domain.name == "species_triple_ordered":
        return (atoms[0] * n + atoms[1]) * n + atoms[2]
    return atoms[0] * (n * (n + 1) // 2) + jnp.asarray(pairs)[atoms[1], atoms[2]]
