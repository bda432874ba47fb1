"""Enclosures of functions of single values.

The library's functions are taken to be right within `ULPS` units in the last place: glibc and NumPy
promise 1 to 4 for these. Sine and cosine count their extrema in between, from arguments that are widened
first.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .enclosure import (
    TINY,
    Enclosure,
    Mask,
    Values,
    absolute,
    add,
    bounds,
    chosen,
    down,
    exactly,
    hull,
    meet,
    multiply,
    subtract,
    up,
    widened,
)

ULPS = 8
_ABSOLUTE = 2.0**-49  # error of a sine or cosine, near their zeros too
_FARTHEST = 1e6  # radians, beyond which nothing is said of a sine


def _monotone(f: Callable[[Values], Values], low: float, high: float) -> Callable[[Enclosure], Enclosure]:
    """A function that never falls, with its least and greatest value."""

    def enclose(a: Enclosure) -> Enclosure:
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            return meet(widened(f(a.low), f(a.high), ULPS), low, high)

    return enclose


exp = _monotone(np.exp, 0.0, np.inf)
tanh = _monotone(np.tanh, -1.0, 1.0)
_erfc = np.vectorize(math.erfc, otypes=[np.float64])
_minus_erfc = _monotone(lambda x: -_erfc(x), -2.0, 0.0)


def erfc(a: Enclosure) -> Enclosure:
    found = _minus_erfc(a)
    return Enclosure(-found.high, -found.low)


def log(a: Enclosure) -> Enclosure:
    """(−∞, ∞) where the argument may be 0 or less."""
    wild = a.low <= 0.0
    inside = chosen(wild, exactly(1.0), a)
    with np.errstate(divide="ignore"):
        found = widened(np.log(inside.low), np.log(inside.high), ULPS)
    return chosen(wild, bounds(-np.inf, np.inf), found)


def sign(a: Enclosure) -> Enclosure:
    return Enclosure(np.sign(a.low), np.sign(a.high))


def step(a: Enclosure) -> Enclosure:
    return Enclosure((a.low > 0.0).astype(np.float64), (a.high > 0.0).astype(np.float64))


# --- waves -------------------------------------------------------------------------------------------


def cos(a: Enclosure) -> Enclosure:
    return _wave(a, np.cos, 0.0)


def sin(a: Enclosure) -> Enclosure:
    return _wave(a, np.sin, 0.25)


def _wave(a: Enclosure, f: Callable[[Values], Values], top: float) -> Enclosure:
    """top: the turn at which f is 1, half a turn before it is −1."""
    with np.errstate(invalid="ignore"):
        ends = f(a.low), f(a.high)
        low, high = np.minimum(*ends) - _ABSOLUTE, np.maximum(*ends) + _ABSOLUTE
        first = a.low / (2.0 * np.pi) - top
        last = a.high / (2.0 * np.pi) - top
        slack = 1e-15 * (np.abs(first) + np.abs(last) + 1.0)
        wild = ~(a.size < _FARTHEST)

        def passes(turn: float) -> Mask:
            return np.asarray(np.floor(last - turn + slack) >= np.ceil(first - turn - slack))

        low = np.where(passes(0.5) | wild, -1.0, np.maximum(low, -1.0))
        high = np.where(passes(0.0) | wild, 1.0, np.minimum(high, 1.0))
    return bounds(low, high)


# --- powers ------------------------------------------------------------------------------------------


def whole_power(a: Enclosure, n: int) -> Enclosure:
    """a^n by multiplications; (−∞, ∞) where n < 0 and the argument may be 0."""
    if n < 0:
        return _inverse(whole_power(a, -n))
    if n == 0:
        return exactly(np.ones(a.shape))
    base = absolute(a) if n % 2 == 0 else a
    return Enclosure(_by_steps(base.low, n, down), _by_steps(base.high, n, up))


def _by_steps(x: Values, n: int, outward: Callable[[Values], Values]) -> Values:
    """x^n, each product rounded to the side of the bound: away from 0 or towards it, by the sign of x."""
    size, negative = np.abs(x), x < 0.0
    with np.errstate(over="ignore", under="ignore"):
        small, large = _grown(size, n, down), _grown(size, n, up)
    if n % 2 == 0:
        return small if outward is down else large
    return np.where(negative, -large if outward is down else -small, small if outward is down else large)


def _grown(size: Values, n: int, outward: Callable[[Values], Values]) -> Values:
    found, square = np.ones_like(size), size
    while n:
        if n & 1:
            found = outward(found * square)
        n >>= 1
        square = outward(square * square)
    if outward is up:  # a product that vanished is not 0
        found = np.where((found == 0.0) & (size > 0.0), TINY, found)
    return found


def _inverse(a: Enclosure) -> Enclosure:
    wild = (a.low <= 0.0) & (a.high >= 0.0)
    safe = chosen(wild, exactly(1.0), a)
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        low, high = down(1.0 / safe.high), up(1.0 / safe.low)
    # 1/∞ is not 0, and no double is as small
    low = np.where((low == 0.0) & (safe.high < 0.0), -TINY, low)
    high = np.where((high == 0.0) & (safe.low > 0.0), TINY, high)
    return chosen(wild, bounds(-np.inf, np.inf), Enclosure(low, high))


def general_power(a: Enclosure, p: Enclosure, least: float) -> Enclosure:
    """a^p for a ≥ 0, 0 at a = 0; (−∞, ∞) where a may be negative.

    least: the smallest a above 0 that is told from 0: `TINY` for doubles, 0 for real numbers.
    """
    wild, at_zero = a.low < 0.0, a.low <= 0.0
    low, high = (np.where(wild, 1.0, np.maximum(x, least)) for x in (a.low, a.high))
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        corners = [np.power(x, y) for x in (low, high) for y in (p.low, p.high)]
        found = hull([widened(c, c, ULPS) for c in corners])
    found = meet(found, 0.0, np.inf)
    found = chosen(at_zero, hull([found, exactly(0.0)]), found)
    return chosen(wild, bounds(-np.inf, np.inf), found)


# --- polynomials of Chebyshev --------------------------------------------------------------------------


def chebyshev(a: Enclosure, n: int) -> Enclosure:
    """T_k, k = 0…n−1, on a new last axis: cos(k·arccos x) within [−1, 1], and T_k between ends beyond it."""
    inside = meet(a, -1.0, 1.0)
    with np.errstate(invalid="ignore"):
        angle = bounds(np.arccos(inside.high) - 1e-15, np.arccos(inside.low) + 1e-15)
    orders = np.arange(n, dtype=np.float64)
    angle = angle.map(lambda x: x[..., None])
    found = cos(multiply(exactly(orders), angle))
    # near the ends an angle is known badly: T_k = 1 − O(k² (1 − x))
    slope = exactly(orders**2)
    found = _narrowed(found, inside, slope, orders, 1.0)
    found = _narrowed(found, inside, slope, orders, -1.0)
    beyond = ~((a.low >= -1.0) & (a.high <= 1.0))
    return found if not beyond.any() else chosen(beyond[..., None], _beyond(a, found, orders), found)


def _narrowed(found: Enclosure, x: Enclosure, slope: Enclosure, orders: Values, end: float) -> Enclosure:
    """|T_k(x) − T_k(end)| ≤ k² |x − end|, by Markov's inequality."""
    far = absolute(subtract(x, exactly(end))).high[..., None]
    reach = multiply(slope, bounds(-far, far))
    near = add(exactly(end**orders), reach)
    return bounds(np.maximum(found.low, near.low), np.minimum(found.high, near.high))


