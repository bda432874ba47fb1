"""Families of basis functions of the distance, all dimensionless and of order one.

None is cut off: terms multiply by `smooth(r, rc)` or another switch.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import pi
from typing import NamedTuple

from ..chemistry.units import ANGSTROM
from ..diagnostics.source import Span
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import LARGEST, KindError
from ..syntax import tree as syntax
from .evaluate import evaluate, fault
from .integers import whole
from .registry import positional
from .scope import Env
from .values import Basis, Quantity, Value, as_node


class Family(NamedTuple):
    """One family of basis functions.

    help: their formula, as editors show it.
    functions: the IR of (basis, r, cutoff), both in Å.
    smallest: the least number of functions.
    starts: it has an argument `start`, its first centre or knot.
    """

    help: str
    functions: Callable[[Basis, Node, Node], Node]
    smallest: int
    starts: bool


def _bessel(basis: Basis, r: Node, cutoff: Node) -> Node:
    t = alg.scale(pi, alg.div(r, cutoff))
    return alg.div(ops.sines(t, n=basis.n), t)


def _chebyshev(basis: Basis, r: Node, cutoff: Node) -> Node:
    return ops.chebyshev(alg.shift(alg.scale(2.0, alg.div(r, cutoff)), -1.0), n=basis.n)


def _gaussian(basis: Basis, r: Node, cutoff: Node) -> Node:
    centres, width = _grid(basis.start, cutoff, basis.n, basis.n - 1)
    return ops.exp(alg.scale(-0.5, alg.square(alg.div(alg.sub(r, centres), width))))


def _spline(basis: Basis, r: Node, cutoff: Node) -> Node:
    # n splines on n − 3 intervals: the first is centred one knot before the start
    knots, width = _grid(basis.start, cutoff, basis.n, basis.n - 3)
    t = ops.abs(alg.shift(alg.div(alg.sub(r, knots), width), 1.0))
    outer = ops.pow(_positive(alg.sub(ops.constant(2.0), t)), exponent=3.0)
    inner = ops.pow(_positive(alg.sub(ops.constant(1.0), t)), exponent=3.0)
    return alg.scale(1.0 / 6.0, alg.sub(outer, alg.scale(4.0, inner)))


def _positive(a: Node) -> Node:
    return ops.max(a, ops.constant(0.0))


def _grid(start: float, cutoff: Node, n: int, intervals: int) -> tuple[Node, Node]:
    """start + k·width for k = 0…n−1, where `intervals` widths reach from start to the cutoff."""
    first = alg.angstrom(start)
    width = alg.scale(1.0 / max(intervals, 1), alg.sub(cutoff, first))
    steps = ops.constant(tuple(float(k) for k in range(n)), shape=(n,))
    return alg.add(first, alg.mul(steps, width)), width


FAMILIES: dict[str, Family] = {
    # j_0 at its zeros
    "bessel": Family(
        "sin(kπx)/(πx), x = r/rc, k = 1…n (doi:10.48550/arXiv.2003.03123, without its constant)",
        _bessel,
        smallest=1,
        starts=False,
    ),
    # of the first kind; doi:10.1016/0021-9991(84)90132-1 gives the use as a radial basis
    "chebyshev": Family("T_{k−1}(2x − 1), x = r/rc, k = 1…n", _chebyshev, smallest=1, starts=False),
    "gaussian": Family(
        "exp(−(r − c_k)²/2w²), centres evenly from `start` (0 Å) to rc, w their distance; n ≥ 2",
        _gaussian,
        smallest=2,
        starts=True,
    ),
    # B₃((r − c_k)/h), the cardinal ones: all n that a cubic on [start, rc] needs
    "spline": Family(
        "cubic B-splines on even knots from `start` (0 Å) to rc; n ≥ 4", _spline, smallest=4, starts=True
    ),
}
ARGUMENTS = {"n": "number of functions", "start": "first centre or knot, Å"}

_SHORT = re.compile(rf"^({'|'.join(FAMILIES)})(\d+)$")


def short_basis(name: syntax.Name) -> Basis | None:
    """The basis that `bessel8` is short for; None for another name. Raises SpecError for a bad size."""
    short = _SHORT.match(name.name)
    return _basis(short[1], int(short[2]), 0.0, name.span) if short else None


def _basis(family: str, n: int, start: float, span: Span) -> Basis:
    smallest = FAMILIES[family].smallest
    if n < smallest:
        raise fault("bad-size", f"`{family}` needs at least {smallest} functions, not {n}", span)
    if n > LARGEST:
        raise fault("too-large", f"`{family}` has {n} functions, but at most {LARGEST}", span)
    return Basis(family, n, start)


def basis_of(call: syntax.Call, env: Env) -> Basis:
    """The basis that `gaussian(n = 8, start = 1.5 Å)` makes. Raises SpecError."""
    starts = FAMILIES[call.name].starts
    usage = f"{call.name}(n=8)" + (" or with start=1.5 Å" if starts else "")
    known = tuple(ARGUMENTS) if starts else ("n",)
    given: dict[str, tuple[Value, Span]] = {}
    for position, argument in enumerate(call.arguments):
        name = argument.name or (known[position] if position < len(known) else "")
        if name not in known:
            message = f"`{call.name}` takes no argument `{argument.name or position + 1}`"
            raise fault("unknown-argument", message, argument.span, f"usage: {usage}")
        if name in given:
            raise fault("duplicate-argument", f"`{name}` is given twice", argument.span)
        given[name] = (evaluate(argument.value, env), argument.span)
    if "n" not in given:
        raise fault("missing-argument", f"`{call.name}` needs `n`", call.span, f"usage: {usage}")
    start, span = given.get("start", (Quantity(0.0), call.span))
    if not isinstance(start, Quantity) or not (start.bare or start.unit == ANGSTROM):
        raise fault("wrong-unit", "`start` is a distance", span)
    return _basis(call.name, whole(*given["n"], "the number of functions", 1), start.value, call.span)


def evaluated_basis(basis: Basis, call: syntax.Call, env: Env) -> Node:
    """The n functions of `basis(r, rc)` at distance r, Å. Raises SpecError, and KindError for other units."""
    r, cutoff = positional(call, env, 2, 2, f"{call.name}(r, rc)")
    if not isinstance(r, (Quantity, Node)) or not isinstance(cutoff, (Quantity, Node)):
        raise fault("not-a-number", "a basis takes two distances", call.span)
    at, end = as_node(r), as_node(cutoff)
    if at.kind.unit != ANGSTROM or end.kind.unit != ANGSTROM:
        raise KindError("wrong-unit", f"a basis takes distances in Å, not {at.kind.unit} and {end.kind.unit}")
    return FAMILIES[basis.family].functions(basis, at, end)
