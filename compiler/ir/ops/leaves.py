"""Leaves: constants, parameters, distances and vectors between neighbours, and how these vectors move along a
direction in positions and strain that a call brings.
"""

from __future__ import annotations

from math import inf
from typing import Any

from ...chemistry.units import ANGSTROM, ONE, Unit
from ..graph import Node, Op, register
from ..live import EVERYTHING, VALUES
from ..traits import Role, Trait
from ..types import NONE, Domain, Kind
from . import rules


def _given(*, kind: Kind, **_: Any) -> Kind:
    return kind


def _distance(*, domain: Domain) -> Kind:
    return Kind(domain, (), ANGSTROM)


def _displacement(*, domain: Domain) -> Kind:
    """x_j + S·h − x_i."""
    return Kind(domain, (3,), ANGSTROM)


def _reach(node: Node) -> float:
    return float(node.kind.domain.rc or inf)


const: Op = register(
    Op(
        name="const",
        kind=_given,
        traits=Trait.FREE,
        scalar=None,
        interval=lambda node, args: (min(node["values"]), max(node["values"])),
        pullback=rules.no_adjoints,
        pushforward=rules.no_tangent,
        flops=rules.free,
        live=VALUES,
        role=Role.OWN,
    )
)

param: Op = register(
    Op(
        name="param",
        kind=_given,
        traits=Trait.FREE,
        scalar=None,
        interval=rules.unbounded,  # the bounds are the model's: `analysis.intervals`
        pullback=rules.no_adjoints,
        pushforward=rules.no_tangent,
        flops=rules.free,
        live=EVERYTHING,
        role=Role.OWN,
    )
)

distance: Op = register(
    Op(
        name="distance",
        kind=_distance,
        traits=Trait.POSITION | Trait.CALL,
        scalar=None,
        interval=lambda node, args: (0.0, _reach(node)),
        pullback=rules.no_adjoints,
        pushforward=rules.no_tangent,
        flops=rules.call,
        live=EVERYTHING,
        role=Role.OWN,
    )
)

displacement: Op = register(
    Op(
        name="displacement",
        kind=_displacement,
        traits=Trait.POSITION,
        scalar=None,
        interval=lambda node, args: (-_reach(node), _reach(node)),
        pullback=rules.no_adjoints,
        pushforward=rules.no_tangent,
        flops=rules.each,
        live=EVERYTHING,
        role=Role.OWN,
    )
)


motion: Op = register(
    Op(
        name="motion",
        kind=_displacement,
        traits=Trait.POSITION,
        scalar=None,
        interval=rules.unbounded,
        pullback=rules.no_adjoints,
        pushforward=rules.no_tangent,
        flops=rules.each,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)


def constant(
    value: float | tuple[float, ...], unit: Unit = ONE, domain: Domain = NONE, shape: tuple[int, ...] = ()
) -> Node:
    """A constant; a tuple fills the table rows slowest, features fastest."""
    values = (float(value),) if isinstance(value, (int, float)) else tuple(map(float, value))
    return const(kind=Kind(domain, shape, unit), values=values)
