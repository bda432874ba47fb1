"""Cubics through evenly spaced knots whose values and slopes are numbers of a table, and their adjoint.

    knots = v_0, s_0, v_1, s_1, …: the value and the slope at x = 0, 1, 2, …

Between two knots stands the cubic that has their values and slopes (Hermite); value and slope join. Beyond
the first and the last knot the function goes on straight. `order` is that of a derivative by x, up to 3.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Lazy, Node, Op, register
from ..live import EVERYTHING
from ..traits import Role, Trait
from ..types import NONE, TABLES, Kind, KindError
from . import rules
from .arithmetic import mul, summed
from .leaves import constant

# of a cubic, and all of higher order are 0
HIGHEST = 3
# operations of a cubic: its coefficients, then its value
_CUBIC = 20.0


def need_place(x: Node) -> None:
    """Raise KindError unless x is one plain number."""
    rules.need_plain("the place between knots", x)
    if x.kind.shape:
        raise KindError("shape-mismatch", "a spline takes one place", "write `pick` before it")


def _interpolate_kind(x: Node, knots: Node, *, order: int) -> Kind:
    """The cubic through the knots of a row, or its derivative, at x."""
    need_place(x)
    if len(knots.kind.shape) != 1 or knots.kind.components % 2 or knots.kind.components < 4:
        raise KindError(
            "shape-mismatch",
            f"knots are values and slopes in turn, at least 4 numbers, not {knots.kind.components}",
            "declare them with an even size: `fixed param z[2 * n] = 0 eV`",
        )
    return Kind(rules.domain_of(x, knots), (), knots.kind.unit)


def _to_knots_kind(g: Node, x: Node, *, size: int, order: int) -> Kind:
    """The adjoint of `interpolate` by its knots: g times the weight of each of the numbers."""
    need_place(x)
    return Kind(rules.domain_of(g, x), (size,), g.kind.unit)


def _slope(x: Node, knots: Node, order: int) -> Node:
    """The next derivative by x."""
    if order == HIGHEST:
        domain = rules.domain_of(x, knots)
        return constant(0.0, knots.kind.unit, domain=NONE if domain.name in TABLES else domain)
    return interpolate(x, knots, order=order + 1)


def _interpolate_adjoints(node: Node, g: Node) -> list[Lazy]:
    (x, knots), order = node.args, node["order"]
    size = knots.kind.components
    return [lambda: mul(g, _slope(x, knots, order)), lambda: to_knots(g, x, size=size, order=order)]


def _interpolate_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    (x, knots), (s, t), order = node.args, tangents, node["order"]
    by_place = None if s is None else mul(s, _slope(x, knots, order))
    return summed(node, [by_place, None if t is None else interpolate(x, t, order=order)])


def _to_knots_adjoints(node: Node, g: Node) -> list[Lazy]:
    (weight, x), order = node.args, node["order"]
    return [lambda: interpolate(x, g, order=order), lambda: mul(weight, _slope(x, g, order))]


def _to_knots_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    (weight, x), (s, t), order, size = node.args, tangents, node["order"], node["size"]
    parts = [None if s is None else to_knots(s, x, size=size, order=order)]
    if t is not None and order < HIGHEST:
        parts.append(to_knots(mul(weight, t), x, size=size, order=order + 1))
    return summed(node, parts)


interpolate: Op = register(
    Op(
        name="interpolate",
        kind=_interpolate_kind,
        traits=Trait.LOCAL,
        scalar=None,
        interval=rules.unbounded,
        pullback=_interpolate_adjoints,
        pushforward=_interpolate_tangent,
        flops=lambda node: _CUBIC,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)
to_knots: Op = register(
    Op(
        name="to_knots",
        kind=_to_knots_kind,
        traits=Trait.LOCAL,
        scalar=None,
        interval=rules.unbounded,
        pullback=_to_knots_adjoints,
        pushforward=_to_knots_tangent,
        flops=lambda node: _CUBIC,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)