def _beyond(a: Enclosure, inside: Enclosure, orders: Values) -> Enclosure:
    """Also for |x| > 1, where |T_k| = cosh(k·arcosh |x|) grows."""
    with np.errstate(over="ignore", invalid="ignore"):
        most = np.cosh(orders * (np.arccosh(np.maximum(a.size, 1.0))[..., None] * (1.0 + 1e-14) + 1e-300))
    most = most * (1.0 + 1e-13)
    excess = most - 1.0
    return bounds(inside.low - excess, inside.high + excess)


def chebyshev2(a: Enclosure, n: int) -> Enclosure:
    """U_k, k = 0…n−1, on a new last axis, about the middle of each interval; |U_k| ≤ k + 1 within [−1, 1].

    U_k' ≤ k (k + 1) (k + 2) / 3 there.
    """
    middle = 0.5 * (a.low + a.high)
    middle = np.where(np.isfinite(middle), middle, 0.0)
    from_middle = subtract(a, exactly(middle)).map(lambda x: x[..., None])
    orders = np.arange(n, dtype=np.float64)
    at = _recurrence(exactly(middle), n)
    grown = _growth(a, n)
    slopes = orders * (orders + 1.0) * (orders + 2.0) / 3.0 * grown
    spread = multiply(bounds(-slopes, slopes), from_middle)
    most = (orders + 1.0) * grown
    found = add(at, spread)
    return bounds(np.maximum(found.low, -most), np.minimum(found.high, most))


def _growth(a: Enclosure, n: int) -> Values:
    """A bound of how much a polynomial of degree k exceeds its bound on [−1, 1], for |x| > 1: T_k(|x|)."""
    with np.errstate(over="ignore", invalid="ignore"):
        orders = np.arange(n, dtype=np.float64)
        far = np.arccosh(np.maximum(a.size, 1.0))[..., None]
        return np.cosh(orders * far * (1.0 + 1e-14)) * (1.0 + 1e-13)


def _recurrence(x: Enclosure, n: int) -> Enclosure:
    """U_0 = 1, U_1 = 2x, U_k = 2x U_{k−1} − U_{k−2} of doubles."""
    twice = multiply(exactly(2.0), x)
    rows = [exactly(np.ones(x.shape)), twice]
    while len(rows) < n:
        rows.append(subtract(multiply(twice, rows[-1]), rows[-2]))
    return Enclosure(np.stack([r.low for r in rows[:n]], -1), np.stack([r.high for r in rows[:n]], -1))
