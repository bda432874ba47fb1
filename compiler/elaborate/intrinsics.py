"""The functions of the language: name -> (number of arguments, what it makes of IR nodes).

x, y are values, r and rc distances. Switches are 1 up to `inner` (0 where not given) and 0 from `outer` on.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import NamedTuple

from ..chemistry.units import EV
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import KindError
from .gaunt import coupling, couplings


class Intrinsic(NamedTuple):
    least: int
    most: int
    build: Callable[..., Node]
    usage: str


def _sqrt(x: Node) -> Node:
    return ops.pow(x, exponent=0.5)


def _gate(x: Node) -> Node:
    """1/(1 + exp(−x)), of a number or of an energy in eV."""
    if x.kind.unit == EV:
        x = alg.div(x, ops.constant(1.0, EV))
    return alg.scale(0.5, alg.shift(ops.tanh(alg.scale(0.5, x)), 1.0))


def _softplus(x: Node) -> Node:
    """ln(1 + exp x) = max(x, 0) + ln(1 + exp(−|x|)), which cannot overflow."""
    tail = ops.log(alg.shift(ops.exp(ops.neg(ops.abs(x))), 1.0))
    return alg.add(ops.max(x, ops.constant(0.0)), tail)


def _ramp(r: Node, inner: Node, outer: Node) -> Node:
    """0 up to inner, 1 from outer, straight between."""
    t = alg.div(alg.sub(r, inner), alg.sub(outer, inner))
    return ops.min(ops.max(t, ops.constant(0.0)), ops.constant(1.0))


def _span(r: Node, rest: tuple[Node, ...]) -> Node:
    inner, outer = rest if len(rest) == 2 else (ops.constant(0.0, r.kind.unit), rest[0])
    return _ramp(r, inner, outer)


def _smooth(r: Node, *rest: Node) -> Node:
    """(1 − t)³(1 + 3t + 6t²) = 1 − t³(10 − 15t + 6t²): value, slope and curvature join at both ends.

    As a product it is never negative, also after rounding: the root of a density may be taken of it.
    """
    t = _span(r, rest)
    inside = alg.add(ops.constant(1.0), alg.scale(3.0, t), alg.scale(6.0, alg.square(t)))
    return alg.mul(ops.pow(alg.sub(ops.constant(1.0), t), exponent=3.0), inside)


def _cosine(r: Node, *rest: Node) -> Node:
    """½(1 + cos πt): value and slope join."""
    return alg.scale(0.5, alg.shift(ops.cos(alg.scale(pi, _span(r, rest))), 1.0))


def _tersoff_cutoff(r: Node, radius: Node, width: Node) -> Node:
    """½ − ½ sin(π(r − R)/2D) between R − D and R + D. doi:10.1103/PhysRevB.37.6991"""
    t = _ramp(r, alg.sub(radius, width), alg.add(radius, width))
    return alg.scale(0.5, alg.shift(ops.cos(alg.scale(pi, t)), 1.0))


def _outer(a: Node, b: Node) -> Node:
    if not a.kind.shape or not b.kind.shape:
        return ops.mul(a, b)
    product = ops.einsum(a, b, spec="m,n->mn")
    return product


def _flat(a: Node) -> Node:
    return ops.reshape(a, shape=(a.kind.components,))


def _invariants(tensor: Node) -> Node:
    """Σ_m A_nlm A_n'lm for n ≤ n' and each l: rotation invariants of A with shape (n, (l+1)²).

    Power spectrum, doi:10.1103/PhysRevB.87.184115, eq. 33, up to factors.
    """
    n, blocks = by_degree(tensor, "invariants")
    squares = [ops.einsum(block, block, spec="am,bm->ab") for block in blocks]
    upper = tuple(a * n + b for a in range(n) for b in range(a, n))
    return concatenate(*(ops.take(_flat(square), indices=upper) for square in squares))


def _bispectrum(tensor: Node) -> Node:
    """Σ_m G^{l1 l2 l3}_{m1 m2 m3} A_{n1 l1 m1} A_{n2 l2 m2} A_{n3 l3 m3} for l1 ≤ l2 ≤ l3, channels of
    equal degrees in ascending order: rotation invariants of third order of A with shape (n, (l+1)²).

    doi:10.1103/PhysRevB.87.184115, eq. 16, up to factors; those that change sign on reflection are left out.
    """
    n, blocks = by_degree(tensor, "bispectrum")
    parts = []
    for degrees in couplings(len(blocks) - 1):
        l1, l2, l3 = degrees
        sizes = tuple(2 * l + 1 for l in degrees)  # noqa: E741
        table = ops.constant(coupling(l1, l2, l3), shape=(sizes[0] * sizes[1], sizes[2]))
        both = ops.einsum(blocks[l1], blocks[l2], spec="ai,bj->abij")
        both = ops.reshape(both, shape=(n * n, sizes[0] * sizes[1]))
        coupled = ops.einsum(ops.einsum(both, table, spec="pq,qk->pk"), blocks[l3], spec="pk,ck->pc")
        different = tuple(
            (a * n + b) * n + c
            for a in range(n)
            for b in range(a if l1 == l2 else 0, n)
            for c in range(b if l2 == l3 else 0, n)
        )
        parts.append(ops.take(_flat(coupled), indices=different))
    return concatenate(*parts)


def by_degree(tensor: Node, name: str) -> tuple[int, list[Node]]:
    """The channels n of A_nlm, and its block (n, 2l + 1) of each l."""
    if len(tensor.kind.shape) != 2:
        message = f"`{name}` takes outer(radial, harmonics(u_ij, l)) summed over neighbours"
        raise KindError("shape-mismatch", message)
    n, lm = tensor.kind.shape
    top = round(lm**0.5) - 1
    blocks = [ops.take(tensor, indices=tuple(range(l * l, (l + 1) ** 2))) for l in range(top + 1)]  # noqa: E741
    return n, blocks


def _mix(c: Node, x: Node) -> Node:
    """Σ_k c_nk x_k, the c_nk in one row, k fastest."""
    if len(c.kind.shape) != 1 or len(x.kind.shape) != 1 or c.kind.components % x.kind.components:
        message = f"`mix` takes coefficients in whole rows, not {c.kind.components} for {x.kind.components}"
        raise KindError("shape-mismatch", message, "usage: mix(c, x) with n·size(x) components in c")
    size = x.kind.components
    rows = ops.reshape(c, shape=(c.kind.components // size, size))
    return ops.einsum(rows, x, spec="nk,k->n")


def _products(a: Node) -> Node:
    """x_m x_n for m ≤ n."""
    if len(a.kind.shape) != 1:
        raise KindError(
            "shape-mismatch", "`products` takes components in one row", "write `products(flat(x))`"
        )
    n = a.kind.shape[0]
    square = _flat(_outer(a, a))
    return ops.take(square, indices=tuple(m * n + k for m in range(n) for k in range(m, n)))


def concatenate(*parts: Node) -> Node:
    """One feature axis after the other, each put into its place of the whole."""
    flat = [_flat(p) for p in parts if p.kind.components] or [_flat(parts[0])]
    size = sum(p.kind.shape[0] for p in flat)
    offset, total = 0, None
    for part in flat:
        n = part.kind.shape[0]
        placed = ops.put(part, indices=tuple(range(offset, offset + n)), size=size)
        total = placed if total is None else ops.add(total, placed)
        offset += n
    assert total is not None
    return total


def _component_sum(a: Node) -> Node:
    return ops.einsum(a, spec="n->") if a.kind.shape else a


INTRINSICS: dict[str, Intrinsic] = {
    "exp": Intrinsic(1, 1, ops.exp, "exp(x)"),
    "log": Intrinsic(1, 1, ops.log, "log(x), the natural logarithm"),
    "erfc": Intrinsic(1, 1, ops.erfc, "erfc(x), the complementary error function"),
    "sin": Intrinsic(1, 1, ops.sin, "sin(x)"),
    "cos": Intrinsic(1, 1, ops.cos, "cos(x)"),
    "tanh": Intrinsic(1, 1, ops.tanh, "tanh(x)"),
    "abs": Intrinsic(1, 1, ops.abs, "abs(x)"),
    "sqrt": Intrinsic(1, 1, _sqrt, "sqrt(x)"),
    "step": Intrinsic(1, 1, ops.step, "step(x): 1 where x > 0, else 0"),
    "gate": Intrinsic(1, 1, _gate, "gate(x): 1/(1 + exp(-x)), of a number or an energy in eV"),
    "softplus": Intrinsic(1, 1, _softplus, "softplus(x): log(1 + exp(x))"),
    "identity": Intrinsic(1, 1, lambda x: x, "identity(x)"),
    "max": Intrinsic(2, 2, lambda a, b: ops.max(a, b), "max(x, y)"),
    "min": Intrinsic(2, 2, lambda a, b: ops.min(a, b), "min(x, y)"),
    "where": Intrinsic(3, 3, lambda c, a, b: ops.select(c, a, b), "where(x, y, z): y where x > 0, else z"),
    "smooth": Intrinsic(2, 3, _smooth, "smooth(r, rc) or smooth(r, inner, outer): quintic switch"),
    "cosine": Intrinsic(2, 3, _cosine, "cosine(r, rc) or cosine(r, inner, outer): cosine switch"),
    "tersoff_cutoff": Intrinsic(3, 3, _tersoff_cutoff, "tersoff_cutoff(r, R, D)"),
    "dot": Intrinsic(2, 2, alg.dot, "dot(c, x): sum of products of components"),
    "mix": Intrinsic(2, 2, _mix, "mix(c, x): Σ_k c_nk x_k, coefficients in rows as long as x"),
    "outer": Intrinsic(2, 2, _outer, "outer(x, y): all products of components"),
    "flat": Intrinsic(1, 1, _flat, "flat(x): components in one row"),
    "concat": Intrinsic(1, 99, concatenate, "concat(x, y, …): components one after the other"),
    "total": Intrinsic(1, 1, _component_sum, "total(x): sum of components"),
    "invariants": Intrinsic(1, 1, _invariants, "invariants(A): rotation invariants of A_nlm, second order"),
    "products": Intrinsic(1, 1, _products, "products(x): x_m x_n for m ≤ n"),
    "bispectrum": Intrinsic(1, 1, _bispectrum, "bispectrum(A): rotation invariants of A_nlm, third order"),
}
