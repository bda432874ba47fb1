"""Contractions, and components chosen, laid out and renamed."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ....ir import ops
from ....ir.contraction import Contraction, parsed
from ....schedule.plan import Algorithm, Layout, Step
from ..arrays import Array, Rows, Value
from ..contraction import matrix_product, written_out
from ..interpreter import GraphInterpreter, lowers
from ..species import chosen_product


@lowers(ops.einsum)
def _(run: GraphInterpreter, step: Step) -> Value:
    node, contraction = step.node, parsed(step.node["spec"])
    if step.algorithm is Algorithm.BY_SPECIES:
        return run.as_planned(step, _by_species(run, step, contraction))
    if step.algorithm is Algorithm.WRITTEN_OUT:
        found = written_out(contraction, [run.values[a] for a in node.args], node, step.layout is Layout.ROWS)
        return Rows(found) if isinstance(found, list) else found
    args = [run.on_domain(a, node.kind.domain) for a in node.args]
    return run.as_planned(step, matrix_product(contraction, args))


def _by_species(run: GraphInterpreter, step: Step, contraction: Contraction) -> Array:
    node, place = step.node, step.operand
    assert place is not None
    coefficients, other = node.args[place], node.args[1 - place]
    rows = run.stacked(coefficients.args[0])
    letters = (contraction.inputs[place], contraction.inputs[1 - place])
    ordered = Contraction(letters, contraction.output)
    if coefficients.op is ops.at:  # of the species of the atom
        rows = jnp.moveaxis(rows, -1, 0)
        return chosen_product(ordered, rows, run.whole(other), ("", "X"), run.arrays.species)
    near = run.arrays.species[run.list_of(node.kind.domain).j]
    return chosen_product(ordered, rows, run.whole(other), ("X", "XY"), near)


@lowers(ops.take)
def _(run: GraphInterpreter, step: Step) -> Value:
    """Components of the last feature axis."""
    value, indices = run.values[step.node.args[0]], step.node["indices"]
    axis = len(step.node.kind.shape) - 1
    if step.algorithm is Algorithm.PICK:
        return Rows(value[k] for k in indices)
    assert not isinstance(value, Rows)
    if step.algorithm is Algorithm.SLICE:
        part = jax.lax.slice_in_dim(value, indices[0], indices[-1] + 1, axis=axis)
        return run.as_planned(step, part)
    return run.as_planned(step, jnp.take(value, jnp.asarray(indices), axis=axis))


@lowers(ops.put)
def _(run: GraphInterpreter, step: Step) -> Value:
    """Adjoint of take."""
    node = step.node
    axis, indices, size = len(node.kind.shape) - 1, node["indices"], node["size"]
    value = run.values[node.args[0]]
    if step.algorithm is Algorithm.PAD:
        assert not isinstance(value, Rows)
        widths = [(0, 0)] * value.ndim
        widths[axis] = (indices[0], size - indices[-1] - 1)
        return run.as_planned(step, jnp.pad(value, widths))
    given = value if isinstance(value, Rows) else jnp.moveaxis(value, axis, 0)
    rows: list[Any] = [None] * size
    for k, index in enumerate(indices):
        rows[index] = given[k] if rows[index] is None else rows[index] + given[k]
    filled = [jnp.zeros_like(given[0]) if r is None else r for r in rows]
    if step.layout is Layout.ROWS:
        return Rows(filled)
    return jnp.stack(jnp.broadcast_arrays(*filled), axis=axis)


@lowers(ops.stack)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.from_rows(step, [run.on_domain(a, step.node.kind.domain) for a in step.node.args])


@lowers(ops.reshape)
def _(run: GraphInterpreter, step: Step) -> Value:
    node, (inner,) = step.node, step.node.args
    if step.algorithm is Algorithm.PICK:
        return run.values[inner][0]
    array = run.stacked(inner)
    return run.as_planned(step, array.reshape(node["shape"] + array.shape[len(inner.kind.shape) :]))
