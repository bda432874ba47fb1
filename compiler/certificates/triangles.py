"""Shapes of expressions that are lengths and angles of a triangle of atoms: enclosures know more of these."""

from __future__ import annotations

from collections import Counter

from ..ir import ops
from ..ir.graph import Node
from ..ir.types import Domain

_MOST = 4  # summands that are looked at
_Product = tuple[str, ...]
_SQUARE_OF_FAR_SIDE = {("ij", "ij"): 1.0, ("ik", "ik"): 1.0, ("cos", "ij", "ik"): -2.0}


def is_inverse_distance(node: Node, domain: Domain) -> bool:
    return (
        node.op is ops.pow
        and node["exponent"] == -1.0
        and node.args[0].op is ops.distance
        and node.kind.domain == domain
    )


def is_direction(node: Node) -> bool:
    """The unit vector of a neighbour."""
    return node.op is ops.mul and any(
        v.op is ops.displacement and is_inverse_distance(d, v.kind.domain)
        for v, d in (node.args, node.args[::-1])
    )


def is_cosine(node: Node) -> bool:
    """The product of two unit vectors, both brought to triples."""
    return (
        node.op is ops.einsum
        and node["spec"] == "a,a->"
        and node.kind.domain.name == "triple"
        and all(a.op in (ops.to_ij, ops.to_ik) and is_direction(a.args[0]) for a in node.args)
    )


def is_square_of_far_side(node: Node) -> bool:
    """r_ij² + r_ik² − 2 r_ij r_ik cos θ, in any order."""
    return node.op is ops.add and node.kind.domain.name == "triple" and _expanded(node) == _SQUARE_OF_FAR_SIDE


def _expanded(node: Node) -> dict[_Product, float] | None:
    """A polynomial of r_ij, r_ik and cos θ by its products; None of anything else."""
    if node.op is ops.const and node.kind.components == 1:
        return {(): float(node["values"][0])}
    if is_cosine(node) and node.args[0].op is not node.args[1].op:
        return {("cos",): 1.0}
    if node.op in (ops.to_ij, ops.to_ik) and node.args[0].op is ops.distance:
        return {("ij" if node.op is ops.to_ij else "ik",): 1.0}
    if node.op not in (ops.add, ops.mul, ops.neg, ops.pow) or node.kind.shape:
        return None
    parts = [_expanded(a) for a in node.args]
    if any(p is None or len(p) > _MOST for p in parts):
        return None
    first, *rest = (p for p in parts if p is not None)
    if node.op is ops.neg:
        return {k: -v for k, v in first.items()}
    if node.op is ops.add:
        total = Counter(first)
        for p in rest:
            total.update(p)
        return dict(total)
    if node.op is ops.pow:
        if node["exponent"] != 2.0:
            return None
        rest = [first]
    return {tuple(sorted((*a, *b))): v * w for a, v in first.items() for b, w in rest[0].items()}
