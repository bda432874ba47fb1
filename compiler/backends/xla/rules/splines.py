"""Cubics through knots: four numbers are gathered from the table, and no row of it is written out."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from ....ir import ops
from ....ir.graph import Node
from ....ir.rows import CARRIERS
from ....schedule.plan import Step
from ..arrays import Array, Value
from ..interpreter import GraphInterpreter, lowers


class _Place(NamedTuple):
    """Of x: the knot before it, the place after that knot in 0…1, and how far x is beyond all knots."""

    first: Array
    u: Array
    beyond: Array


def _place(x: Array, n: int) -> _Place:
    inside = jnp.clip(x, 0.0, n - 1.0)
    first = jnp.clip(jnp.nan_to_num(inside).astype(jnp.int32), 0, n - 2)
    return _Place(first, inside - first, x - inside)


def _weights(p: _Place, order: int) -> tuple[Array, ...]:
    """Of both values and both slopes in turn, in the derivative of an order."""
    u = p.u
    slopes = (6.0 * u * (u - 1.0), (u - 1.0) * (3.0 * u - 1.0), 6.0 * u * (1.0 - u), u * (3.0 * u - 2.0))
    if order == 0:
        cubics = (
            (1.0 + 2.0 * u) * (1.0 - u) ** 2,
            u * (1.0 - u) ** 2,
            u * u * (3.0 - 2.0 * u),
            u * u * (u - 1.0),
        )
        return tuple(c + s * p.beyond for c, s in zip(cubics, slopes, strict=True))
    if order == 1:
        return slopes
    one = jnp.ones_like(u)
    bent = (12.0 * u - 6.0, 6.0 * u - 4.0, 6.0 - 12.0 * u, 6.0 * u - 2.0)
    found = bent if order == 2 else (12.0 * one, 6.0 * one, -12.0 * one, 6.0 * one)
    return tuple(jnp.where(p.beyond == 0.0, w, 0.0 * p.beyond) for w in found)


def table_and_rows(run: GraphInterpreter, node: Node) -> tuple[Array, Array]:
    """A table (size, entries), and which of its entries a row of knots is, on the domain of the row."""
    if node.op not in CARRIERS:
        value = run.stacked(node)
        size = node.kind.components
        flat = jnp.broadcast_to(value, (size, *run.extent(node.kind.domain))).reshape(size, -1)
        return flat, jnp.arange(flat.shape[1]).reshape(run.extent(node.kind.domain))
    (inner,), domain = node.args, node.kind.domain
    if node.op is ops.at:
        return run.stacked(inner), run.table_rows(inner.kind.domain, domain, node["of"])
    table, rows = table_and_rows(run, inner)
    rows = jnp.broadcast_to(rows, run.extent(inner.kind.domain))
    if node.op is ops.to_ij or (node.op is ops.to_i and domain.name == "edge"):
        return table, rows[..., None]
    if node.op is ops.to_ik:
        return table, rows[..., None, :]
    near = run.list_of(domain)
    return table, rows[near.i if node.op is ops.to_i else near.j]


@lowers(ops.interpolate)
def _(run: GraphInterpreter, step: Step) -> Value:
    x, knots = step.node.args
    table, rows = table_and_rows(run, knots)
    p = _place(run.on_domain(x, step.node.kind.domain), knots.kind.components // 2)
    entries, flat = table.shape[1], table.reshape(-1)
    total = jnp.zeros_like(p.u)
    for k, weight in enumerate(_weights(p, step.node["order"])):
        total = total + weight * flat[(2 * p.first + k) * entries + rows]
    return total


@lowers(ops.to_knots)
def _(run: GraphInterpreter, step: Step) -> Value:
    (g, x), domain, size = step.node.args, step.node.kind.domain, step.node["size"]
    p = _place(run.on_domain(x, domain), size // 2)
    factor = run.on_domain(g, domain)
    places = jnp.arange(size).reshape(size, *(1,) * p.first.ndim) - 2 * p.first
    total = jnp.zeros(jnp.broadcast_shapes(places.shape, factor.shape), factor.dtype)
    for k, weight in enumerate(_weights(p, step.node["order"])):
        total = total + jnp.where(places == k, weight * factor, 0.0)
    return run.as_planned(step, total)
