"""How values change: tangents of graphs where some moves are held, and jumps where a branch is taken.

Both are enclosures of what `pushforward` makes, with leaves whose enclosure is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count

import numpy as np

from ..ir import ops
from ..ir.graph import Node, topological
from ..ir.types import Kind
from .enclosure import Enclosure, Mask, Values, subtract

SWITCHES = (ops.step, ops.sign, ops.select)
KINKS = (ops.max, ops.min, ops.abs)
_names = count()
Tangents = dict[Node, Node | None]


def leaf(kind: Kind) -> Node:
    """A new leaf, whose enclosure is given."""
    return ops.param(name=f"any {next(_names)}", kind=kind)


Held = Callable[[Node], bool]
Change = Callable[[Node], Node | None]


def moved(roots: Iterable[Node], start: Change, held: Held, added: Change = lambda node: None) -> Tangents:
    """The tangent of each node, None for 0.

    start(node): that of a node from which changes come, None for others. held: nodes that do not change.
    added(node): a change on top of the one that its arguments bring.
    """
    found: dict[Node, Node | None] = {}
    for node in topological(roots):
        begun, own = start(node), [found[a] for a in node.args]
        if begun is None and not held(node) and any(t is not None for t in own):
            begun = node.op.pushforward(node, own)
        extra = added(node)
        found[node] = begun if extra is None else extra if begun is None else ops.add(begun, extra)
    return found


class Jumps:
    """The jump of each value where a step, sign or choice changes its branch, by the mean value theorem: that
    of the branch times the slopes in between. What is continuous with a kink (max, min, abs) has slopes of
    both sides in its enclosure.

    of: the jump of each node, None for 0. sizes: of its leaves, one for each branch, the largest jump in each
    cell.
    """

    def __init__(
        self,
        roots: Iterable[Node],
        known: Mapping[Node, Enclosure],
        held: Held,
        looked_at: Callable[[Node], Mask],
    ) -> None:
        """looked_at(node): the cells where jumps of a switch count; elsewhere it is taken not to change."""
        self._known, self._looked_at, self.sizes = known, looked_at, dict[Node, Values]()
        self.of = moved(roots, lambda node: None, held, self._branch)

    def _branch(self, node: Node) -> Node | None:
        if node.op not in SWITCHES:
            return None
        c = self._known[node.args[0]]
        open_ = (c.low <= 0.0) & (c.high >= 0.0) & ((c.low < 0.0) | (c.high > 0.0))
        if not open_.any():
            return None
        here = self._looked_at(node)
        open_ = open_ & here.reshape(len(here), *(1,) * (open_.ndim - 1))
        made, most = leaf(node.kind), self._most(node)
        open_ = open_.reshape(*open_.shape, *(1,) * (most.ndim - open_.ndim))
        self.sizes[made] = np.where(open_, most, 0.0)
        return made

    def _most(self, node: Node) -> Values:
        """By how much a switch changes when it does."""
        if node.op is not ops.select:
            return np.full(self._known[node].shape, 1.0 if node.op is ops.step else 2.0)
        a, b = (_wide(self._known[x], x, node) for x in node.args[1:])
        return subtract(a, b).size


def _wide(value: Enclosure, argument: Node, node: Node) -> Enclosure:
    missing = len(node.kind.shape) - len(argument.kind.shape)
    return value.map(lambda x: x.reshape(*x.shape, *(1,) * missing))
