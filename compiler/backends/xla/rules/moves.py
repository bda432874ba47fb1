"""Moves between atoms, neighbours, triples and structures, and sums over them."""

from __future__ import annotations

import jax.numpy as jnp

from ....ir import ops
from ....schedule.plan import Algorithm, Step
from ..arrays import RANK, Array, Value, einsum, sums_by_owner
from ..interpreter import GraphInterpreter, lowers

# --- onto lists --------------------------------------------------------------------------------


@lowers(ops.to_i)
def _(run: GraphInterpreter, step: Step) -> Value:
    if step.algorithm is Algorithm.SPREAD:
        return run.each(step.node.args[0], lambda v: v[..., None])
    near = run.list_of(step.node.kind.domain)
    return run.each(step.node.args[0], lambda v: v[..., near.i])


@lowers(ops.to_j)
def _(run: GraphInterpreter, step: Step) -> Value:
    near = run.list_of(step.node.kind.domain)
    return run.each(step.node.args[0], lambda v: v[..., near.j])


@lowers(ops.to_ij)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.each(step.node.args[0], lambda v: v[..., :, None])


@lowers(ops.to_ik)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.each(step.node.args[0], lambda v: v[..., None, :])


@lowers(ops.of_structure)
def _(run: GraphInterpreter, step: Step) -> Value:
    owner, domain = run.arrays.structure, step.node.kind.domain
    owner = owner[run.list_of(domain).i] if domain.name == "pair" else owner
    ones = (1,) * (RANK[domain.name] - 1)
    return run.each(step.node.args[0], lambda v: v[..., owner].reshape(*v.shape[:-1], -1, *ones))


# --- sums --------------------------------------------------------------------------------------


@lowers(ops.sum_i)
def _(run: GraphInterpreter, step: Step) -> Value:
    if step.algorithm is Algorithm.OUTER:
        return _outer_sum(run, step)
    if step.algorithm is Algorithm.REDUCE:
        return run.within(step, lambda v: v.sum(-1))
    near, atoms = run.list_of(step.node.args[0].kind.domain), run.arrays.real.shape[0]
    return run.within(step, lambda v: sums_by_owner(v, near.i, atoms, True))


def _outer_sum(run: GraphInterpreter, step: Step) -> Array:
    """Σ_k a(i, k) ⊗ b(i, k) as a product of matrices for each atom."""
    a, b = step.node.args[0].args
    mask = run.mask_of(step)
    return einsum("aik,bik->abi", jnp.where(mask, run.whole(a), 0.0), run.whole(b))


@lowers(ops.sum_j)
def _(run: GraphInterpreter, step: Step) -> Value:
    near, atoms = run.list_of(step.node.args[0].kind.domain), run.arrays.real.shape[0]
    if step.algorithm is Algorithm.SCATTER:
        return run.within(step, lambda v: sums_by_owner(v, near.j, atoms, False))

    def from_reversed(v: Array) -> Array:
        flat = v.reshape(*v.shape[:-2], -1)
        return jnp.where(near.valid, flat[..., near.reverse], 0.0).sum(-1)

    return run.within(step, from_reversed)


@lowers(ops.sum_to_ij)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.within(step, lambda v: v.sum(-1))


@lowers(ops.sum_to_ik)
def _(run: GraphInterpreter, step: Step) -> Value:
    return run.within(step, lambda v: v.sum(-2))


@lowers(ops.total)
def _(run: GraphInterpreter, step: Step) -> Value:
    domain, slots = step.node.args[0].kind.domain, run.arrays.slots.shape[0]
    if slots == 1 and step.algorithm is Algorithm.OUTER:
        return _one_outer_total(run, step)
    value, owner = run.counted(step), run.arrays.structure
    if domain.name == "pair":
        owner = owner[run.list_of(domain).i]
    for _ in range(RANK[domain.name] - 1):
        value = value.sum(-1)
    return value.sum(-1, keepdims=True) if slots == 1 else sums_by_owner(value, owner, slots, False)


def _one_outer_total(run: GraphInterpreter, step: Step) -> Array:
    """Σ a ⊗ b over all neighbours of the one structure, a sum for each component."""
    (inner,) = step.node.args
    a, b = (run.components(v, v.kind.shape[0], inner.kind.domain) for v in inner.args)
    mask = run.mask_of(step)
    rows = [jnp.where(mask, y, 0.0) for y in b]
    return jnp.stack([jnp.stack([(x * y).sum() for y in rows]) for x in a])[..., None]
