"""The functions of the language that take numbers, and the IR that they make of them.

x, y are values, r and rc distances. Switches are 1 up to `inner` (0 where not given) and 0 from `outer` on.
"""

from __future__ import annotations

from math import pi

from ..chemistry.units import EV
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node, topological
from ..ir.traits import Trait
from ..ir.types import KindError
from .gaunt import gaunt, gaunt_degrees
from .integers import whole
from .registry import Use, builtin
from .values import Value


@builtin
def exp(x: Node) -> Node:
    """exp(x)"""
    return ops.exp(x)


@builtin
def log(x: Node) -> Node:
    """log(x), the natural logarithm"""
    return ops.log(x)


@builtin
def erfc(x: Node) -> Node:
    """erfc(x), the complementary error function"""
    return ops.erfc(x)


@builtin
def sin(x: Node) -> Node:
    """sin(x)"""
    return ops.sin(x)


@builtin
def cos(x: Node) -> Node:
    """cos(x)"""
    return ops.cos(x)


@builtin
def tanh(x: Node) -> Node:
    """tanh(x)"""
    return ops.tanh(x)


@builtin
def abs_(x: Node) -> Node:
    """abs(x)"""
    return ops.abs(x)


@builtin
def sqrt(x: Node) -> Node:
    """sqrt(x)"""
    return ops.pow(x, exponent=0.5)


@builtin
def step(x: Node) -> Node:
    """step(x): 1 where x > 0, else 0"""
    return ops.step(x)


@builtin
def gate(x: Node) -> Node:
    """gate(x): 1/(1 + exp(-x)), of a number or an energy in eV"""
    if x.kind.unit == EV:
        x = alg.div(x, ops.constant(1.0, EV))
    return alg.scale(0.5, alg.shift(ops.tanh(alg.scale(0.5, x)), 1.0))


@builtin
def softplus(x: Node) -> Node:
    """softplus(x): log(1 + exp(x))

    As max(x, 0) + ln(1 + exp(−|x|)), which cannot overflow.
    """
    tail = ops.log(alg.shift(ops.exp(ops.neg(ops.abs(x))), 1.0))
    return alg.add(ops.max(x, ops.constant(0.0)), tail)


@builtin
def identity(x: Node) -> Node:
    """identity(x)"""
    return x


@builtin(same_unit=True)
def max_(x: Node, y: Node) -> Node:
    """max(x, y)"""
    return ops.max(x, y)


@builtin(same_unit=True)
def min_(x: Node, y: Node) -> Node:
    """min(x, y)"""
    return ops.min(x, y)


@builtin(same_unit=True)
def where(x: Node, y: Node, z: Node) -> Node:
    """where(x, y, z): y where x > 0, else z"""
    return ops.select(x, y, z)


def _ramp(r: Node, inner: Node, outer: Node) -> Node:
    """0 up to inner, 1 from outer, straight between."""
    t = alg.div(alg.sub(r, inner), alg.sub(outer, inner))
    return ops.min(ops.max(t, ops.constant(0.0)), ops.constant(1.0))


def _between(r: Node, first: Node, last: Node | None) -> Node:
    """From 0 at `first` to 1 at `last`, or from 0 to `first` where that is all."""
    return _ramp(r, ops.constant(0.0, r.kind.unit), first) if last is None else _ramp(r, first, last)


@builtin
def smooth(r: Node, first: Node, last: Node | None = None) -> Node:
    """smooth(r, rc) or smooth(r, inner, outer): quintic switch

    (1 − t)³(1 + 3t + 6t²) = 1 − t³(10 − 15t + 6t²): value, slope and curvature join at both ends.
    As a product it is never negative, also after rounding: the root of a density may be taken of it.
    """
    t = _between(r, first, last)
    inside = alg.add(ops.constant(1.0), alg.scale(3.0, t), alg.scale(6.0, alg.square(t)))
    return alg.mul(ops.pow(alg.sub(ops.constant(1.0), t), exponent=3.0), inside)


@builtin
def cosine(r: Node, first: Node, last: Node | None = None) -> Node:
    """cosine(r, rc) or cosine(r, inner, outer): cosine switch

    ½(1 + cos πt): value and slope join.
    """
    t = _between(r, first, last)
    return alg.scale(0.5, alg.shift(ops.cos(alg.scale(pi, t)), 1.0))


@builtin
def tersoff_cutoff(r: Node, radius: Node, width: Node) -> Node:
    """tersoff_cutoff(r, R, D)

    ½ − ½ sin(π(r − R)/2D) between R − D and R + D. doi:10.1103/PhysRevB.37.6991
    """
    t = _ramp(r, alg.sub(radius, width), alg.add(radius, width))
    return alg.scale(0.5, alg.shift(ops.cos(alg.scale(pi, t)), 1.0))


@builtin
def interpolate(x: Node, knots: Node) -> Node:
    """interpolate(x, knots): cubics through values and slopes in turn, at x = 0, 1, 2, …

    Value and slope join; straight beyond the first and the last knot. Cubic Hermite interpolation.
    """
    if any(n.op.traits & (Trait.POSITION | Trait.SUM) for n in topological([knots])):
        help = "declare them: `fixed param z[2 * n] = 0 eV`"
        raise KindError("not-a-parameter", "knots do not depend on the places of atoms", help)
    return ops.interpolate(x, knots, order=0)


@builtin
def dot(c: Node, x: Node) -> Node:
    """dot(c, x): sum of products of components"""
    return alg.dot(c, x)


