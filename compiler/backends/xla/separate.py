"""Outputs of a model with the sites of each species apart: E = Σ_s E_s, and the forces and the virial of each
E_s.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from ...ir import ops
from ...ir.build import summands
from ...ir.graph import Node
from ...schedule.plan import Step
from .arrays import Array, Edge, einsum, sums_by_owner
from .interpreter import GraphInterpreter


class Separate(NamedTuple):
    """Of the sites of each species: energy (S, B) eV; forces (S, 3, N) eV/Å; virial (S, 3, 3, B) eV."""

    energy: Array
    forces: Array
    virial: Array


def separate(run: GraphInterpreter) -> Separate:
    """The outputs of a finished run (`GraphInterpreter.outputs`), of what lists of all neighbours contribute.

    A list that has each pair once belongs to no site, and its values are left out.
    """
    outputs, arrays = run.model.outputs, run.arrays
    steps = {step.node: step for step in run.plan.steps}
    own = [arrays.real & (arrays.species == s) for s in range(len(run.model.species))]
    sites = jnp.stack(own).astype(run.dtype)
    slots = arrays.slots.shape[0]

    def by_structure(value: Array) -> Array:
        """(…, N) -> (S, …, B)."""
        each = value * sites.reshape(len(sites), *(1,) * (value.ndim - 1), -1)
        return (
            each.sum(-1, keepdims=True) if slots == 1 else sums_by_owner(each, arrays.structure, slots, False)
        )

    forces = jnp.zeros((len(sites), 3, arrays.real.shape[0]), run.dtype)
    virial = jnp.zeros((len(sites), 3, 3, slots), run.dtype)
    for leaf, sign in summands(outputs["forces"]):
        if _on_all_neighbours(leaf):
            forces = forces + sign * _onto_atoms(run, steps[leaf], sites)
    for leaf, sign in summands(outputs["virial"]):
        if _on_all_neighbours(leaf):
            virial = virial + sign * by_structure(run.counted(steps[leaf]).sum(-1))
    return Separate(by_structure(run.whole(outputs["site_energy"])), forces, virial)


def _on_all_neighbours(leaf: Node) -> bool:
    return bool(leaf.args) and leaf.args[0].kind.domain.name == "edge"


def _onto_atoms(run: GraphInterpreter, step: Step, sites: Array) -> Array:
    """Sums over neighbours (S, 3, N), by the species of the site that a neighbour is one of."""
    near = run.list_of(step.node.args[0].kind.domain)
    assert isinstance(near, Edge)
    value = run.counted(step)
    if step.node.op is ops.sum_i:
        return sites[:, None, :] * value.sum(-1)
    flat = value.reshape(*value.shape[:-2], -1)
    other_way = jnp.where(near.valid, flat[..., near.reverse], 0.0)
    return einsum("ank,snk->san", other_way, sites[:, near.j])
