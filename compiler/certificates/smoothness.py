"""Values of atoms: are they continuous, with their slopes, in the sums over neighbours that they are made
of?

Roots and powers of sums, logarithms and branches are looked at one by one. A root of a sum that may be 0
is smooth where the summand vanishes fast enough: with s ~ (1 − t)^k at its end, the slope of s^p ~ (1 −
t)^(kp − 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import pi

from ..ir import ops
from ..ir.graph import Node, topological
from ..ir.traits import Trait
from .enclosure import Enclosure
from .motion import KINKS, SWITCHES
from .switches import gap, of_one_distance, position_dependent


def rough(roots: list[Node], known: Mapping[Node, Enclosure]) -> Iterator[tuple[Node, str]]:
    """Operations on values that are no single distance and may have a kink or a jump, with the reason."""
    exempt = _softplus(roots)
    for node in topological(roots):
        if not any(position_dependent(a) for a in node.args):
            continue
        if node.op in SWITCHES + KINKS:
            own = gap(node)
            if node not in exempt and not of_one_distance(own) and not _definite(node, known):
                yield node, "has a kink or a jump where its argument, which is no single distance, is 0"
        elif is_root(node) and not _positive(known[node.args[0]]) and not settled(node, known):
            yield node, "has no slope where its argument is 0, and its argument does not vanish fast enough"
        elif _diverges(node) and not _definite(node, known):
            yield node, "has no value where its argument is 0"


def is_root(node: Node) -> bool:
    """A power whose slope is not known to be finite at 0."""
    if node.op is ops.pow:
        return bool(node["exponent"] != int(node["exponent"]) and node["exponent"] < 1.0)
    return node.op is ops.power


def _diverges(node: Node) -> bool:
    return node.op is ops.log or (node.op is ops.pow and node["exponent"] < 0.0)


def _definite(node: Node, known: Mapping[Node, Enclosure]) -> bool:
    """Whether the argument has one sign throughout."""
    if node.op in (ops.max, ops.min):
        a, b = (known[x] for x in node.args)
        return bool((a.low.min() > b.high.max()) or (b.low.min() > a.high.max()))
    c = known[node.args[0]]
    return bool(c.low.min() > 0.0 or c.high.max() < 0.0)


def _positive(value: Enclosure) -> bool:
    return bool((value.low > 0.0).all())


def _softplus(roots: list[Node]) -> set[Node]:
    """max(x, 0) and |x| of max(x, 0) + log(1 + exp(−|x|)), which is smooth as a whole."""
    found: set[Node] = set()
    for node in topological(roots):
        if node.op is not ops.add or {a.op for a in node.args} != {ops.max, ops.log}:
            continue
        high, log = sorted(node.args, key=lambda a: a.op is ops.log)
        x = next((a for a in high.args if a.op is not ops.const), None)
        sizes = [n for n in topological([log]) if n.op is ops.abs]
        if x is not None and len(sizes) == 1 and sizes[0].args[0] is x and _is_tail(log, sizes[0]):
            found |= {high, sizes[0]}
    return found


def _is_tail(log: Node, size: Node) -> bool:
    """log(1 + exp(−|x|))"""
    inner = log.args[0]
    if inner.op is not ops.add:
        return False
    one, wave = sorted(inner.args, key=lambda a: a.op is ops.exp)
    return (
        is_number(one, 1.0)
        and wave.op is ops.exp
        and wave.args[0].op is ops.neg
        and wave.args[0].args[0] is size
    )


def is_number(node: Node, value: float) -> bool:
    return node.op is ops.const and all(v == value for v in node["values"])


# --- roots of sums ---------------------------------------------------------------------------------------


def settled(node: Node, known: Mapping[Node, Enclosure]) -> bool:
    """Whether a power is smooth where its argument, a sum over neighbours, is 0: where there are none, or
    where they are at the end of their reach.
    """
    exponent = node["exponent"] if node.op is ops.pow else float(known[node.args[1]].low.min())
    order = 0.0
    for factor in factors(node.args[0]):
        if Trait.SUM in factor.op.traits:
            order += vanishing_order(factor.args[0], known) or 0.0
        elif not _positive(known[factor]):
            return False
    return exponent > 0.0 and order * exponent > 1.0


def factors(node: Node) -> Iterator[Node]:
    """The parts of a product."""
    if node.op is ops.mul:
        for a in node.args:
            yield from factors(a)
    else:
        yield node


def vanishing_order(summand: Node, known: Mapping[Node, Enclosure]) -> float | None:
    """k where a summand is (1 − t)^k, t a ramp of distance from 0 to 1, times a factor above 0; else None."""
    total = 0.0
    for factor in factors(summand):
        order = _order(factor)
        if order:
            total += order
        elif not _positive(known[factor]):
            return None
    return total or None


def _order(node: Node) -> float:
    """Of one factor: (1 − t)^n, or 1 + cos πt, which is ½π² (1 − t)² at its end; 0 for others."""
    if node.op is ops.pow:
        return float(node["exponent"]) * _order(node.args[0])
    if node.op is not ops.add:
        return 0.0
    one, other = sorted(node.args, key=lambda a: a.op is not ops.const)
    if not is_number(one, 1.0):
        return 0.0
    if other.op is ops.neg and _is_ramp(other.args[0]):
        return 1.0
    if other.op is ops.cos and other.args[0].op is ops.mul:
        angle = sorted(other.args[0].args, key=lambda a: a.op is not ops.const)
        return 2.0 if is_number(angle[0], pi) and _is_ramp(angle[1]) else 0.0
    return 0.0


def _is_ramp(node: Node) -> bool:
    """min(max(x, 0), 1), x linear in the distance"""
    if node.op is not ops.min or not of_one_distance(node):
        return False
    one, inner = sorted(node.args, key=lambda a: a.op is not ops.const)
    if not is_number(one, 1.0) or inner.op is not ops.max:
        return False
    zero, t = sorted(inner.args, key=lambda a: a.op is not ops.const)
    return is_number(zero, 0.0) and _is_affine(t)


def _is_affine(node: Node) -> bool:
    """Linear in the distance, or of no position."""
    if not position_dependent(node) or node.op is ops.distance:
        return True
    if node.op is ops.mul and all(position_dependent(a) for a in node.args):
        return False
    moves = (ops.to_ij, ops.to_ik, ops.add, ops.neg, ops.mul)
    return node.op in moves and all(_is_affine(a) for a in node.args)
