"""Harmonics in four dimensions, and their couplings: `ir/triads.py` has the numbers and their order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import sqrt

from ...chemistry.units import ONE
from ..graph import Lazy, Node, Op, register
from ..live import COUPLE, EVERYTHING, TRIADS
from ..traits import Role, Trait
from ..triads import Triad, products_of, size, top_of
from ..types import Kind, KindError
from . import rules
from .arithmetic import add, mul, summed, widened
from .features import put, reshape, stack, take
from .leaves import constant

# operations of a product of two complex numbers, scaled and added
_COMPLEX = 10.0
# the places of degree 1 are √2 (c, −y, −x, z) of a point (c, (x, y, z))
_ROOT = sqrt(2.0)
_PLACES = (3, 2, 4)
_SIGNS = (-_ROOT, -_ROOT, _ROOT)


def _hyperharmonics_kind(c: Node, v: Node, *, top: int) -> Kind:
    """The harmonics of degree 0…top at the point (c, v), v a vector: homogeneous polynomials."""
    for a in (c, v):
        rules.need_plain("a point of the sphere", a)
    if c.kind.shape or v.kind.shape != (3,) or top < 1:
        raise KindError("shape-mismatch", f"a number and a vector are a point, not {v.kind.shape}")
    return Kind(rules.domain_of(c, v), (size(top),), ONE)


def _top(x: Node) -> int:
    """The highest degree of a row. Raises KindError."""
    top = top_of(x.kind.components) if len(x.kind.shape) == 1 else None
    if top is None:
        raise KindError("shape-mismatch", f"no harmonics have the components {x.kind.shape}")
    return top


def _require(degrees: Sequence[Triad], *rows: Node) -> None:
    for k, row in enumerate(rows):
        if any(d[k] > _top(row) for d in degrees):
            raise KindError("shape-mismatch", f"harmonics of degree {_top(row)} lack some of {degrees}")


def _triads_kind(x: Node, y: Node, z: Node, *, degrees: tuple[Triad, ...]) -> Kind:
    """T(x_a, y_b, z_c) for each of the degrees (a, b, c)."""
    _require(degrees, x, y, z)
    return Kind(rules.domain_of(x, y, z), (len(degrees),), rules.unit_of_product(x, y, z))


def _couple_kind(w: Node, x: Node, y: Node, *, degrees: tuple[Triad, ...], top: int) -> Kind:
    """Σ w_t T(x_a, y_b, ·) over the degrees t = (a, b, c), as a row of degrees 0…top."""
    _require(degrees, x, y)
    if w.kind.shape != (len(degrees),) or any(c > top for _, _, c in degrees):
        raise KindError("shape-mismatch", f"{w.kind.shape} weights do not fit {degrees} up to {top}")
    return Kind(rules.domain_of(w, x, y), (size(top),), rules.unit_of_product(w, x, y))


def _turned(degrees: Sequence[Triad], order: str) -> tuple[Triad, ...]:
    return tuple(tuple(d["abc".index(k)] for k in order) for d in degrees)  # type: ignore[misc]


# --- derivatives ---------------------------------------------------------------------------------


def _raised(top: int) -> Node:
    """∂U_n by the numbers of degree 1 is n (n + 1) T(U_(n−1), ·, ·), as both are harmonic."""
    return constant(tuple(float(n * (n + 1)) for n in range(1, top + 1)), shape=(top,))


def _harmonic_adjoints(node: Node, g: Node) -> list[Lazy]:
    top = node["top"]
    degrees = tuple((n - 1, n, 1) for n in range(1, top + 1))

    def of_first() -> Node:
        return couple(_raised(top), node, g, degrees=degrees, top=1)

    return [
        lambda: mul(constant(_ROOT), reshape(take(of_first(), indices=(1,)), shape=())),
        lambda: mul(constant(_SIGNS, shape=(3,)), take(of_first(), indices=_PLACES)),
    ]


def _harmonic_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    (s, t), top = tangents, node["top"]
    parts = []
    if s is not None:
        parts.append(put(stack(mul(constant(_ROOT), s)), indices=(1,), size=5))
    if t is not None:
        parts.append(put(mul(constant(_SIGNS, shape=(3,)), t), indices=_PLACES, size=5))
    if not parts:
        return None
    degrees = tuple((n - 1, 1, n) for n in range(1, top + 1))
    return widened(couple(_raised(top), node, reduce(add, parts), degrees=degrees, top=top), node)


def _triads_adjoints(node: Node, g: Node) -> list[Lazy]:
    (x, y, z), degrees = node.args, node["degrees"]
    return [
        lambda: couple(g, y, z, degrees=_turned(degrees, "bca"), top=_top(x)),
        lambda: couple(g, x, z, degrees=_turned(degrees, "acb"), top=_top(y)),
        lambda: couple(g, x, y, degrees=degrees, top=_top(z)),
    ]


def _couple_adjoints(node: Node, g: Node) -> list[Lazy]:
    (w, x, y), degrees = node.args, node["degrees"]
    return [
        lambda: triads(x, y, g, degrees=degrees),
        lambda: couple(w, y, g, degrees=_turned(degrees, "bca"), top=_top(x)),
        lambda: couple(w, x, g, degrees=_turned(degrees, "acb"), top=_top(y)),
    ]


def _of_each(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    """The tangent of an operation that is linear in each of its arguments."""
    parts = []
    for k, t in enumerate(tangents):
        if t is not None:
            parts.append(node.op(*(t if j == k else a for j, a in enumerate(node.args)), **dict(node.attrs)))
    return summed(node, parts)


def _cost(node: Node) -> float:
    return _COMPLEX * sum(map(products_of, node["degrees"]))


hyperharmonics: Op = register(
    Op(
        name="hyperharmonics",
        kind=_hyperharmonics_kind,
        traits=Trait.LOCAL,
        scalar=None,
        interval=rules.unbounded,
        pullback=_harmonic_adjoints,
        pushforward=_harmonic_tangent,
        flops=lambda node: _COMPLEX * node.kind.components,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)
triads: Op = register(
    Op(
        name="triads",
        kind=_triads_kind,
        traits=Trait.LOCAL | Trait.MULTILINEAR,
        scalar=None,
        interval=rules.unbounded,
        pullback=_triads_adjoints,
        pushforward=_of_each,
        flops=_cost,
        live=TRIADS,
        role=Role.FUNCTION,
    )
)
couple: Op = register(
    Op(
        name="couple",
        kind=_couple_kind,
        traits=Trait.LOCAL | Trait.MULTILINEAR,
        scalar=None,
        interval=rules.unbounded,
        pullback=_couple_adjoints,
        pushforward=_of_each,
        flops=_cost,
        live=COUPLE,
        role=Role.FUNCTION,
    )
)
