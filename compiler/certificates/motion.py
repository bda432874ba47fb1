"""How values change: tangents of graphs where some moves are held, and jumps where a branch is taken.

Both are enclosures of what `pushforward` makes, with leaves whose enclosure is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count

import numpy as np

from ..ir import ops
from ..ir.graph import Node, Op, topological
from ..ir.types import Kind
from .enclosure import Enclosure, bounds, hull, multiply, subtract

SWITCHES = (ops.step, ops.sign, ops.select)
KINKS = (ops.max, ops.min, ops.abs)
_names = count()


def leaf(kind: Kind) -> Node:
    """A new leaf, whose enclosure is given."""
    return ops.param(name=f"any {next(_names)}", kind=kind)


def moved(
    roots: Iterable[Node], start: Callable[[Node], Node | None], held: tuple[Op, ...] = ()
) -> dict[Node, Node | None]:
    """The tangent of each node, None for 0. start(node): that of a node from which changes come, None for
    others. held: moves that carry no change.
    """
    found: dict[Node, Node | None] = {}
    for node in topological(roots):
        begun = start(node)
        own = [found[a] for a in node.args]
        if begun is not None:
            found[node] = begun
        elif node.op in held or all(t is None for t in own):
            found[node] = None
        else:
            found[node] = node.op.pushforward(node, own)
    return found


class Jumps:
    """The jump of each value where a step, sign or choice changes its branch, by the mean value theorem: that
    of the branch times the slopes in between. What is continuous with a kink (max, min, abs) has slopes of
    both sides in its enclosure.
    """

    def __init__(self, roots: Iterable[Node], known: Mapping[Node, Enclosure], held: tuple[Op, ...]) -> None:
        self._known, self.given = known, dict[Node, Enclosure]()
        self.of = moved_with(roots, self._added, held)

    def _added(self, node: Node) -> Node | None:
        """A leaf for the jump of a node itself, beyond what its arguments bring."""
        if node.op not in SWITCHES:
            return None
        c = self._known[node.args[0]]
        open_ = (c.low <= 0.0) & (c.high >= 0.0) & ((c.low < 0.0) | (c.high > 0.0))
        if not open_.any():
            return None
        most = self._most(node)
        open_ = open_.reshape(*open_.shape, *(1,) * (most.low.ndim - open_.ndim))
        made = leaf(node.kind)
        low, high = np.where(open_, most.low, 0.0), np.where(open_, most.high, 0.0)
        self.given[made] = bounds(low, high)
        return made

    def _most(self, node: Node) -> Enclosure:
        """By how much a switch changes when it does."""
        if node.op is not ops.select:
            most = 1.0 if node.op is ops.step else 2.0
            shape = self._known[node].shape
            return bounds(np.full(shape, -most), np.full(shape, most))
        a, b = (_wide(self._known[x], x, node) for x in node.args[1:])
        change = subtract(a, b)
        return hull([change, multiply(bounds(-1.0, -1.0), change)])


def _wide(value: Enclosure, argument: Node, node: Node) -> Enclosure:
    missing = len(node.kind.shape) - len(argument.kind.shape)
    return value.map(lambda x: x.reshape(*x.shape, *(1,) * missing))


def moved_with(
    roots: Iterable[Node], added: Callable[[Node], Node | None], held: tuple[Op, ...]
) -> dict[Node, Node | None]:
    """As `moved`, where a change of a node comes on top of that of its arguments."""
    found: dict[Node, Node | None] = {}
    for node in topological(roots):
        own = [found[a] for a in node.args]
        carried = None
        if node.op not in held and any(t is not None for t in own):
            carried = node.op.pushforward(node, own)
        extra = added(node)
        found[node] = carried if extra is None else extra if carried is None else ops.add(carried, extra)
    return found
