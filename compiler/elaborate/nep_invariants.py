"""Rotation invariants of one channel of A_nlm with itself, those of the angular descriptors of NEP.

    q_nl = (2l + 1)/4π Σ_m A_nlm²                                            l = 1…L
    q_n222 = −√(35/2) (5/4π)^{3/2} Σ G^{222}_{m m' m''} A_n2m A_n2m' A_n2m''
    q_n1111 = (7/15) (3/4π)² (Σ_m A_n1m²)²

with A = Σ_j g_n(r) Y_lm, Σ_m Y_lm(u) Y_lm(v) = P_l(u·v), and G of `gaunt`. The factors are those of
harmonics that are normalised on the sphere, of Wigner's 3j symbol (222), and for the last one those of the
paper: Fan et al., J. Chem. Phys. 157, 114801 (2022), doi:10.1063/5.0106617.
"""

from __future__ import annotations

from collections import Counter
from math import pi, sqrt

from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import KindError
from .gaunt import gaunt
from .integers import whole
from .intrinsics import by_degree, concat
from .registry import Use, builtin
from .values import Value, Values

_CUBIC = -sqrt(35 / 2) * (5 / (4 * pi)) ** 1.5
_QUARTIC = 7 / 15 * (3 / (4 * pi)) ** 2


@builtin
def channel_invariants(use: Use, tensor: Value, chosen: Value) -> Node:
    """channel_invariants(A, [4, 2, 0]): invariants of each channel of A_nlm alone

    The list is as the line `l_max` of nep.txt: the highest degree; 2 or 0, 1 or 0 for yes or no.
    """
    usage = "usage: channel_invariants(A, [4, 2, 0])"
    if not isinstance(tensor, Node) or not isinstance(chosen, Values) or not 1 <= len(chosen.items) <= 3:
        message = "`channel_invariants` takes A_nlm and a list of up to three degrees"
        raise use.fault("wrong-arguments", message, usage)
    degrees = [whole(v, use.call.span, "a degree", 0) for v in chosen.items]
    top, cubic, quartic = [*degrees, 0, 0][:3]
    if cubic not in (0, 2) or quartic not in (0, 1):
        message = f"after the degree come 2 or 0 (four bodies) and 1 or 0 (five), not {cubic} and {quartic}"
        raise use.fault("bad-size", message, usage)
    return _invariants(tensor, top, cubic > 0, quartic > 0)


def _invariants(tensor: Node, top: int, cubic: bool, quartic: bool) -> Node:
    """Of A with shape (n, (L + 1)²), L ≥ top: degrees 1…top, then the others where wanted; n of each in turn.

    Raises KindError where A does not reach that far.
    """
    _, blocks = by_degree(tensor, "channel_invariants")
    needed, most = max(top, 2 if cubic else 1), len(blocks) - 1
    if needed > most or top < 1:
        message = f"invariants of degree {needed} need harmonics up to it, not to {most}"
        raise KindError("shape-mismatch", message if top else "invariants begin with degree 1")
    squares = [ops.einsum(b, b, spec="am,am->a") for b in blocks]
    parts = [alg.scale((2 * k + 1) / (4 * pi), squares[k]) for k in range(1, top + 1)]
    if cubic:
        parts.append(alg.scale(_CUBIC, _coupled(blocks[2])))
    if quartic:
        parts.append(alg.scale(_QUARTIC, alg.square(squares[1])))
    return concat(*parts)


def _coupled(block: Node) -> Node:
    """Σ G A_2m A_2m' A_2m'' of each channel, a product of three components once."""
    channels = block.kind.shape[0]
    parts = [ops.reshape(ops.take(block, indices=(m,)), shape=(channels,)) for m in range(5)]
    table = gaunt(2, 2, 2)
    found: Counter[tuple[int, ...]] = Counter()
    for place, value in enumerate(table):
        if value:
            found[tuple(sorted((place // 25, place // 5 % 5, place % 5)))] += value  # type: ignore[assignment]
    return alg.add(*(alg.scale(c, alg.mul(*(parts[m] for m in where))) for where, c in found.items()))
