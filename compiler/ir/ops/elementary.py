"""Elementwise operations: each component of each entry by itself."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import pi, sqrt

from ...chemistry.units import ONE
from .. import interval
from ..graph import IntervalRule, KindRule, Lazy, Liveness, Node, Op, Pullback, Pushforward, register
from ..live import CHOICE, KEEPS_ZERO, POINTWISE, POWER, PRODUCT, SUM
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


def _summed(node: Node, parts: Sequence[Node | None]) -> Node | None:
    """The sum of the tangents that there are."""
    total: Node | None = None
    for part in parts:
        if part is not None:
            total = part if total is None else add(total, part)
    return None if total is None else widened(total, node)


def _by_slope(slope: Callable[[Node, Node], Node]) -> tuple[Pullback, Pushforward]:
    """The derivatives of f with f'(x) = slope(x, f(x))."""

    def pullback(node: Node, g: Node) -> list[Lazy]:
        return [lambda: mul(g, slope(node.args[0], node))]

    def pushforward(node: Node, tangents: Sequence[Node | None]) -> Node | None:
        (t,) = tangents
        return None if t is None else mul(t, slope(node.args[0], node))

    return pullback, pushforward


def _function(
    name: str,
    scalar: Callable[..., float],
    range_of: Callable[[interval.Range], interval.Range],
    slope: Callable[[Node, Node], Node],
    traits: Trait,
    role: Role,
    kind: KindRule,
    flops: Callable[[Node], float],
) -> Op:
    """A function of one argument."""
    pullback, pushforward = _by_slope(slope)
    return register(
        Op(
            name=name,
            kind=kind,
            traits=ELEMENTWISE | traits,
            scalar=scalar,
            interval=rules.of_arguments(range_of),
            pullback=pullback,
            pushforward=pushforward,
            flops=flops,
            live=KEEPS_ZERO if Trait.KEEPS_ZERO in traits else POINTWISE,
            role=role,
        )
    )


def _flat(x: Node, f: Node) -> Node:
    """The slope of a function of steps."""
    return constant(0.0, ONE / x.kind.unit)


# --- kinds -------------------------------------------------------------------------------------


def _sum_kind(a: Node, b: Node) -> Kind:
    domain, shape = rules.joined(a, b)
    return Kind(domain, shape, rules.same_unit("add or compare", a, b))


def _product_kind(a: Node, b: Node) -> Kind:
    domain, shape = rules.joined(a, b)
    return Kind(domain, shape, a.kind.unit * b.kind.unit)


def _same_kind(a: Node) -> Kind:
    return a.kind


def _plain_kind(a: Node) -> Kind:
    rules.need_plain("the argument of a function", a)
    return a.kind


def _unitless_kind(a: Node) -> Kind:
    return a.kind.of_unit(ONE)


# --- sums and products -------------------------------------------------------------------------

