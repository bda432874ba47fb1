"""The arrays of the XLA backend: batches on the device, values of nodes, sums by owner, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...ir.graph import Model
from ...ir.types import TABLES, Domain

Array = jax.Array

# structural axes of a value
RANK = {"none": 0, "structure": 1, "site": 1, "pair": 1, "edge": 2, "triple": 3, **dict.fromkeys(TABLES, 1)}


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


class LongLists(NamedTuple):
    """Lists that hold for many steps of dynamics, out of which a kernel takes shorter ones.

    x: (3, N), positions, Å. squares: of the lengths of the pairs, Å². edge: None where the kernel has none.
    turn: (3, 3); vectors a of the cell for which the shifts of edges were made are turn·a now; None: they
    are a. skin: how much farther than its cutoffs the shorter lists go, Å.
    """

    x: Array
    pair: Pair
    squares: Array
    edge: Edge | None
    turn: Array | None
    skin: Array


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


def together(rows: Sequence[Array]) -> Array:
    """Rows as one array."""
    return jnp.stack(jnp.broadcast_arrays(*rows))


def einsum(formula: str, *args: Array) -> Array:
    """A product of arrays in their own precision: of float32 GPUs would keep ten bits (TF32)."""
    found: Array = jnp.einsum(formula, *args, precision=jax.lax.Precision.HIGHEST)
    return found


def ranked(value: Array, own: Domain, result: Domain) -> Array:
    """Structural axes of length one where the value is of the whole model."""
    return value.reshape(value.shape + (1,) * (RANK[result.name] - RANK[own.name]))


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
    rows_first = model.vector.tables(theta, lambda flat, at: jnp.append(flat, 0.0)[np.array(at)])
    tables = {}
    for p in model.parameters:
        table = jnp.moveaxis(rows_first[p.name], 0, -1)
        tables[p.name] = table[..., 0] if p.kind.domain.name == "none" else table
    return tables
