"""Cubic B-splines of one or several values, with coefficients that are numbers of a table, and their adjoint.

    Σ_kl… c_kl… B_k(x) B_l(y) …

The functions B are those of `ir/bsplines.py`; the coefficients are one row, those of the last value fastest.
`orders` are those of derivatives by each value, up to 3.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..bsplines import WIDTH, functions
from ..graph import Lazy, Node, Op, register
from ..live import EVERYTHING
from ..traits import Role, Trait
from ..types import NONE, TABLES, Kind, KindError
from . import rules
from .arithmetic import mul, summed
from .leaves import constant
from .splines import HIGHEST, need_place

Knots = tuple[tuple[float, ...], ...]
# operations of the weights of a value
_WEIGHTS = 30.0


def _bspline_kind(*args: Node, knots: Knots, orders: tuple[int, ...]) -> Kind:
    """The sum of products of functions, or its derivative. args: the values, then the coefficients."""
    *places, row = args
    for x in places:
        need_place(x)
    n = functions(knots)
    if row.kind.shape != (n,):
        message = f"these knots have {n} coefficients in a row, not {row.kind.components}"
        raise KindError("shape-mismatch", message, "declare as many: `param c[size(knots) - 1] = 0 eV`")
    return Kind(rules.domain_of(*args), (), row.kind.unit)


def _to_bspline_kind(*args: Node, knots: Knots, orders: tuple[int, ...]) -> Kind:
    """The adjoint by the coefficients. args: g, then the values."""
    g, *places = args
    for x in places:
        need_place(x)
    return Kind(rules.domain_of(*args), (functions(knots),), g.kind.unit)


def _slopes(places: Sequence[Node], row: Node, node: Node, d: int) -> Node:
    """The derivative of `bspline(places, row)` by value d, of one order more than the node has."""
    orders = node["orders"]
    if orders[d] == HIGHEST:
        domain = rules.domain_of(*places, row)
        return constant(0.0, row.kind.unit, domain=NONE if domain.name in TABLES else domain)
    higher = (*orders[:d], orders[d] + 1, *orders[d + 1 :])
    return bspline(*places, row, knots=node["knots"], orders=higher)


def _bspline_adjoints(node: Node, g: Node) -> list[Lazy]:
    *places, row = node.args

    def by_place(d: int) -> Lazy:
        return lambda: mul(g, _slopes(places, row, node, d))

    return [*map(by_place, range(len(places))), lambda: to_bspline(g, *places, **dict(node.attrs))]


def _bspline_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    *places, row = node.args
    *moved, t = tangents
    parts = [None if s is None else mul(s, _slopes(places, row, node, d)) for d, s in enumerate(moved)]
    return summed(node, [*parts, None if t is None else bspline(*places, t, **dict(node.attrs))])


def _to_bspline_adjoints(node: Node, g: Node) -> list[Lazy]:
    weight, *places = node.args

    def by_place(d: int) -> Lazy:
        return lambda: mul(weight, _slopes(places, g, node, d))

    return [lambda: bspline(*places, g, **dict(node.attrs)), *map(by_place, range(len(places)))]


def _to_bspline_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    weight, *places = node.args
    s, *moved = tangents
    knots, orders = node["knots"], node["orders"]
    parts = [None if s is None else to_bspline(s, *places, knots=knots, orders=orders)]
    for d, t in enumerate(moved):
        if t is not None and orders[d] < HIGHEST:
            higher = (*orders[:d], orders[d] + 1, *orders[d + 1 :])
            parts.append(to_bspline(mul(weight, t), *places, knots=knots, orders=higher))
    return summed(node, parts)


def _flops(node: Node) -> float:
    values = len(node["knots"])
    return _WEIGHTS * values + 2.0 * WIDTH**values


bspline: Op = register(
    Op(
        name="bspline",
        kind=_bspline_kind,
        traits=Trait.LOCAL,
        scalar=None,
        interval=rules.unbounded,
        pullback=_bspline_adjoints,
        pushforward=_bspline_tangent,
        flops=_flops,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)
to_bspline: Op = register(
    Op(
        name="to_bspline",
        kind=_to_bspline_kind,
        traits=Trait.LOCAL,
        scalar=None,
        interval=rules.unbounded,
        pullback=_to_bspline_adjoints,
        pushforward=_to_bspline_tangent,
        flops=_flops,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)
