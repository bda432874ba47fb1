"""Choices between values: elementwise, each component of each entry by itself."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence

from .. import interval
from ..graph import IntervalRule, Lazy, Liveness, Node, Op, register
from ..live import CHOICE, SUM
from ..traits import Role, Trait
from ..types import NONE, TABLES, Kind
from . import rules
from .arithmetic import ELEMENTWISE, add, mul, neg, sum_kind, summed, widened
from .functions import step
from .leaves import constant


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
        return summed(node, [left, right])

    return register(
        Op(
            name=name,
            kind=sum_kind,
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
    unit, shape = g.kind.unit * node.kind.unit / c.kind.unit, c.kind.shape
    domain = NONE if node.kind.domain.name in TABLES else node.kind.domain  # a table has rows
    flat = constant((0.0,) * c.kind.components, unit, domain=domain, shape=shape)
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
