"""Constants, parameters, distances and vectors between neighbours."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ....ir import ops
from ....ir.types import TABLES, entries
from ....schedule.plan import Layout, Step
from ..arrays import RANK, Rows, Value, together
from ..interpreter import GraphInterpreter, lowers


@lowers(ops.const)
def _(run: GraphInterpreter, step: Step) -> Value:
    kind = step.node.kind
    values = np.array(step.node["values"], dtype=run.dtype)
    if kind.domain.name in TABLES:
        rows = entries(kind.domain, len(run.model.species))
        return jnp.asarray(np.moveaxis(values.reshape(rows, *kind.shape), 0, -1))
    ones = (1,) * RANK[kind.domain.name]
    if step.layout is Layout.ROWS:
        return Rows(jnp.asarray(v.reshape(ones)) for v in values)
    return jnp.asarray(values.reshape(kind.shape + ones))


@lowers(ops.param)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.tables[step.node["name"]]


@lowers(ops.displacement)
def _(run: GraphInterpreter, step: Step) -> Value:
    vector = run.vector(step.node.kind.domain)
    return vector if step.layout is Layout.ROWS else together(vector)


@lowers(ops.distance)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.length(step.node.kind.domain)
