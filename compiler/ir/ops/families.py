"""Families: rows of functions of a single value or of a direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...chemistry.units import ONE
from ..graph import IntervalRule, Lazy, Node, Op, register
from ..interval import ALL, UNIT, Range
from ..live import EVERYTHING
from ..traits import Role, Trait
from ..types import Kind
from . import rules
from .arithmetic import add, mul, neg
from .features import components, einsum, stack, take
from .leaves import constant

# --- of one argument ---------------------------------------------------------------------------


def _family_kind(a: Node, *, n: int) -> Kind:
    """sines: sin kx, k = 1…n. cosines: cos kx, k = 0…n−1. chebyshev: T_k, chebyshev2: U_k, k = 0…n−1."""
    rules.need_plain("the argument of a family", a)
    return Kind(a.kind.domain, (n,), ONE)


def _family(
    name: str,
    range_of: IntervalRule,
    pullback: Callable[[Node, Node], Node],
    pushforward: Callable[[Node, Node], Node],
    traits: Trait = Trait.NONE,
    role: Role = Role.FUNCTION,
) -> Op:
    """pullback(node, g) and pushforward(node, t) are of the one argument."""

    def tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
        (t,) = tangents
        return None if t is None else pushforward(node, t)

    return register(
        Op(
            name=name,
            kind=_family_kind,
            traits=Trait.LOCAL | Trait.FAMILY | traits,
            scalar=None,
            interval=range_of,
            pullback=lambda node, g: [lambda: pullback(node, g)],
            pushforward=tangent,
            flops=rules.each,
            live=EVERYTHING,
            role=role,
        )
    )


def _orders(first: int, n: int) -> Node:
    return constant(tuple(float(k) for k in range(first, first + n)), shape=(n,))


def _dot(a: Node, b: Node) -> Node:
    return einsum(a, b, spec="n,n->")


def _nothing(node: Node, unit_of: Node) -> Node:
    return constant(0.0, unit_of.kind.unit, domain=node.kind.domain)


def _later(g: Node, n: int) -> Node:
    """The components after the first."""
    return take(g, indices=tuple(range(1, n)))


def _sine_slopes(node: Node) -> Node:
    """k cos kx, k = 1…n"""
    n = node["n"]
    waves = take(cosines(node.args[0], n=n + 1), indices=tuple(range(1, n + 1)))
    return mul(_orders(1, n), waves)


def _cosine_falls(node: Node) -> Node:
    """k sin kx, k = 1…n−1"""
    n = node["n"]
    return mul(_orders(1, n - 1), sines(node.args[0], n=n - 1))


def _cosines_pullback(node: Node, g: Node) -> Node:
    n = node["n"]
    return _nothing(node, g) if n == 1 else neg(_dot(_later(g, n), _cosine_falls(node)))


def _from_second(node: Node, t: Node, slopes: Node) -> Node:
    """A tangent whose first component is 0."""
    zero = constant(0.0, t.kind.unit, domain=node.kind.domain)
    return stack(zero, *components(mul(t, slopes)))


def _cosines_pushforward(node: Node, t: Node) -> Node:
    return stack(_nothing(node, t)) if node["n"] == 1 else neg(_from_second(node, t, _cosine_falls(node)))


sines: Op = _family(
    "sines",
    lambda node, args: UNIT,
    pullback=lambda node, g: _dot(g, _sine_slopes(node)),
    pushforward=lambda node, t: mul(t, _sine_slopes(node)),
    traits=Trait.ODD,
    role=Role.ODD,
)
cosines: Op = _family(
    "cosines",
    lambda node, args: UNIT,
    pullback=_cosines_pullback,
    pushforward=_cosines_pushforward,
    traits=Trait.EVEN,
    role=Role.EVEN,
)


def _chebyshev_slopes(node: Node) -> Node:
    """T_k' = k U_{k−1}, k = 1…n−1"""
    n = node["n"]
    return mul(_orders(1, n - 1), chebyshev2(node.args[0], n=n - 1))


def _chebyshev_pullback(node: Node, g: Node) -> Node:
    n = node["n"]
    return _nothing(node, g) if n == 1 else _dot(_later(g, n), _chebyshev_slopes(node))


def _chebyshev_pushforward(node: Node, t: Node) -> Node:
    return stack(_nothing(node, t)) if node["n"] == 1 else _from_second(node, t, _chebyshev_slopes(node))


def _chebyshev_range(node: Node, args: Sequence[Range]) -> Range:
    return UNIT if args[0][0] >= -1.0 and args[0][1] <= 1.0 else ALL


chebyshev: Op = _family("chebyshev", _chebyshev_range, _chebyshev_pullback, _chebyshev_pushforward)


