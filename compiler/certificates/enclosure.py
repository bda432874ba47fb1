"""Arrays of intervals with outward rounding: each holds the real result.

Sums, differences and products of doubles are correctly rounded, so that one step outward is enough; 0 is
exact where it is a sum, or a product with a factor 0. What is no number anywhere within a domain of
arguments becomes (−∞, ∞). The product of 0 and (−∞, ∞) is 0, so a proof of finiteness looks at every value
on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

Values: TypeAlias = Float[NDArray[np.float64], "..."]
Mask: TypeAlias = Bool[NDArray[np.bool_], "..."]

TINY = 5e-324  # the smallest double above 0
_LARGEST = float(np.finfo(np.float64).max)
_UNIT = 2.0**-53  # the largest relative error of a rounding


@dataclass(frozen=True, eq=False)
class Enclosure:
    """low ≤ value ≤ high, elementwise: (cells, *features); one cell stands for all where they are alike."""

    low: Values
    high: Values

    def __post_init__(self) -> None:
        assert self.low.shape == self.high.shape

    @property
    def shape(self) -> tuple[int, ...]:
        return self.low.shape

    @property
    def size(self) -> Values:
        """The largest magnitude in each interval."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    @property
    def width(self) -> Values:
        return up(self.high - self.low)

    @property
    def finite(self) -> Mask:
        return np.isfinite(self.low) & np.isfinite(self.high)

    @property
    def ends(self) -> tuple[Values, ...]:
        """Both bounds; one array where they are the same."""
        return (self.low,) if self.low is self.high else (self.low, self.high)

    def map(self, function: Callable[[Values], Values]) -> Enclosure:
        """The same choice of elements of both bounds."""
        low = function(self.low)
        return Enclosure(low, low if self.low is self.high else function(self.high))

    def __getitem__(self, index: Any) -> Enclosure:
        return self.map(lambda x: x[index])


def exactly(values: Any) -> Enclosure:
    """Doubles, each known exactly."""
    array = np.asarray(values, dtype=np.float64)
    return Enclosure(array, array)


def bounds(low: Any, high: Any) -> Enclosure:
    """All between two arrays; (−∞, ∞) where a bound is no number."""
    low, high = np.broadcast_arrays(np.asarray(low, np.float64), np.asarray(high, np.float64))
    wild = np.isnan(low) | np.isnan(high)
    return (
        Enclosure(np.where(wild, -np.inf, low), np.where(wild, np.inf, high))
        if wild.any()
        else Enclosure(low, high)
    )


# --- rounding ------------------------------------------------------------------------------------


def down(x: Values) -> Values:
    """At least one step towards −∞; an exact 0 stays, and no step crosses 0."""
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        lower = x - _step(x)
    return lower if np.isfinite(lower).all() else np.where(x == np.inf, _LARGEST, lower)


def up(x: Values) -> Values:
    """At least one step towards ∞; an exact 0 stays, and no step crosses 0."""
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        upper = x + _step(x)
    return upper if np.isfinite(upper).all() else np.where(x == -np.inf, -_LARGEST, upper)


def _step(x: Values) -> Values:
    step = np.abs(x)
    step = step * (2.0 * _UNIT)
    small = step < 2.0 * TINY
    return np.where(small & (x != 0.0), TINY, step) if small.any() else step


def widened(low: Values, high: Values, steps: int) -> Enclosure:
    """Outward by `steps` units in the last place, for functions that are not correctly rounded."""
    error = steps * 2.0 * _UNIT
    low, high = low - (np.abs(low) * error + TINY), high + (np.abs(high) * error + TINY)
    return bounds(low, high)


# --- sums and products -----------------------------------------------------------------------------


def add(a: Enclosure, b: Enclosure) -> Enclosure:
    with np.errstate(invalid="ignore", over="ignore"):
        return bounds(down(a.low + b.low), up(a.high + b.high))


def negative(a: Enclosure) -> Enclosure:
    return Enclosure(-a.high, -a.low)


def subtract(a: Enclosure, b: Enclosure) -> Enclosure:
    return add(a, negative(b))


def multiply(a: Enclosure, b: Enclosure) -> Enclosure:
    corners = [_product(x, y) for x in a.ends for y in b.ends]
    return Enclosure(down(reduce(np.minimum, corners)), up(reduce(np.maximum, corners)))


