"""Harmonics on the sphere in four dimensions and their invariants, from which SNAP is made.

A neighbour at the distance r in the direction u is a point (cos θ, sin θ u) of that sphere, θ a function of
r. doi:10.1103/PhysRevB.87.184115
"""

from __future__ import annotations

from ..ir import ops
from ..ir.graph import Node
from ..ir.triads import pole, top_of, triads
from .integers import whole
from .registry import Use, builtin
from .values import Quantity, Value, as_node

_HIGHEST = 14


@builtin(counts=True)
def hyperharmonics(use: Use, u: Value, angle: Value, degree: Value) -> Node:
    """hyperharmonics(u_ij, θ, n): harmonics in four dimensions at (cos θ, sin θ u), degrees 0…n, n ≤ 14"""
    if not isinstance(u, Node) or u.kind.shape != (3,) or not isinstance(angle, (Quantity, Node)):
        message = "`hyperharmonics` takes a direction and an angle"
        raise use.fault("shape-mismatch", message, "write `hyperharmonics(u_ij, pi * r_ij / rc, 6)`")
    top = _degree(use, degree)
    theta = as_node(angle)
    return ops.hyperharmonics(ops.cos(theta), ops.mul(ops.sin(theta), u), top=top)


@builtin(counts=True)
def hyperpole(use: Use, degree: Value) -> Node:
    """hyperpole(n): hyperharmonics at θ = 0, for all directions: the place of the atom itself"""
    row = pole(_degree(use, degree))
    return ops.constant(row, shape=(len(row),))


def _degree(use: Use, value: Value) -> int:
    top = whole(value, use.call.span, "the degree n", 1)
    if top > _HIGHEST:
        raise use.fault("bad-size", f"harmonics in four dimensions go up to n = {_HIGHEST}, not {top}")
    return top


@builtin
def hyperbispectrum(use: Use, row: Value) -> Node:
    """hyperbispectrum(A): rotation invariants of sums of hyperharmonics, third order

    B_abc = (c + 1) T(A_a, A_b, A_c) for b ≤ a ≤ c that make a triangle with an even sum: those of SNAP, in
    the order of LAMMPS. doi:10.1016/j.jcp.2014.12.018
    """
    top = top_of(row.kind.components) if isinstance(row, Node) and len(row.kind.shape) == 1 else None
    if not isinstance(row, Node) or not top:
        message = "`hyperbispectrum` takes hyperharmonics summed over neighbours"
        raise use.fault("shape-mismatch", message, "usage: hyperbispectrum(A(i))")
    degrees = triads(top)
    sizes = ops.constant(tuple(float(c + 1) for _, _, c in degrees), shape=(len(degrees),))
    return ops.mul(sizes, ops.triads(row, row, row, degrees=degrees))
