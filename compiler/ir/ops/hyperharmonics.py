"""Harmonics in four dimensions, and their couplings: `ir/triads.py` has the numbers and their order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from ...chemistry.units import ONE, Unit
from ..graph import Lazy, Node, Op, register
from ..live import EVERYTHING
from ..traits import Role, Trait
from ..triads import Triad, products_of, size, top_of
from ..types import Domain, Kind, KindError, join_domains
from . import rules
from .arithmetic import summed
from .features import put, take
from .leaves import constant

# operations of a product of two complex numbers, scaled and added
_COMPLEX = 10.0
_FIRST = tuple(range(1, 5))  # the places of degree 1


def _hyperharmonics_kind(x: Node, *, top: int) -> Kind:
    """The harmonics of degree 0…top as polynomials of those of degree 1, the four numbers x."""
    rules.need_plain("a point of the sphere", x)
    if x.kind.shape != (4,) or top < 1:
        raise KindError("shape-mismatch", f"harmonics from degree 1 on are of 4 numbers, not {x.kind.shape}")
    return Kind(x.kind.domain, (size(top),), ONE)


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
    return Kind(_domain(x, y, z), (len(degrees),), _unit(x, y, z))


def _couple_kind(w: Node, x: Node, y: Node, *, degrees: tuple[Triad, ...], top: int) -> Kind:
    """Σ w_t T(x_a, y_b, ·) over the degrees t = (a, b, c), as a row of degrees 0…top."""
    _require(degrees, x, y)
    if w.kind.shape != (len(degrees),) or any(c > top for _, _, c in degrees):
        raise KindError("shape-mismatch", f"{w.kind.shape} weights do not fit {degrees} up to {top}")
    return Kind(_domain(w, x, y), (size(top),), _unit(w, x, y))


def _domain(*args: Node) -> Domain:
    return reduce(join_domains, (a.kind.domain for a in args))


def _unit(*args: Node) -> Unit:
    return reduce(Unit.__mul__, (a.kind.unit for a in args))


def _turned(degrees: Sequence[Triad], order: str) -> tuple[Triad, ...]:
    return tuple(tuple(d["abc".index(k)] for k in order) for d in degrees)  # type: ignore[misc]


# --- derivatives ---------------------------------------------------------------------------------


def _raised(top: int) -> Node:
    """∂U_n by the numbers of degree 1 is n (n + 1) T(U_(n−1), ·, ·), as both are harmonic."""
    return constant(tuple(float(n * (n + 1)) for n in range(1, top + 1)), shape=(top,))


def _harmonic_adjoints(node: Node, g: Node) -> list[Lazy]:
    top = node["top"]
    degrees = tuple((n - 1, n, 1) for n in range(1, top + 1))
    return [lambda: take(couple(_raised(top), node, g, degrees=degrees, top=1), indices=_FIRST)]


def _harmonic_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    (t,), top = tangents, node["top"]
    if t is None:
        return None
    degrees = tuple((n - 1, 1, n) for n in range(1, top + 1))
    return couple(_raised(top), node, put(t, indices=_FIRST, size=5), degrees=degrees, top=top)


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
        live=EVERYTHING,
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
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)
