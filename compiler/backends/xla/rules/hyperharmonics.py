"""Harmonics in four dimensions and their couplings: products of numbers that are gathered by tables."""

from __future__ import annotations

from math import sqrt

import jax.numpy as jnp

from ....ir import ops
from ....ir.triads import Triad, size
from ....schedule.plan import Step
from ...triads import padded
from ..arrays import Array, Value, together
from ..interpreter import GraphInterpreter, lowers


def _coupled(x: Array, y: Array, triad: Triad) -> Array:
    """T(x_a, y_b, ·) of degree c."""
    table = padded(triad)
    factor = jnp.asarray(table.factor, x.dtype)
    factor = factor.reshape(factor.shape + (1,) * (x.ndim - 1))
    return (factor * x[table.i] * y[table.j]).sum(axis=1)


@lowers(ops.hyperharmonics)
def _(run: GraphInterpreter, step: Step) -> Value:
    """U_n = (n + 1) T(U_(n−1), U_1, ·)"""
    c, v = (run.on_domain(a, step.node.kind.domain) for a in step.node.args)
    x = sqrt(2.0) * together([c, -v[1], -v[0], v[2]])
    rows = [jnp.ones_like(x[:1]), x]
    first = jnp.concatenate(rows)
    for n in range(2, step.node["top"] + 1):
        before = jnp.concatenate([jnp.zeros((size(n - 2), *x.shape[1:]), x.dtype), rows[-1]])
        rows.append((n + 1) * _coupled(before, first, (n - 1, 1, n)))
    return run.as_planned(step, jnp.concatenate(rows))


@lowers(ops.triads)
def _(run: GraphInterpreter, step: Step) -> Value:
    x, y, z = (run.on_domain(a, step.node.kind.domain) for a in step.node.args)
    rows = [
        (_coupled(x, y, triad) * z[size(triad[2] - 1) : size(triad[2])]).sum(axis=0)
        for triad in step.node["degrees"]
    ]
    return run.from_rows(step, rows)


@lowers(ops.couple)
def _(run: GraphInterpreter, step: Step) -> Value:
    w, x, y = (run.on_domain(a, step.node.kind.domain) for a in step.node.args)
    extent = jnp.broadcast_shapes(*(a.shape[1:] for a in (w, x, y)))
    parts = [jnp.zeros(((c + 1) ** 2, *extent), x.dtype) for c in range(step.node["top"] + 1)]
    for k, triad in enumerate(step.node["degrees"]):
        parts[triad[2]] = parts[triad[2]] + w[k] * _coupled(x, y, triad)
    return run.as_planned(step, jnp.concatenate(parts))
