"""Functions of B-splines on knots: sums of them, and coefficients that two values share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from math import isfinite

from ..chemistry.units import ONE, Unit
from ..ir import ops
from ..ir.bsplines import FEWEST, Knots, pieces
from ..ir.graph import Node, topological
from ..ir.rewrite import remake
from ..ir.rows import CARRIERS
from ..ir.traits import Trait
from ..ir.types import KindError
from .integers import whole
from .registry import Use, builtin
from .values import Quantity, Value, Values, as_node

# the coefficients of three values are numbers of a triple of atoms
_MOST = 3


@builtin(usage="bspline(c, r, knots), and two arguments more for each further value")
def bspline(use: Use, c: Value, *values: Value) -> Node:
    """bspline(c, x, knots, y, knots, …): Σ_kl… c_kl… B_k(x) B_l(y) …, cubic B-splines on knots"""
    usage = "usage: bspline(c, r, knots)"
    if not isinstance(c, Node) or len(values) % 2 or not 1 <= len(values) // 2 <= _MOST:
        message = f"`bspline` takes coefficients, then a value and its knots, for one to {_MOST} values"
        raise use.fault("wrong-arguments", message, usage)
    require_parameters(c, "coefficients", "declare them: `param c[size(knots) - 1] = 0 eV`")
    places, knots = [], []
    for x, own in zip(values[::2], values[1::2], strict=True):
        if not isinstance(x, (Quantity, Node)) or not isinstance(own, Values):
            raise use.fault("wrong-arguments", "`bspline` takes a value, then a list of its knots", usage)
        place = as_node(x)
        knots.append(_knots(use, own, place.kind.unit))
        places.append(ops.mul(place, ops.constant(1.0, ONE / place.kind.unit)))
    return ops.bspline(*places, c, knots=tuple(knots), orders=(0,) * len(knots))


def require_parameters(row: Node, what: str, help: str) -> None:
    """Raise KindError where the numbers of a spline depend on positions."""
    if any(n.op.traits & (Trait.POSITION | Trait.SUM) for n in topological([row])):
        raise KindError("not-a-parameter", f"{what} do not depend on the places of atoms", help)


def _knots(use: Use, own: Values, unit: Unit) -> Knots:
    found = []
    for item in own.items:
        if not isinstance(item, Quantity) or not (item.bare or item.unit == unit):
            raise use.fault("wrong-unit", f"knots are in {unit}, as the value before them")
        found.append(item.value)
    if len(found) < FEWEST:
        raise use.fault("bad-knots", f"there are {len(found)} knots, but at least {FEWEST} are needed")
    for k, (a, b) in enumerate(pairwise(found), 2):
        if not (isfinite(a) and isfinite(b) and a < b):
            message = f"knot {k} is {b:g}, and the one before it {a:g}: knots increase"
            raise use.fault("bad-knots", message, "`linspace(0.5 Å, rc, 12)` makes even ones")
    knots = tuple(found)
    if not all(isfinite(a) for interval in pieces(knots).weights for p in interval for a in p):
        raise use.fault(
            "bad-knots", "two knots are so near to each other that the cubic between them overflows"
        )
    return knots


@builtin(counts=True)
def symmetric(use: Use, c: Value, n: Value) -> Node:
    """symmetric(c, n): c_kl… of all k, l < n from a row of those with k ≤ l, where c_lk… = c_kl…"""
    size = whole(n, use.call.span, "the number of functions", 1)
    packed = size * (size + 1) // 2
    if not isinstance(c, Node) or len(c.kind.shape) != 1 or c.kind.components % packed:
        message = f"`symmetric` of {size} functions takes a row of {packed} numbers, or a multiple of them"
        raise use.fault("wrong-arguments", message, "declare them: `param c[n * (n + 1) / 2] = 0 eV`")
    rest = c.kind.components // packed
    indices: list[int] = []
    for pair in product(range(size), repeat=2):
        low, high = sorted(pair)
        first = (low * size - low * (low - 1) // 2 + high - low) * rest
        indices += range(first, first + rest)
    return _of_table(c, lambda table: ops.take(table, indices=tuple(indices)))


def _of_table(row: Node, change: Callable[[Node], Node]) -> Node:
    """A change of the numbers of a row, made in the table that the row is read from."""
    if row.op not in CARRIERS:
        return change(row)
    return remake(row, (_of_table(row.args[0], change),))
