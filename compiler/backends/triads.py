"""Products of three rows of harmonics, written out product by product.

    T(x, y, z) = Σ_e factor_e x_{i_e} y_{j_e} z_{k_e}

over the numbers of three degrees (`ir/triads.py`).
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from ..ir.triads import Triad, size, symbols

Places: TypeAlias = Int[NDArray[np.int64], " E"]
Factors: TypeAlias = Float[NDArray[np.float64], " E"]


class Products(NamedTuple):
    """Products in the order of k: the places in rows of all degrees, and their factors."""

    i: Places
    j: Places
    k: Places
    factor: Factors


class _Half(NamedTuple):
    """Matrix elements as √2 Re and √2 Im, or one real number: a part of each place, real or imaginary."""

    place: Places
    factor: Factors


def _parts(n: int) -> tuple[_Half, _Half]:
    """For each place of a matrix the number that is its real part, and that of its imaginary part."""
    k = np.arange((n + 1) ** 2)
    mirror = k[::-1]
    sign = np.where((k // (n + 1) + k % (n + 1)) % 2, -1.0, 1.0)
    first, middle = k < mirror, k == mirror
    half = sqrt(0.5)
    real = np.where(middle, 1.0, np.where(first, half, half * sign))
    imaginary = np.where(middle, 0.0, np.where(first, half, -half * sign))
    return _Half(np.minimum(k, mirror), real), _Half(np.maximum(k, mirror), imaginary)


@lru_cache(maxsize=1024)
def products(a: int, b: int, c: int) -> Products:
    """The products of degrees a, b, c."""
    t = np.array(symbols(a, b, c)).reshape(a + 1, b + 1)
    s = (a + b - c) // 2
    q, r = np.nonzero(t)
    left = (q[:, None] * (a + 1) + q).ravel()
    right = (r[:, None] * (b + 1) + r).ravel()
    out = ((q + r - s)[:, None] * (c + 1) + (q + r - s)).ravel()
    factor = np.outer(t[q, r], t[q, r]).ravel()
    found: list[tuple[Places, Places, Places, Factors]] = []
    last = (c + 1) ** 2 - 1
    (xr, xi), (yr, yi) = _parts(a), _parts(b)
    pairs = ((xr, yr, 1.0, False), (xi, yi, -1.0, False), (xr, yi, 1.0, True), (xi, yr, 1.0, True))
    for x, y, sign, imaginary in pairs:
        kept = out < last - out if imaginary else out <= last - out
        f = sign * factor * x.factor[left] * y.factor[right] * np.where(2 * out == last, 1.0, sqrt(2.0))
        kept &= f != 0.0
        to = last - out if imaginary else out
        found.append((x.place[left][kept], y.place[right][kept], to[kept], f[kept]))
    i, j, k, f = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(k, kind="stable")
    before = [size(n - 1) for n in (a, b, c)]
    return Products(i[order] + before[0], j[order] + before[1], k[order] + before[2], f[order])


@lru_cache(maxsize=32)
def all_products(degrees: tuple[Triad, ...]) -> tuple[Products, Places]:
    """The products of several triads in turn, and where each triad begins."""
    found = [products(*triad) for triad in degrees]
    starts = np.cumsum([0, *(len(own.k) for own in found[:-1])])
    return Products(*(np.concatenate(parts) for parts in zip(*found, strict=True))), starts


class Padded(NamedTuple):
    """Products as a table: for each number of degree c as many as the most have, filled with factors 0."""

    i: Int[NDArray[np.int32], "K L"]
    j: Int[NDArray[np.int32], "K L"]
    factor: Float[NDArray[np.float64], "K L"]


@lru_cache(maxsize=1024)
def padded(triad: Triad) -> Padded:
    """The products of degrees a, b, c as a table."""
    found, c = products(*triad), triad[2]
    k = found.k - size(c - 1)
    count = np.bincount(k, minlength=(c + 1) ** 2)
    column = np.arange(len(k)) - np.repeat(np.cumsum(count) - count, count)
    shape = (len(count), int(count.max()))
    i, j, factor = np.zeros(shape, np.int32), np.zeros(shape, np.int32), np.zeros(shape)
    i[k, column], j[k, column], factor[k, column] = found.i, found.j, found.factor
    return Padded(i, j, factor)
