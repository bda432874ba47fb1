"""Harmonics in four dimensions as complex matrices, and their couplings as sums over all of their elements.

The complex step needs the imaginary unit for itself: real and imaginary parts are values of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb, factorial, sqrt
from typing import NamedTuple

import numpy as np

from ...ir.triads import Triad, size, symbols
from .geometry import Array


class Pair(NamedTuple):
    """Real and imaginary parts."""

    re: Array
    im: Array

    def times(self, other: Pair) -> Pair:
        re, im = self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re
        return Pair(re, im)

    def power(self, n: int) -> Pair:
        found = Pair(np.ones_like(self.re), np.zeros_like(self.im))
        for _ in range(n):
            found = found.times(self)
        return found


def rows_of(*args: Array) -> int:
    """The rows of a result, where one row stands for all."""
    (n,) = np.broadcast_shapes(*(a.shape[:1] for a in args))
    return n


def harmonics(c: Array, v: Array, top: int) -> Array:
    """Degrees 0…top (rows, …) at points (c, v): c (rows,), v (rows, 3)."""
    rows = rows_of(c, v)
    w, (x, y, z) = np.broadcast_to(c, (rows,)), np.broadcast_to(v, (rows, 3)).T
    return np.concatenate([_numbers(_matrix(w, x, y, z, n)) for n in range(top + 1)], axis=1)


def _matrix(w: Array, x: Array, y: Array, z: Array, n: int) -> Pair:
    """Of (a* s − b* t)^(n−q) (b s + a t)^q the coefficient of s^(n−p) t^p, normalised.

    a = w − iz, b = y − ix.
    """
    last, first = Pair(w, -z), Pair(w, z)  # a, a*
    second, third = Pair(-y, -x), Pair(y, -x)  # −b*, b
    re, im = (np.zeros((len(w), n + 1, n + 1), np.result_type(w, x)) for _ in range(2))
    for q in range(n + 1):
        for p in range(n + 1):
            norm = sqrt(factorial(p) * factorial(n - p) / factorial(q) / factorial(n - q))
            for k in range(max(0, p - q), min(p, n - q) + 1):
                upper = first.power(n - q - k).times(second.power(k))
                product = upper.times(third.power(q - p + k)).times(last.power(p - k))
                re[:, q, p] += norm * comb(n - q, k) * comb(q, p - k) * product.re
                im[:, q, p] += norm * comb(n - q, k) * comb(q, p - k) * product.im
    return Pair(re, im)


def _numbers(matrix: Pair) -> Array:
    """The real numbers of matrices (rows, n + 1, n + 1): (rows, (n + 1)²)."""
    re, im = (part.reshape(len(part), part.shape[1] * part.shape[2]) for part in matrix)
    place = np.arange(re.shape[1])
    mirror = place[::-1]
    found = np.where(place < mirror, sqrt(2.0) * re, sqrt(2.0) * im[:, mirror])
    return np.where(place == mirror, re, found)


def _elements(row: Array, n: int) -> Pair:
    """The matrices (rows, n + 1, n + 1) whose numbers are in a row of all degrees."""
    x = row[:, size(n - 1) : size(n)]
    place = np.arange(x.shape[1])
    mirror = place[::-1]
    sign = np.where((place // (n + 1) + place % (n + 1)) % 2, -1.0, 1.0)
    re = sqrt(0.5) * np.where(place < mirror, x, sign * x[:, mirror])
    im = sqrt(0.5) * np.where(place < mirror, x[:, mirror], -sign * x)
    re, im = np.where(place == mirror, x, re), np.where(place == mirror, 0.0, im)
    return Pair(*(part.reshape(len(x), n + 1, n + 1) for part in (re, im)))


def coupled(x: Array, y: Array, degrees: Sequence[Triad]) -> Iterator[Array]:
    """T(x_a, y_b, ·) for each of the degrees (a, b, c): (rows, (c + 1)²)."""
    for a, b, c in degrees:
        t = np.zeros((a + 1, b + 1, c + 1))
        for q, row in enumerate(np.array(symbols(a, b, c)).reshape(a + 1, b + 1)):
            for r, value in enumerate(row):
                if value:
                    t[q, r, q + r - (a + b - c) // 2] = value
        one, other = _elements(x, a), _elements(y, b)
        re = _product(one.re, other.re, t) - _product(one.im, other.im, t)
        im = _product(one.re, other.im, t) + _product(one.im, other.re, t)
        yield _numbers(Pair(re, im))


def _product(x: Array, y: Array, t: Array) -> Array:
    """Σ t_qrm t_psn X_qp Y_rs"""
    rows = rows_of(x, y)
    left = np.einsum("qrm,Zqp->Zrmp", t, np.broadcast_to(x, (rows, *x.shape[1:])))
    both = np.einsum("Zrmp,Zrs->Zmps", left, np.broadcast_to(y, (rows, *y.shape[1:])))
    return np.einsum("Zmps,psn->Zmn", both, t)
