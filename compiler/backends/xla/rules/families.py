"""Rows of functions of one value or of a direction."""

from __future__ import annotations

import jax.numpy as jnp

from ....ir import ops
from ....schedule.plan import Step
from ..arrays import Array, Value, together
from ..harmonics import harmonic_slopes, harmonics
from ..interpreter import GraphInterpreter, lowers
from ..trigonometry import cosine, sine


@lowers(ops.sines)
def _(run: GraphInterpreter, step: Step) -> Value:
    x = run.stacked(step.node.args[0])
    return run.from_rows(step, [sine(k * x) for k in range(1, step.node["n"] + 1)])


@lowers(ops.cosines)
def _(run: GraphInterpreter, step: Step) -> Value:
    x = run.stacked(step.node.args[0])
    return run.from_rows(step, [cosine(k * x) for k in range(step.node["n"])])


@lowers(ops.chebyshev, ops.chebyshev2)
def _(run: GraphInterpreter, step: Step) -> Value:
    x = run.stacked(step.node.args[0])
    second = x if step.node.op is ops.chebyshev else 2.0 * x
    return run.from_rows(step, _chained(jnp.ones_like(x), second, 2.0 * x, step.node["n"]))


@lowers(ops.chain)
def _(run: GraphInterpreter, step: Step) -> Value:
    first, second, factor = (run.on_domain(a, step.node.kind.domain) for a in step.node.args)
    return run.from_rows(step, _chained(first, second, factor, step.node["n"]))


def _chained(first: Array, second: Array, factor: Array, n: int) -> list[Array]:
    """f_0, f_1, f_k = factor·f_{k−1} − f_{k−2}; n of them."""
    rows = [first, second]
    for _ in range(n - 2):
        rows.append(factor * rows[-1] - rows[-2])
    return rows[:n]


@lowers(ops.sphericals)
def _(run: GraphInterpreter, step: Step) -> Value:
    u = run.components(step.node.args[0], 3, step.node.kind.domain)
    return run.from_rows(step, harmonics(step.node["l"], *u))


@lowers(ops.spherical_slopes)
def _(run: GraphInterpreter, step: Step) -> Value:
    u = run.components(step.node.args[0], 3, step.node.kind.domain)
    return together([together(slopes) for slopes in harmonic_slopes(step.node["l"], *u)])
