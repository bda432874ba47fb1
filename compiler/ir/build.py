"""Short names for making IR nodes, used by the builder and the passes."""

from __future__ import annotations

from ..chemistry.units import ANGSTROM, ONE, Unit
from . import ops
from .graph import Node
from .types import Domain


def add(a: Node, *others: Node) -> Node:
    for b in others:
        a = ops.add(a, b)
    return a


def sub(a: Node, b: Node) -> Node:
    return ops.add(a, ops.neg(b))


def mul(a: Node, *others: Node) -> Node:
    for b in others:
        a = ops.mul(a, b)
    return a


def div(a: Node, b: Node) -> Node:
    return ops.mul(a, ops.pow(b, exponent=-1.0))


def scale(factor: float, a: Node) -> Node:
    return ops.mul(ops.constant(factor), a)


def shift(a: Node, amount: float, unit: Unit = ONE) -> Node:
    return ops.add(a, ops.constant(amount, unit))


def square(a: Node) -> Node:
    return ops.pow(a, exponent=2.0)


def dot(a: Node, b: Node) -> Node:
    """Σ_n a_n b_n over the one feature axis; a plain product for single values."""
    if not a.kind.shape and not b.kind.shape:
        return ops.mul(a, b)
    return ops.einsum(a, b, spec="n,n->")


def components(a: Node) -> list[Node]:
    """The components of a value with one feature axis, as single values."""
    (n,) = a.kind.shape
    return [ops.reshape(ops.take(a, indices=(k,)), shape=()) for k in range(n)]


def zeros_like(a: Node) -> Node:
    """Zero of the same kind; a constant broadcasts over the domain."""
    return ops.constant((0.0,) * a.kind.components, a.kind.unit, shape=a.kind.shape)


def direction(domain: Domain) -> Node:
    """Unit vector from i to j."""
    return ops.mul(
        ops.displacement(domain=domain),
        ops.pow(ops.distance(domain=domain), exponent=-1.0),
    )


def angstrom(value: float) -> Node:
    return ops.constant(value, ANGSTROM)


def summands(a: Node, sign: float = 1.0) -> list[tuple[Node, float]]:
    """The parts of a sum, with their signs."""
    if a.op is ops.neg:
        return summands(a.args[0], -sign)
    if a.op is ops.add:
        return [part for argument in a.args for part in summands(argument, sign)]
    return [(a, sign)]