def _chebyshev2_slopes(node: Node) -> Node:
    """U_k' = 2 Σ_j (j + 1) U_j over j = k − 1, k − 3, … ≥ 0"""
    n = node["n"]
    rows = [2.0 * (j + 1) if j < k and (k - j) % 2 else 0.0 for k in range(n) for j in range(n)]
    return einsum(constant(tuple(rows), shape=(n, n)), node, spec="kj,j->k")


chebyshev2: Op = _family(
    "chebyshev2",
    rules.unbounded,
    pullback=lambda node, g: _dot(g, _chebyshev2_slopes(node)),
    pushforward=lambda node, t: mul(t, _chebyshev2_slopes(node)),
)

# --- recurrences -------------------------------------------------------------------------------


def _chain_kind(first: Node, second: Node, factor: Node, *, n: int) -> Kind:
    """f_0 = first, f_1 = second, f_k = factor·f_{k−1} − f_{k−2}; n of them."""
    domain, _ = rules.joined(first, second, factor)
    return Kind(domain, (n,), ONE)


def _chain_adjoints(node: Node, g: Node) -> list[Lazy]:
    """b_k = g_k + c·b_{k+1} − b_{k+2} from the last on, the recurrence backwards."""
    n, c, rows = node["n"], node.args[2], components(node)
    zero = _nothing(node, g)
    b = [*components(g), zero, zero, zero, zero]
    for k in range(n - 2, 1, -1):
        b[k] = add(b[k], add(mul(c, b[k + 1]), neg(b[k + 2])))
    inner = [mul(b[k], rows[k - 1]) for k in range(2, n)]

    def of_factor() -> Node:
        total = zero
        for part in inner:
            total = add(total, part)
        return total

    def of_second() -> Node:
        return zero if n < 2 else add(b[1], add(mul(c, b[2]), neg(b[3]))) if n > 2 else b[1]

    return [lambda: add(b[0], neg(b[2])) if n > 2 else b[0], of_second, of_factor]


def _chain_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    there = next((t for t in tangents if t is not None), None)
    if there is None:
        return None
    zero = _nothing(node, there)
    first, second, factor = (zero if t is None else t for t in tangents)
    c, rows, found = node.args[2], components(node), [first, second]
    for k in range(2, node["n"]):
        found.append(add(add(mul(factor, rows[k - 1]), mul(c, found[-1])), neg(found[-2])))
    return stack(*(add(zero, t) for t in found[: node["n"]]))


chain: Op = register(
    Op(
        name="chain",
        kind=_chain_kind,
        traits=Trait.LOCAL | Trait.FAMILY,
        scalar=None,
        interval=rules.unbounded,
        pullback=_chain_adjoints,
        pushforward=_chain_tangent,
        flops=rules.each,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)

# --- harmonics ---------------------------------------------------------------------------------


def _sphericals_kind(direction: Node, *, l: int) -> Kind:  # noqa: E741
    """Real solid harmonics of a unit vector, (l+1)² of them, so normalised that Σ_m Y_lm(u) Y_lm(v) =
    P_l(u·v).
    """
    rules.need_plain("a direction", direction)
    return Kind(direction.kind.domain, ((l + 1) ** 2,), ONE)


def _slopes_kind(direction: Node, *, l: int) -> Kind:  # noqa: E741
    """Derivatives of `sphericals`, as polynomials of the three components: shape ((l+1)², 3)."""
    rules.need_plain("a direction", direction)
    return Kind(direction.kind.domain, ((l + 1) ** 2, 3), ONE)


def _harmonic_slopes(node: Node) -> Node:
    """The slopes depend on no parameter, so that a fit works them out once for all."""
    return spherical_slopes(node.args[0], l=node["l"])


def _sphericals_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    (t,) = tangents
    return None if t is None else einsum(_harmonic_slopes(node), t, spec="ma,a->m")


sphericals: Op = register(
    Op(
        name="sphericals",
        kind=_sphericals_kind,
        traits=Trait.LOCAL,
        scalar=None,
        interval=lambda node, args: UNIT,
        pullback=lambda node, g: [lambda: einsum(g, _harmonic_slopes(node), spec="m,ma->a")],
        pushforward=_sphericals_tangent,
        flops=rules.each,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)

_EXPANDED = "the pass `expand` writes slopes of harmonics out as polynomials, which have derivatives"

spherical_slopes: Op = register(
    Op(
        name="spherical_slopes",
        kind=_slopes_kind,
        traits=Trait.LOCAL,
        scalar=None,
        interval=rules.unbounded,
        pullback=rules.Refused(_EXPANDED),
        pushforward=rules.RefusedTangent(_EXPANDED),
        flops=rules.each,
        live=EVERYTHING,
        role=Role.FUNCTION,
    )
)