add: Op = register(
    Op(
        name="add",
        kind=_sum_kind,
        traits=ELEMENTWISE | Trait.LINEAR | Trait.COMMUTES | Trait.CHAINS,
        scalar=lambda a, b: a + b,
        interval=rules.of_arguments(interval.add),
        pullback=lambda node, g: [lambda: g, lambda: g],
        pushforward=_summed,
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
    return _summed(node, [None if s is None else mul(s, y), None if t is None else mul(x, t)])


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
        kind=_same_kind,
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
    power = Fraction(exponent).limit_denominator(24)
    if a.kind.unit != ONE and builtins.abs(float(power) - exponent) > 1e-12:
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


_pow_pullback, _pow_pushforward = _by_slope(_pow_slope)

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


def _power_kind(a: Node, exponent: Node) -> Kind:
    """a^exponent for a ≥ 0 and any dimensionless exponent; 0 at a = 0."""
    rules.need_plain("the base of a general power", a)
    rules.need_plain("an exponent", exponent)
    domain, shape = rules.joined(a, exponent)
    return Kind(domain, shape, ONE)


def _power_adjoints(node: Node, g: Node) -> list[Lazy]:
    x, y = node.args
    return [
        lambda: mul(mul(g, y), power(x, add(y, constant(-1.0)))),
        lambda: mul(mul(g, node), log(x)),
    ]


def _power_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    (x, y), (s, t) = node.args, tangents
    by_base = None if s is None else mul(mul(s, y), power(x, add(y, constant(-1.0))))
    by_exponent = None if t is None else mul(mul(t, node), log(x))
    return _summed(node, [by_base, by_exponent])


power: Op = register(
    Op(
        name="power",
        kind=_power_kind,
        traits=ELEMENTWISE | Trait.CALL | Trait.DIVERGES,
        scalar=power_of,
        interval=rules.of_arguments(interval.general_power),
        pullback=_power_adjoints,
        pushforward=_power_tangent,
        flops=rules.call,
        live=POINTWISE,
        role=Role.FUNCTION,
    )
)

# --- functions ---------------------------------------------------------------------------------

exp: Op = _function(
    "exp",
    math.exp,
    interval.rising(interval.exp),
    slope=lambda x, f: f,
    traits=Trait.CALL,
    role=Role.OWN,
    kind=_plain_kind,
    flops=rules.call,
)
log: Op = _function(
    "log",
    math.log,
    interval.rising(interval.log),
    slope=lambda x, f: pow(x, exponent=-1.0),
    traits=Trait.CALL | Trait.DIVERGES,
    role=Role.FUNCTION,
    kind=_plain_kind,
    flops=rules.call,
)
erfc: Op = _function(
    "erfc",
    math.erfc,
    interval.falling(math.erfc),
    slope=lambda x, f: mul(constant(-2.0 / sqrt(pi)), exp(neg(pow(x, exponent=2.0)))),
    traits=Trait.CALL,
    role=Role.OWN,
    kind=_plain_kind,
    flops=rules.call,
)
sin: Op = _function(
    "sin",
    math.sin,
    lambda a: interval.UNIT,
    slope=lambda x, f: cos(x),
    traits=Trait.CALL | Trait.KEEPS_ZERO | Trait.ODD,
    role=Role.ODD,
    kind=_plain_kind,
    flops=rules.call,
)
cos: Op = _function(
    "cos",
    math.cos,
    interval.cos,
    slope=lambda x, f: neg(sin(x)),
    traits=Trait.CALL | Trait.EVEN,
    role=Role.EVEN,
    kind=_plain_kind,
    flops=rules.call,
)
tanh: Op = _function(
    "tanh",
    math.tanh,
    interval.rising(math.tanh),
    slope=lambda x, f: add(constant(1.0), neg(pow(f, exponent=2.0))),
    traits=Trait.CALL | Trait.KEEPS_ZERO | Trait.ODD,
    role=Role.ODD,
    kind=_plain_kind,
    flops=rules.call,
)
abs: Op = _function(
    "abs",
    builtins.abs,
    interval.absolute,
    slope=lambda x, f: sign(x),
    traits=Trait.KEEPS_ZERO | Trait.EVEN,
    role=Role.OWN,
    kind=_same_kind,
    flops=rules.each,
)
sign: Op = _function(  # sign(0) = 0
    "sign",
    lambda x: float((x > 0) - (x < 0)),
    interval.rising(lambda x: float((x > 0.0) - (x < 0.0))),
    slope=_flat,
    traits=Trait.KEEPS_ZERO | Trait.ODD,
    role=Role.ODD,
    kind=_unitless_kind,
    flops=rules.each,
)
step: Op = _function(  # step(x) = 1 where x > 0, else 0
    "step",
    lambda x: float(x > 0),
    interval.rising(lambda x: float(x > 0.0)),
    slope=_flat,
    traits=Trait.KEEPS_ZERO,
    role=Role.OWN,
    kind=_unitless_kind,
    flops=rules.each,
)

# --- choices -----------------------------------------------------------------------------------


def _extremum(
    name: str,
    scalar: Callable[[float, float], float],
    range_of: IntervalRule,
    gap: Callable[[Node, Node], Node],
    live: Liveness,
) -> Op:
    """max or min; the first argument is taken where gap > 0."""

    def pullback(node: Node, g: Node) -> list[Lazy]:
        taken = step(gap(*node.args))
        return [lambda: mul(g, taken), lambda: mul(g, add(constant(1.0), neg(taken)))]

    def pushforward(node: Node, tangents: Sequence[Node | None]) -> Node | None:
        taken, (s, t) = step(gap(*node.args)), tangents
        left = None if s is None else mul(s, taken)
        right = None if t is None else mul(t, add(constant(1.0), neg(taken)))
        return _summed(node, [left, right])

    return register(
        Op(
            name=name,
            kind=_sum_kind,
            traits=ELEMENTWISE | Trait.COMMUTES,
            scalar=scalar,
            interval=range_of,
            pullback=pullback,
            pushforward=pushforward,
            flops=rules.each,
            live=live,
            role=Role.OWN,
        )
    )


max: Op = _extremum(
    "max",
    builtins.max,
    lambda node, args: (builtins.max(args[0][0], args[1][0]), builtins.max(args[0][1], args[1][1])),
    gap=lambda x, y: add(x, neg(y)),
    live=SUM,
)
min: Op = _extremum(
    "min",
    builtins.min,
    lambda node, args: (builtins.min(args[0][0], args[1][0]), builtins.min(args[0][1], args[1][1])),
    gap=lambda x, y: add(y, neg(x)),
    live=SUM,
)


def _select_kind(condition: Node, positive: Node, other: Node) -> Kind:
    """`positive` where condition > 0, else `other`."""
    domain, shape = rules.joined(condition, positive, other)
    return Kind(domain, shape, rules.same_unit("choose between", positive, other))


def _zeros(like: Node) -> Node:
    return constant((0.0,) * like.kind.components, like.kind.unit, shape=like.kind.shape)


def _select_adjoints(node: Node, g: Node) -> list[Lazy]:
    c = node.args[0]
    zero = _zeros(g)
    flat = constant(0.0, g.kind.unit * node.kind.unit / c.kind.unit, domain=node.kind.domain)
    return [lambda: flat, lambda: select(c, g, zero), lambda: select(c, zero, g)]


def _select_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    c, (_, s, t) = node.args[0], tangents
    if s is None and t is None:
        return None
    there = s if s is not None else t
    assert there is not None
    zero = _zeros(there)
    return widened(select(c, zero if s is None else s, zero if t is None else t), node)


select: Op = register(
    Op(
        name="select",
        kind=_select_kind,
        traits=ELEMENTWISE,
        scalar=lambda c, a, b: a if c > 0 else b,
        interval=rules.of_arguments(interval.select),
        pullback=_select_adjoints,
        pushforward=_select_tangent,
        flops=rules.each,
        live=CHOICE,
        role=Role.OWN,
    )
)
