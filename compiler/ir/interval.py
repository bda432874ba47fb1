"""Interval arithmetic: enclosures of sums, products and functions, never too narrow but for rounding."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from math import inf

Range = tuple[float, float]
ALL: Range = (-inf, inf)
ZERO: Range = (0.0, 0.0)
UNIT: Range = (-1.0, 1.0)


def hull(found: Iterable[Range]) -> Range:
    """The smallest interval that holds all of them."""
    ranges = list(found)
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def add(a: Range, b: Range) -> Range:
    return a[0] + b[0], a[1] + b[1]


def product(a: Range, b: Range) -> Range:
    corners = [_times(x, y) for x in a for y in b]
    return min(corners), max(corners)


def _times(x: float, y: float) -> float:
    return 0.0 if x == 0.0 or y == 0.0 else x * y  # 0·∞ is 0: the factor is 0 wherever it is evaluated


def negative(a: Range) -> Range:
    return -a[1], -a[0]


def any_number_of(a: Range) -> Range:
    """A sum of any number of values, none included."""
    low, high = a
    return (0.0 if low >= 0.0 else -inf), (0.0 if high <= 0.0 else inf)


def rising(f: Callable[[float], float]) -> Callable[[Range], Range]:
    """The interval rule of a function that never falls."""
    return lambda a: (f(a[0]), f(a[1]))


def falling(f: Callable[[float], float]) -> Callable[[Range], Range]:
    """The interval rule of a function that never rises."""
    return lambda a: (f(a[1]), f(a[0]))


def exp(x: float) -> float:
    return inf if x > 709.0 else math.exp(x)


def log(x: float) -> float:
    return -inf if x <= 0.0 else math.log(x)


def cos(a: Range) -> Range:
    if a[0] >= 0.0 and a[1] <= math.pi:
        return math.cos(a[1]), math.cos(a[0])
    return UNIT


def absolute(a: Range) -> Range:
    low, high = sorted((abs(a[0]), abs(a[1])))
    return (0.0 if a[0] <= 0.0 <= a[1] else low), high


def power(a: Range, p: float) -> Range:
    """a^p; a fractional power is 0 at 0."""
    low, high = a
    whole = p == int(p)
    if whole and int(p) % 2 == 0:
        low, high = absolute(a)
    elif low < 0.0 and not (whole and (p > 0.0 or high < 0.0)):
        return ALL
    ends = (_to(low, p), _to(high, p))
    if p < 0.0 and low == 0.0 and not whole:
        return 0.0, inf
    return min(ends), max(ends)


def _to(x: float, p: float) -> float:
    if x == 0.0:
        return inf if p < 0.0 else 0.0 if p > 0.0 else 1.0
    try:
        return float(x**p)
    except OverflowError:
        return inf if x > 0.0 or int(p) % 2 == 0 else -inf


def general_power(a: Range, b: Range) -> Range:
    return (0.0, inf) if a[0] >= 0.0 else ALL


def select(c: Range, a: Range, b: Range) -> Range:
    return a if c[0] > 0.0 else b if c[1] <= 0.0 else hull([a, b])
