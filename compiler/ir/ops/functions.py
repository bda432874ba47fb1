"""Functions of single values: elementwise, each component of each entry by itself."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from math import pi, sqrt

from ...chemistry.units import ONE
from .. import interval
from ..graph import KindRule, Lazy, Node, Op, register
from ..live import KEEPS_ZERO, POINTWISE
from ..traits import Role, Trait
from ..types import Kind
from . import rules
from .arithmetic import ELEMENTWISE, add, by_slope, mul, neg, pow, power_of, same_kind, summed
from .leaves import constant


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
    pullback, pushforward = by_slope(slope)
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


def _plain_kind(a: Node) -> Kind:
    rules.need_plain("the argument of a function", a)
    return a.kind


def _unitless_kind(a: Node) -> Kind:
    return a.kind.of_unit(ONE)


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
    kind=same_kind,
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

# --- general powers ------------------------------------------------------------------------------


def _power_kind(a: Node, exponent: Node) -> Kind:
    """a^exponent for a ≥ 0 and any dimensionless exponent; 0 at a = 0."""
    rules.need_plain("the base of a general power", a)
    rules.need_plain("an exponent", exponent)
    domain, shape = rules.joined(a, exponent)
    return Kind(domain, shape, ONE)


def _finite_log(x: Node) -> Node:
    """log x, but finite at x = 0, where x^y and its slope by y are 0; in single precision too."""
    return log(add(x, constant(1e-37)))


def _power_adjoints(node: Node, g: Node) -> list[Lazy]:
    x, y = node.args
    return [
        lambda: mul(mul(g, y), power(x, add(y, constant(-1.0)))),
        lambda: mul(mul(g, node), _finite_log(x)),
    ]


def _power_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    (x, y), (s, t) = node.args, tangents
    by_base = None if s is None else mul(mul(s, y), power(x, add(y, constant(-1.0))))
    by_exponent = None if t is None else mul(mul(t, node), _finite_log(x))
    return summed(node, [by_base, by_exponent])


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
