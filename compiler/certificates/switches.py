"""The places where a branch depends on a distance alone, found by halving until they are thin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.traits import Trait
from ..ir.types import Domain
from .enclosure import Enclosure, Mask, Values, bounds
from .evaluation import enclosures
from .motion import KINKS, SWITCHES
from .scenes import NEAREST, Surroundings

THIN = 1e-13  # Å
_PARTS = 8
_MOST = 240


def gap(node: Node) -> Node:
    """The value at whose sign a branch changes."""
    if node.op in (ops.max, ops.min):
        return alg.sub(*node.args)
    return node.args[0]


def branching(roots: Iterable[Node]) -> list[Node]:
    """Operations with branches whose choice depends on positions."""
    found = [n for n in topological(roots) if n.op in SWITCHES + KINKS]
    return [n for n in found if position_dependent(gap(n))]


def position_dependent(root: Node) -> bool:
    return any(Trait.POSITION in n.op.traits for n in topological([root]))


def of_one_distance(root: Node) -> bool:
    """Whether positions enter through one distance alone: no sums, no directions, no second neighbour."""
    leaves = [n for n in topological([root]) if Trait.POSITION in n.op.traits or Trait.SUM in n.op.traits]
    sides = {side for n in topological([root]) for side in _sides(n)}
    return all(n.op is ops.distance for n in leaves) and len(sides) <= 1


def _sides(node: Node) -> Iterator[object]:
    if node.op in (ops.to_ij, ops.to_ik) and position_dependent(node.args[0]):
        yield node.op


def places(model: Model, theta: Values, gaps: list[Node], domain: Domain) -> Enclosure | tuple[float, float]:
    """Thin ranges of the distance of a list that hold every change of sign of some gaps on it.

    An interval instead, where these are not found to be a few places.
    """
    edges = np.linspace(NEAREST, float(domain.rc or NEAREST), _PARTS + 1)
    cells = bounds(edges[:-1], edges[1:])
    limit = _MOST if all(g.kind.domain.name != "triple" for g in gaps) else _MOST // 10
    while True:
        cells = cells[_may_vanish(model, theta, gaps, cells)]
        if len(cells.low) > limit:
            return float(cells.low.min()), float(cells.high.max())
        if not (cells.high - cells.low >= THIN).any():
            return _joined(cells)
        cells = _split(cells)


def _may_vanish(model: Model, theta: Values, gaps: list[Node], cells: Enclosure) -> Mask:
    scene = Surroundings(model, theta, lambda cutoff: cells)
    known = enclosures(scene, gaps)
    found = np.zeros(len(cells.low), dtype=bool)
    for node in gaps:
        value = scene.spread(known[node], node.kind.domain)
        grid, axis = scene.grid(node.kind.domain), distance_axis(node)
        by_cell = ((value.low <= 0.0) & (value.high >= 0.0)).reshape(*grid, -1)
        found |= by_cell.any(axis=tuple(k for k in range(by_cell.ndim) if k != axis))
    return found


def distance_axis(node: Node) -> int:
    """The axis of the distance that a value depends on, in a grid of `Surroundings`."""
    if node.kind.domain.name != "triple":
        return 2
    return 4 if ops.to_ik in {side for n in topological([node]) for side in _sides(n)} else 3


def _joined(cells: Enclosure) -> Enclosure:
    """Thin ranges that touch are one."""
    order = np.argsort(cells.low)
    low, high = cells.low[order], cells.high[order]
    starts = np.flatnonzero(np.append(True, low[1:] > high[:-1] + THIN))
    return bounds(low[starts], np.maximum.reduceat(high, starts)) if len(low) else cells


def _split(cells: Enclosure) -> Enclosure:
    parts = np.linspace(cells.low, cells.high, _PARTS + 1)
    return bounds(parts[:-1].T.reshape(-1), parts[1:].T.reshape(-1))