def _product(x: Values, y: Values) -> Values:
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        p = x * y
    if not p.all() or np.isnan(p).any():
        zero = (x == 0.0) | (y == 0.0)  # 0·∞ is 0: the factor is 0 wherever it is evaluated
        p = np.where(zero, 0.0, np.where(p == 0.0, np.copysign(TINY, p), p))  # less than the smallest double
    return p


def scaled(factor: float, a: Enclosure) -> Enclosure:
    return multiply(exactly(factor), a)


def summed(a: Enclosure, axes: tuple[int, ...]) -> Enclosure:
    """Sums along axes, whatever the order in which they are added."""
    count = int(np.prod([a.shape[k] for k in axes], initial=1))
    if count == 1:
        return a.map(lambda x: x.sum(axis=axes))
    with np.errstate(invalid="ignore", over="ignore"):
        error = (count + 2) * _UNIT
        low = a.low.sum(axis=axes)
        high = a.high.sum(axis=axes)
        slack_low, slack_high = (np.abs(x).sum(axis=axes) * error for x in (a.low, a.high))
        low, high = down(low - slack_low), up(high + slack_high)
    low = np.where((a.low >= 0.0).all(axis=axes), np.maximum(low, 0.0), low)
    high = np.where((a.high <= 0.0).all(axis=axes), np.minimum(high, 0.0), high)
    return bounds(low, high)


def contracted(spec: str, a: Enclosure, b: Enclosure, count: int) -> Enclosure:
    """Sums of `count` products, in the notation of numpy.einsum, as one product of middles with its error.

    With a = m ± r, a·b = m·m' ± (|m| r' + r (|m'| + r')): at most half as wide again as it need be.
    """
    (m, r), (n, s) = _middle(a), _middle(b)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        slack = (count + 8) * _UNIT
        middle = np.einsum(spec, m, n, optimize=True)
        error = np.einsum(spec, np.abs(m), s + slack * np.abs(n), optimize=True)
        if a.low is not a.high:
            error = error + np.einsum(spec, r, np.abs(n) + s, optimize=True)
        error = error * (1.0 + 2.0 * slack) + TINY * (count + 1)
        return bounds(down(middle - error), up(middle + error))


def _middle(a: Enclosure) -> tuple[Values, Values]:
    """Middle and radius."""
    if a.low is a.high:
        return a.low, np.zeros_like(a.low)
    with np.errstate(invalid="ignore", over="ignore"):
        middle = 0.5 * (a.low + a.high)
        return middle, up(np.maximum(middle - a.low, a.high - middle))


def any_number(a: Enclosure, most: float) -> Enclosure:
    """Sums of 0 to `most` values, each of them anywhere within the interval."""
    whole = multiply(exactly(most), a)
    return Enclosure(np.minimum(whole.low, 0.0), np.maximum(whole.high, 0.0))


# --- sets ------------------------------------------------------------------------------------------


def hull(parts: Sequence[Enclosure]) -> Enclosure:
    """The least intervals that hold all of them."""
    return Enclosure(reduce(np.minimum, (p.low for p in parts)), reduce(np.maximum, (p.high for p in parts)))


def meet(a: Enclosure, low: Any, high: Any) -> Enclosure:
    """The part of each interval between two bounds that are known to hold."""
    return bounds(np.clip(a.low, low, high), np.clip(a.high, low, high))


def chosen(where: Mask, a: Enclosure, b: Enclosure) -> Enclosure:
    return Enclosure(np.where(where, a.low, b.low), np.where(where, a.high, b.high))


def maximum(a: Enclosure, b: Enclosure) -> Enclosure:
    return Enclosure(np.maximum(a.low, b.low), np.maximum(a.high, b.high))


def minimum(a: Enclosure, b: Enclosure) -> Enclosure:
    return Enclosure(np.minimum(a.low, b.low), np.minimum(a.high, b.high))


def absolute(a: Enclosure) -> Enclosure:
    crossing = (a.low <= 0.0) & (a.high >= 0.0)
    least = np.minimum(np.abs(a.low), np.abs(a.high))
    return Enclosure(np.where(crossing, 0.0, least), a.size)


def select(c: Enclosure, a: Enclosure, b: Enclosure) -> Enclosure:
    """a where c > 0, b where c ≤ 0, both where that is open."""
    return chosen(c.low > 0.0, a, chosen(c.high <= 0.0, b, hull([a, b])))
