"""An isolated pair of atoms as a function of its distance: its slope, curvature and jumps."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from ..chemistry.units import ANGSTROM
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.rewrite import rewrite_model
from ..ir.traits import Trait
from ..passes.cse import share_subexpressions
from ..passes.expand import expand_harmonics
from ..passes.narrow import narrowed
from ..passes.simplify import simplify_model
from .enclosure import Enclosure, Values, bounds, subtract
from .evaluation import enclosures
from .invariance import rotations_keep
from .motion import moved
from .scenes import Dimer
from .switches import position_dependent
from .triangles import is_direction

_BESIDE = 2e-13  # Å


def written_out(model: Model) -> Model:
    """Harmonics as polynomials, constants folded: the form that enclosures are made of."""
    return share_subexpressions(simplify_model(expand_harmonics(model)))


def pair_curve(model: Model) -> Model:
    """The model with outputs `energy`, `slope` and `curvature` of a site, by the length of all its bonds."""
    energy = _along_z(model).outputs["energy"]
    first = written_out(model.with_outputs({"energy": energy, "slope": _derivative(energy)}))
    slope = first.outputs["slope"]
    return written_out(first.with_outputs({**first.outputs, "curvature": _derivative(slope)}))


def _along_z(model: Model) -> Model:
    """Every direction as the number that it is, where no atom reads values of another: the energy of each is
    the same however its neighbour lies. Harmonics of order m ≠ 0 are 0 then, and dropped.
    """
    energy = model.outputs["energy"]
    reads = any(n.op in (ops.to_i, ops.to_j) and position_dependent(n) for n in topological([energy]))
    if reads or not rotations_keep(model):
        return model
    return narrowed(simplify_model(expand_harmonics(rewrite_model(model, _as_number))))


def _as_number(node: Node) -> Node:
    if not is_direction(node):
        return node
    return ops.constant((0.0, 0.0, 1.0), domain=node.kind.domain, shape=(3,))


def _derivative(root: Node) -> Node:
    """By the length of all bonds, whose directions are held."""
    found = moved([root], _along, is_direction)[root]
    return alg.zeros_like(root) if found is None else found


def _along(leaf: Node) -> Node | None:
    """The change of a distance or vector when its bond grows by 1 Å."""
    if Trait.POSITION not in leaf.op.traits:
        return None
    one = ops.constant(1.0, ANGSTROM, domain=leaf.kind.domain)
    return one if leaf.op is ops.distance else ops.mul(one, alg.direction(leaf.kind.domain))


class Jump(NamedTuple):
    """A jump that an isolated pair has for certain: of energy (eV) or of dE/dr (eV/Å)."""

    species: tuple[str, str]
    what: str
    size: float


def jump_of_a_pair(model: Model, theta: Values, cell: Enclosure) -> Jump | None:
    """The largest jump of a pair at a thin range of distances; None where none is certain.

    The value just beyond the range less that just before it, and less than the slopes account for.
    """
    curve = pair_curve(model)
    pairs = list(combinations_with_replacement(range(len(model.species)), 2))
    low, high = float(cell.low), float(cell.high)
    r = bounds([low - _BESIDE, low, high], [low, high, high + _BESIDE])
    scene = Dimer(curve, theta, [p for p in pairs for _ in range(3)], r[np.tile(np.arange(3), len(pairs))])
    known = enclosures(scene, curve.outputs.values())
    values = [scene.of_both(known[curve.outputs[k]]) for k in ("energy", "slope", "curvature")]
    rows = [v.map(lambda x: x.reshape(len(pairs), 3)) for v in values]
    found: list[Jump] = []
    for what, value, slope in (("energy", rows[0], rows[1]), ("force", rows[1], rows[2])):
        change = subtract(value[:, 2], value[:, 0])
        least = np.maximum(np.maximum(change.low, -change.high), 0.0)
        steady = slope.size.max(axis=1) * (high - low + 2.0 * _BESIDE)
        for (a, b), size, allowed in zip(pairs, least, steady, strict=True):
            if size > allowed:
                found.append(Jump((model.species[a], model.species[b]), what, float(size - allowed)))
    return max(found, key=lambda j: (j.what == "energy", j.size), default=None)
