"""Cubic B-splines on given knots: the pieces of the functions, as polynomials (de Boor, A Practical Guide to
Splines, 2001, chapter IX).

Knots t_0 < t_1 < … < t_m make m intervals, and the first and the last knot are there four times. Of the m + 3
functions the last three are left out, so that value, slope and curvature of a sum are 0 at t_m: m functions
are left. Beyond both ends each function goes on straight, which is 0 beyond t_m.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from math import prod

Knots = tuple[float, ...]
# functions that differ from 0 on an interval
WIDTH = 4
# so many that the first four functions are whole
FEWEST = WIDTH + 1


@dataclass(frozen=True)
class Pieces:
    """The functions of knots, interval by interval.

    first: of each interval the first of the four functions that are not 0. weights: of each interval and each
    of the four the coefficients a_p of Σ_p a_p (x − t_k)^p.
    """

    knots: Knots
    first: tuple[int, ...]
    weights: tuple[tuple[tuple[float, ...], ...], ...]

    @property
    def functions(self) -> int:
        return len(self.first)


@lru_cache(maxsize=64)
def pieces(knots: Knots) -> Pieces:
    """At least `FEWEST` knots, each beyond the one before."""
    m = len(knots) - 1
    t = (knots[0],) * 3 + knots + (knots[-1],) * 3
    first = tuple(min(k, m - WIDTH) for k in range(m))
    weights = []
    for k in range(m):
        four = _nonzero(t, k + 3)
        own = [four[f - k] if f >= k else (0.0,) * 4 for f in range(first[k], first[k] + WIDTH)]
        weights.append(tuple(own))
    return Pieces(knots, first, tuple(weights))


def _nonzero(t: tuple[float, ...], k: int) -> list[tuple[float, ...]]:
    """The four functions that are not 0 between t_k and t_{k+1}, as polynomials of x − t_k, by recurrence."""
    found: list[tuple[float, ...]] = [(1.0,)]
    for degree in range(1, 4):
        risen = [(0.0,) * (degree + 1)] * (degree + 1)
        for place, lower in enumerate(found):
            left = k - degree + 1 + place
            width = t[left + degree] - t[left]
            rising = _times(lower, (t[k] - t[left]) / width, 1.0 / width)
            falling = _times(lower, (t[left + degree] - t[k]) / width, -1.0 / width)
            risen[place] = _plus(risen[place], falling)
            risen[place + 1] = _plus(risen[place + 1], rising)
        found = risen
    return found


def _times(p: tuple[float, ...], a: float, b: float) -> tuple[float, ...]:
    """The polynomial p · (a + b x)."""
    return tuple(a * low + b * high for low, high in zip((*p, 0.0), (0.0, *p), strict=True))


def _plus(p: tuple[float, ...], q: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(p, q, strict=True))


def derivative(p: tuple[float, ...], order: int) -> tuple[float, ...]:
    """The coefficients of the derivative of an order, as many as there are left."""
    for _ in range(order):
        p = tuple(k * a for k, a in enumerate(p))[1:]
    return p


def weights(knots: Knots, x: float, order: int = 0) -> tuple[int, tuple[float, ...]]:
    """The first of the four functions that count at x, and their derivatives of an order up to 3."""
    own = pieces(knots)
    inside = min(max(x, knots[0]), knots[-1])
    k = min(bisect_right(knots, inside) - 1, own.functions - 1)
    u, beyond = inside - knots[k], x - inside
    found = [_value(derivative(p, order), u) for p in own.weights[k]]
    if beyond and order == 0:
        slopes = [_value(derivative(p, 1), u) for p in own.weights[k]]
        found = [w + s * beyond for w, s in zip(found, slopes, strict=True)]
    elif beyond and order > 1:
        found = [0.0] * WIDTH
    return own.first[k], tuple(found)


def _value(p: tuple[float, ...], x: float) -> float:
    total = 0.0
    for a in reversed(p):
        total = total * x + a
    return total


def functions(knots: tuple[Knots, ...]) -> int:
    """The number of products of functions, one for each of several variables."""
    return prod(len(k) - 1 for k in knots)
