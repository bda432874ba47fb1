"""Sums, products and powers: elementwise, each component of each entry by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from ...chemistry.units import ONE
from .. import interval
from ..graph import Lazy, Node, Op, Pullback, Pushforward, register
from ..live import KEEPS_ZERO, POWER, PRODUCT, SUM
from ..traits import Role, Trait
from ..types import TABLES, Kind, KindError
from . import rules
from .leaves import constant

ELEMENTWISE = Trait.POINTWISE | Trait.LOCAL

# --- derivatives -------------------------------------------------------------------------------


def widened(t: Node, node: Node) -> Node:
    """A tangent with the domain and the shape of the node that it belongs to."""
    domain, shape = node.kind.domain, node.kind.shape
    if t.kind.domain == domain and t.kind.shape == shape:
        return t
    if domain.name in TABLES and t.kind.domain != domain:
        return add(t, mul(constant(0.0, t.kind.unit / node.kind.unit), node))
    return mul(t, constant((1.0,) * node.kind.components, domain=domain, shape=shape))


def summed(node: Node, parts: Sequence[Node | None]) -> Node | None:
    """The sum of the tangents that there are."""
    total: Node | None = None
    for part in parts:
        if part is not None:
            total = part if total is None else add(total, part)
    return None if total is None else widened(total, node)


def by_slope(slope: Callable[[Node, Node], Node]) -> tuple[Pullback, Pushforward]:
    """The derivatives of f with f'(x) = slope(x, f(x))."""

    def pullback(node: Node, g: Node) -> list[Lazy]:
        return [lambda: mul(g, slope(node.args[0], node))]

    def pushforward(node: Node, tangents: Sequence[Node | None]) -> Node | None:
        (t,) = tangents
        return None if t is None else mul(t, slope(node.args[0], node))

    return pullback, pushforward


# --- kinds -------------------------------------------------------------------------------------


def sum_kind(a: Node, b: Node) -> Kind:
    domain, shape = rules.joined(a, b)
    return Kind(domain, shape, rules.same_unit("add or compare", a, b))


def _product_kind(a: Node, b: Node) -> Kind:
    domain, shape = rules.joined(a, b)
    return Kind(domain, shape, a.kind.unit * b.kind.unit)


def same_kind(a: Node) -> Kind:
    return a.kind


# --- sums and products -------------------------------------------------------------------------

add: Op = register(
    Op(
        name="add",
        kind=sum_kind,
        traits=ELEMENTWISE | Trait.LINEAR | Trait.COMMUTES | Trait.CHAINS,
        scalar=lambda a, b: a + b,
        interval=rules.of_arguments(interval.add),
        pullback=lambda node, g: [lambda: g, lambda: g],
        pushforward=summed,
        flops=rules.each,
        live=SUM,
        role=Role.OWN,
    )
)


def _product_adjoints(node: Node, g: Node) -> list[Lazy]:
    x, y = node.args
    return [lambda: mul(g, y), lambda: mul(g, x)]


def _product_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    (x, y), (s, t) = node.args, tangents
    return summed(node, [None if s is None else mul(s, y), None if t is None else mul(x, t)])


mul: Op = register(
    Op(
        name="mul",
        kind=_product_kind,
        traits=ELEMENTWISE | Trait.MULTILINEAR | Trait.COMMUTES | Trait.CHAINS,
        scalar=lambda a, b: a * b,
        interval=rules.of_arguments(interval.product),
        pullback=_product_adjoints,
        pushforward=_product_tangent,
        flops=rules.each,
        live=PRODUCT,
        role=Role.OWN,
    )
)

neg: Op = register(
    Op(
        name="neg",
        kind=same_kind,
        traits=ELEMENTWISE | Trait.LINEAR | Trait.KEEPS_ZERO | Trait.ODD,
        scalar=lambda x: -x,
        interval=rules.of_arguments(interval.negative),
        pullback=lambda node, g: [lambda: neg(g)],
        pushforward=rules.again,
        flops=rules.each,
        live=KEEPS_ZERO,
        role=Role.OWN,
    )
)

# --- powers ------------------------------------------------------------------------------------


def _pow_kind(a: Node, *, exponent: float) -> Kind:
    """a^exponent. A fractional power is 0 at 0, and so is its derivative: no neighbours, no density, no
    force.
    """
    if a.kind.unit == ONE:
        return a.kind
    power = Fraction(exponent).limit_denominator(24)
    if abs(float(power) - exponent) > 1e-12:
        raise KindError(
            "wrong-unit", f"{a.kind.unit} cannot be raised to {exponent:g}", "divide by a unit first"
        )
    return a.kind.of_unit(a.kind.unit**power)


def _pow_slope(x: Node, f: Node) -> Node:
    p = f["exponent"]
    return mul(constant(p), pow(x, exponent=p - 1.0))


def power_of(x: float, p: float) -> float:
    """x^p; a fractional power is 0 at 0, 1/0 is infinite. Raises ValueError for a root of x < 0."""
    if p == int(p):
        return math.inf if x == 0.0 and p < 0.0 else float(x ** int(p))
    return 0.0 if x == 0.0 else float(math.pow(x, p))


_pow_pullback, _pow_pushforward = by_slope(_pow_slope)

pow: Op = register(
    Op(
        name="pow",
        kind=_pow_kind,
        traits=ELEMENTWISE | Trait.CALL,
        scalar=lambda x, exponent: power_of(x, exponent),
        interval=lambda node, args: interval.power(args[0], node["exponent"]),
        pullback=_pow_pullback,
        pushforward=_pow_pushforward,
        flops=rules.call,
        live=POWER,
        role=Role.OWN,
    )
)
