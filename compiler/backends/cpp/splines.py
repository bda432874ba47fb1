"""Splines: cubics whose knots are read where they lie in their table, and what is added to the knots about a
place. All that this target knows of `interpolate` and `to_knots` is here, with `prelude/splines.hpp`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...ir import ops
from ...ir.graph import Node
from .rules import Body, lowers
from .writer import Value, vector

PART = "splines.hpp"  # of the prelude


def are_in(nodes: Iterable[Node]) -> bool:
    """Whether the prelude's part is needed."""
    return any(node.op in (ops.interpolate, ops.to_knots) for node in nodes)


def arguments(node: Node) -> Sequence[Node]:
    """The arguments of an operation that its rule reads as values."""
    return node.args[:1] if node.op is ops.interpolate else node.args


def are_added(node: Node) -> bool:
    """Whether these are the adjoints of knots: four numbers, which are added to a table and never a value."""
    return node.op is ops.to_knots


def added(node: Node, to: str, weight: Value, place: Value) -> str:
    """The addition of a node with `are_added` to the row of a table."""
    call = f"add_to_knots<{node['order']}>"
    return f"{call}({to}, valid, {vector(weight[0])}, {vector(place[0])}, {node['size'] // 2});"


@lowers(ops.interpolate)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    (x,), knots = args[0], node.args[1]
    size, order = knots.kind.components, node["order"]
    return [body.writer.let(f"interpolate<{order}>({vector(x)}, {body.pointer(knots)}, {size // 2})")]
