"""Sums of B-splines: the coefficients that count are gathered from the table, and no row is written out."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ....ir import ops
from ....ir.bsplines import WIDTH, Knots, derivative, pieces
from ....schedule.plan import Step
from ..arrays import Array, Value
from ..interpreter import GraphInterpreter, lowers
from .splines import table_and_rows

_Four = tuple[Array, list[Array]]


def _four(knots: Knots, x: Array, order: int) -> _Four:
    """The first of the four functions that count at x, and their derivatives of an order."""
    own = pieces(knots)
    inside = jnp.clip(x, knots[0], knots[-1])
    k = sum(((inside >= t).astype(jnp.int32) for t in knots[1:-1]), jnp.zeros(x.shape, jnp.int32))
    u, beyond = inside - jnp.asarray(knots, x.dtype)[k], x - inside

    def derivatives(n: int) -> list[Array]:
        p = np.array([[derivative(w, n) for w in four] for four in own.weights])
        table = jnp.asarray(p, x.dtype)
        found = []
        for which in range(WIDTH):
            total = table[k, which, -1]
            for power in reversed(range(p.shape[-1] - 1)):
                total = total * u + table[k, which, power]
            found.append(total)
        return found

    found = derivatives(order)
    if order == 0:
        found = [w + s * beyond for w, s in zip(found, derivatives(1), strict=True)]
    elif order > 1:
        found = [jnp.where(beyond == 0.0, w, 0.0 * beyond) for w in found]
    return jnp.asarray(own.first, jnp.int32)[k], found


def _of_step(run: GraphInterpreter, step: Step, first: int, end: int | None) -> list[_Four]:
    """Of each value, which are arguments from one on, up to another."""
    node, domain = step.node, step.node.kind.domain
    places = node.args[first:end]
    found = zip(node["knots"], places, node["orders"], strict=True)
    return [_four(knots, run.on_domain(x, domain), order) for knots, x, order in found]


@lowers(ops.bspline)
def _(run: GraphInterpreter, step: Step) -> Value:
    table, rows = table_and_rows(run, step.node.args[-1])
    entries, flat = table.shape[1], table.reshape(-1)
    fours = _of_step(run, step, 0, -1)
    sizes = [len(knots) - 1 for knots in step.node["knots"]]

    def total(values: Sequence[_Four], sizes: Sequence[int], at: Array) -> Array:
        if not values:
            return flat[at * entries + rows]
        (first, weights), *rest = values
        parts = [w * total(rest, sizes[1:], at * sizes[0] + first + q) for q, w in enumerate(weights)]
        return sum(parts[1:], parts[0])

    return total(fours, sizes, jnp.zeros((), jnp.int32))


@lowers(ops.to_bspline)
def _(run: GraphInterpreter, step: Step) -> Value:
    node, domain = step.node, step.node.kind.domain
    rows = run.on_domain(node.args[0], domain)[None]
    for (first, weights), knots in zip(_of_step(run, step, 1, None), node["knots"], strict=True):
        places = jnp.arange(len(knots) - 1).reshape(-1, *(1,) * first.ndim) - first
        own = sum(jnp.where(places == q, w, 0.0) for q, w in enumerate(weights))
        joined = rows[:, None] * own
        rows = joined.reshape(-1, *joined.shape[2:])
    return run.as_planned(step, rows)