@builtin
def mix(c: Node, x: Node) -> Node:
    """mix(c, x): Σ_k c_nk x_k, coefficients in rows as long as x

    The c_nk are in one row, k fastest.
    """
    if len(c.kind.shape) != 1 or len(x.kind.shape) != 1 or c.kind.components % x.kind.components:
        message = f"`mix` takes coefficients in whole rows, not {c.kind.components} for {x.kind.components}"
        raise KindError("shape-mismatch", message, "usage: mix(c, x) with n·size(x) components in c")
    size = x.kind.components
    rows = ops.reshape(c, shape=(c.kind.components // size, size))
    return ops.einsum(rows, x, spec="nk,k->n")


@builtin
def outer(a: Node, b: Node) -> Node:
    """outer(x, y): all products of components"""
    if not a.kind.shape or not b.kind.shape:
        return ops.mul(a, b)
    product = ops.einsum(a, b, spec="m,n->mn")
    return product


@builtin
def flat(a: Node) -> Node:
    """flat(x): components in one row"""
    return ops.reshape(a, shape=(a.kind.components,))


@builtin(counts=True)
def harmonics(use: Use, u: Value, degree: Value) -> Node:
    """harmonics(u_ij, l): real spherical harmonics of a direction, degrees 0…l, l ≤ 4"""
    if not isinstance(u, Node) or u.kind.shape != (3,):
        raise use.fault("shape-mismatch", "`harmonics` takes a direction", "write `harmonics(u_ij, 3)`")
    top = whole(degree, use.call.span, "the degree l", 0)
    if top > 4:
        raise use.fault("bad-size", f"harmonics go up to l = 4, not {top}")
    return ops.sphericals(u, l=top)


@builtin
def invariants(tensor: Node) -> Node:
    """invariants(A): rotation invariants of A_nlm, second order

    Σ_m A_nlm A_n'lm for n ≤ n' and each l: rotation invariants of A with shape (n, (l+1)²).
    Power spectrum, doi:10.1103/PhysRevB.87.184115, eq. 33, up to factors.
    """
    n, blocks = by_degree(tensor, "invariants")
    squares = [ops.einsum(block, block, spec="am,bm->ab") for block in blocks]
    upper = tuple(a * n + b for a in range(n) for b in range(a, n))
    return concat(*(ops.take(flat(square), indices=upper) for square in squares))


@builtin
def bispectrum(tensor: Node) -> Node:
    """bispectrum(A): rotation invariants of A_nlm, third order

    Σ_m G^{l1 l2 l3}_{m1 m2 m3} A_{n1 l1 m1} A_{n2 l2 m2} A_{n3 l3 m3} for l1 ≤ l2 ≤ l3, channels of
    equal degrees in ascending order: rotation invariants of third order of A with shape (n, (l+1)²).

    doi:10.1103/PhysRevB.87.184115, eq. 16, up to factors; products odd under reflection are left out.
    """
    n, blocks = by_degree(tensor, "bispectrum")
    parts = []
    for degrees in gaunt_degrees(len(blocks) - 1):
        l1, l2, l3 = degrees
        sizes = tuple(2 * l + 1 for l in degrees)  # noqa: E741
        table = ops.constant(gaunt(l1, l2, l3), shape=(sizes[0] * sizes[1], sizes[2]))
        both = ops.einsum(blocks[l1], blocks[l2], spec="ai,bj->abij")
        both = ops.reshape(both, shape=(n * n, sizes[0] * sizes[1]))
        coupled = ops.einsum(ops.einsum(both, table, spec="pq,qk->pk"), blocks[l3], spec="pk,ck->pc")
        different = tuple(
            (a * n + b) * n + c
            for a in range(n)
            for b in range(a if l1 == l2 else 0, n)
            for c in range(b if l2 == l3 else 0, n)
        )
        parts.append(ops.take(flat(coupled), indices=different))
    return concat(*parts)


def by_degree(tensor: Node, name: str) -> tuple[int, list[Node]]:
    """The channels n of A_nlm, and its block (n, 2l + 1) of each l."""
    if len(tensor.kind.shape) != 2:
        message = f"`{name}` takes outer(radial, harmonics(u_ij, l)) summed over neighbours"
        raise KindError("shape-mismatch", message)
    n, lm = tensor.kind.shape
    top = round(lm**0.5) - 1
    blocks = [ops.take(tensor, indices=tuple(range(l * l, (l + 1) ** 2))) for l in range(top + 1)]  # noqa: E741
    return n, blocks


@builtin
def products(a: Node) -> Node:
    """products(x): x_m x_n for m ≤ n"""
    if len(a.kind.shape) != 1:
        raise KindError(
            "shape-mismatch", "`products` takes components in one row", "write `products(flat(x))`"
        )
    n = a.kind.shape[0]
    square = flat(outer(a, a))
    return ops.take(square, indices=tuple(m * n + k for m in range(n) for k in range(m, n)))


@builtin
def concat(first: Node, *others: Node) -> Node:
    """concat(x, y, …): components one after the other

    Each is put into its place of the whole.
    """
    rows = [flat(p) for p in (first, *others) if p.kind.components] or [flat(first)]
    size = sum(p.kind.shape[0] for p in rows)
    offset, joined = 0, None
    for part in rows:
        n = part.kind.shape[0]
        placed = ops.put(part, indices=tuple(range(offset, offset + n)), size=size)
        joined = placed if joined is None else ops.add(joined, placed)
        offset += n
    assert joined is not None
    return joined


@builtin
def total(a: Node) -> Node:
    """total(x): sum of components"""
    return ops.einsum(a, spec="n->") if a.kind.shape else a
