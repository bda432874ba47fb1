"""Splines: their numbers are read where they lie in their table, and adjoints added to those about a place.
All that this target knows of `interpolate`, `bspline` and their adjoints is here, with `prelude/splines.hpp`
and `prelude/bsplines.hpp`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from ...ir import ops
from ...ir.bsplines import Knots, functions, pieces
from ...ir.graph import Node
from ...ir.rows import row_of
from .rules import Body, lowers
from .writer import Value, Writer, literal, vector

# of the prelude, and what needs them
_PARTS = {"splines.hpp": (ops.interpolate, ops.to_knots), "bsplines.hpp": (ops.bspline, ops.to_bspline)}
# a number of the neighbour j, in a loop over k
_SHARED = re.compile(r"broadcast\((atj\[.*\])\)")


def parts(nodes: Iterable[Node]) -> list[str]:
    """The parts of the prelude that are needed."""
    used = {node.op for node in nodes}
    return [name for name, operations in _PARTS.items() if not used.isdisjoint(operations)]


def definitions(knots: Mapping[Knots, int]) -> list[str]:
    """The polynomials of all B-splines of a file, by the numbers of their knots."""
    lines = ["namespace potentia {"]
    for own, number in knots.items():
        found, name = pieces(own), f"KNOTS_{number}"
        numbers = [a for interval in found.weights for function in interval for a in function]
        for letter, values in (("t", own), ("p", numbers)):
            lines.append(f"static const real {name}_{letter}[] = {{{', '.join(map(literal, values))}}};")
        lines.append(f"static const Knots {name} = {{{found.functions}, {name}_t, {name}_p}};")
    return [*lines, "}  // namespace potentia"] if knots else []


def arguments(node: Node) -> Sequence[Node]:
    """The arguments of an operation that its rule reads as values."""
    return node.args if row_of(node) is None else node.args[:-1]


def are_added(node: Node) -> bool:
    """Whether these are adjoints of a table: few numbers, which are added to it and never a value."""
    return node.op in (ops.to_knots, ops.to_bspline)


class Lines(Protocol):
    """What splines ask of the loop body that they are in. outside: statements before its innermost loop."""

    writer: Writer
    outside: Writer

    @property
    def knots(self) -> dict[Knots, int]: ...


def added(body: Lines, node: Node, to: str, weight: Value, *values: Value) -> str:
    """The addition of a node with `are_added` to the row of a table."""
    given = f"{to}, valid, {vector(weight[0])}"
    if node.op is ops.to_knots:
        return f"add_to_knots<{node['order']}>({given}, {vector(values[0][0])}, {node['size'] // 2});"
    count, sizes, places, weights = _texts(body, node, values)
    return f"add_to_bspline<{count}>({given}, {sizes}, {places}, {weights});"


@lowers(ops.interpolate)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    (x,), knots = args[0], node.args[1]
    size, order = knots.kind.components, node["order"]
    return [body.writer.let(f"interpolate<{order}>({vector(x)}, {body.pointer(knots)}, {size // 2})")]


@lowers(ops.bspline)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    """A first value that all lanes share, r_ij of a triple, is summed over before the loop over the lanes."""
    shared = _SHARED.fullmatch(str(args[0][0])) if len(args) > 1 else None
    pointer = body.pointer(node.args[-1])
    if shared is not None:
        first, *others = node["knots"]
        rest = functions(tuple(others))
        given = f"{pointer}, {rest}, {_name(body, first)}, {shared[1]}"
        pointer = body.outside.array(rest, f"sum_first<{node['orders'][0]}>", given)
    count, sizes, places, weights = _texts(body, node, args, first=shared is not None)
    near = body.writer.once(f"Near<{count}>", f"near<{count}>({pointer}, {sizes}, {places})")
    return [body.writer.let(f"bspline<{count}>({near}, {weights})")]


class _Texts(NamedTuple):
    """Of some values, as arguments in C++: how many, the numbers of functions, places, weights."""

    values: int
    sizes: str
    places: str
    weights: str


def _texts(body: Lines, node: Node, values: Sequence[Value], first: int = 0) -> _Texts:
    """Of the values of a node from one on. What several sums have in common is written once for a loop."""
    places, weights = [], []
    for own, (x,), order in list(zip(node["knots"], values, node["orders"], strict=True))[first:]:
        name = _name(body, own)
        places.append(body.writer.once("Place", f"place({name}, {vector(x)})"))
        weights.append(body.writer.once("Weights", f"weights<{order}>({name}, {places[-1]})"))
    sizes = ", ".join(str(len(own) - 1) for own in node["knots"][first:])
    addresses = (", ".join(f"&{name}" for name in names) for names in (places, weights))
    return _Texts(len(places), f"{{{sizes}}}", *(f"{{{a}}}" for a in addresses))


def _name(body: Lines, own: Knots) -> str:
    return f"KNOTS_{body.knots.setdefault(own, len(body.knots))}"
