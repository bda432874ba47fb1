"""Rows of tables by species, and sums onto them."""

from __future__ import annotations

from functools import reduce

import jax.numpy as jnp

from ....ir import ops
from ....schedule.plan import Layout, Step
from ..arrays import RANK, Rows, Value, sums_by_owner
from ..interpreter import GraphInterpreter, lowers
from ..species import own_rows, row_of_neighbour, sums_by_species


@lowers(ops.at)
def _(run: GraphInterpreter, step: Step) -> Value:
    node, (inner,) = step.node, step.node.args
    table = run.stacked(inner)
    index = run.table_rows(inner.kind.domain, node.kind.domain, node["of"])
    if step.layout is Layout.ROWS:
        return Rows(table[k][index] for k in range(node.kind.shape[0]))
    return table[..., index]


@lowers(ops.sum_at)
def _(run: GraphInterpreter, step: Step) -> Value:
    node, (inner,) = step.node, step.node.args
    value, domain = run.counted(step), inner.kind.domain
    if not node["of"]:
        return value.sum(tuple(range(-RANK[domain.name], 0)))
    index = run.table_rows(node.kind.domain, domain, node["of"])
    owner = jnp.broadcast_to(index, run.extent(domain)).reshape(-1)
    (rows,) = run.extent(node.kind.domain)
    return sums_by_owner(value.reshape(*node.kind.shape, -1), owner, rows, False)


@lowers(ops.row)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.stacked(step.node.args[0])[..., 0]


@lowers(ops.of_row)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.stacked(step.node.args[0])[..., None]


@lowers(ops.rows_of)
def _(run: GraphInterpreter, step: Step) -> Value:
    (inner,) = step.node.args
    table, rows = run.stacked(inner), own_rows(inner.kind.domain, len(run.model.species))
    return run.as_planned(step, jnp.moveaxis(table[..., rows[run.arrays.species]], -1, 0))


@lowers(ops.sum_rows_of)
def _(run: GraphInterpreter, step: Step) -> Value:
    table, value = step.node.kind.domain, run.counted(step)
    rows = own_rows(table, len(run.model.species))[run.arrays.species]
    (count,) = run.extent(table)
    return reduce(jnp.add, [sums_by_owner(v, rows[:, s], count, False) for s, v in enumerate(value)])


@lowers(ops.to_species)
def _(run: GraphInterpreter, step: Step) -> Value:
    near = run.arrays.species[run.list_of(step.node.kind.domain).j]
    return row_of_neighbour(run.whole(step.node.args[0]), near)


@lowers(ops.sum_species)
def _(run: GraphInterpreter, step: Step) -> Value:
    (inner,) = step.node.args
    near, mask = run.arrays.species[run.list_of(inner.kind.domain).j], run.mask_of(step)
    summed = sums_by_species(run.whole(inner), near, mask, step.node["species"])
    return run.as_planned(step, summed)
