"""Enclosures of harmonics in four dimensions and of their couplings, by lengths.

The numbers of degree n have the length √(n + 1) ρⁿ at a point of length ρ, as the matrix is unitary for
ρ = 1, and change by at most √(n + 1) n ρⁿ⁻¹ for a step of length 1. The symbols t have the length 1, so that
|T(x, y, z)| ≤ |x| |y| |z|. An enclosure is the value in the middle with the largest change from there, within
the largest length.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np

from ..backends.triads import Places, all_products
from ..ir.triads import Triad, size, top_of
from .enclosure import Enclosure, Values, bounds, up

_ROUNDED = 1e-11  # more than the rounding of all sums and products here, as a part of the largest length
_AT_ONCE = 500_000  # products


def harmonics(c: Enclosure, v: Enclosure, top: int) -> Enclosure:
    """Degrees 0…top at points (c, v): (cells, …)."""
    (middle, step), (middles, steps) = _middle(c), _middle(v)
    rho = np.sqrt(c.size**2 + (v.size**2).sum(axis=-1))[:, None]
    move = np.sqrt(step**2 + (steps**2).sum(axis=-1))[:, None]
    n = np.arange(top + 1)
    most = np.sqrt(n + 1.0) * rho**n
    error = np.sqrt(n + 1.0) * n * rho ** np.maximum(n - 1, 0) * move
    return _around(_values(middle, middles, top), _spread(most), _spread(error))


def _values(c: Values, v: Values, top: int) -> Values:
    """U_n = (n + 1) T(U_(n−1), U_1, ·)"""
    (cells,) = np.broadcast_shapes(c.shape, v.shape[:1])
    found = np.zeros((cells, size(top)))
    found[:, 0] = 1.0
    found[:, 1:5] = sqrt(2.0) * np.stack(np.broadcast_arrays(c, -v[:, 1], -v[:, 0], v[:, 2]), axis=1)
    for n in range(2, top + 1):
        made = _coupled(np.ones((1, 1)), found, found, ((n - 1, 1, n),), top)
        found[:, size(n - 1) : size(n)] = (n + 1) * made[:, size(n - 1) : size(n)]
    return found


def triads(x: Enclosure, y: Enclosure, z: Enclosure, degrees: tuple[Triad, ...]) -> Enclosure:
    """T(x_a, y_b, z_c) of each: (cells, n)."""
    table, starts = all_products(degrees)
    middles = [_middle(row)[0] for row in (x, y, z)]
    found = _sums(table.factor, list(zip(middles, (table.i, table.j, table.k), strict=True)), starts)
    rows, places = (x, y, z), zip(*degrees, strict=True)
    factors = [_lengths(row).of(own) for row, own in zip(rows, places, strict=True)]
    return _around(found, *_product(factors))


def couple(w: Enclosure, x: Enclosure, y: Enclosure, degrees: tuple[Triad, ...], top: int) -> Enclosure:
    """Σ w T(x_a, y_b, ·), as a row of degrees 0…top."""
    weights, radii = _middle(w)
    found = _coupled(weights, _middle(x)[0], _middle(y)[0], degrees, top)
    first, second, last = zip(*degrees, strict=True)
    own = Lengths(w.size, np.abs(weights), radii)
    each = _product([own, _lengths(x).of(first), _lengths(y).of(second)])
    onto = np.equal.outer(np.array(last), np.arange(top + 1)).astype(np.float64)
    with np.errstate(invalid="ignore"):  # ∞·0: no number, which is any number
        most, error = (_spread(part @ onto) for part in each)
    return _around(found, most, error)


def _coupled(w: Values, x: Values, y: Values, degrees: tuple[Triad, ...], top: int) -> Values:
    """Σ w T(x_a, y_b, ·) of numbers: (cells, …)."""
    table, starts = all_products(degrees)
    of = np.repeat(np.arange(len(degrees)), np.diff([*starts, len(table.k)]))
    order = np.argsort(table.k, kind="stable")
    places, first = np.unique(table.k[order], return_index=True)
    parts = [(w, of[order]), (x, table.i[order]), (y, table.j[order])]
    sums = _sums(table.factor[order], parts, first)
    found = np.zeros((len(sums), size(top)))
    found[:, places] = sums
    return found


def _sums(factor: Values, parts: Sequence[tuple[Values, Places]], starts: Places) -> Values:
    """Sums of products of numbers at places, from each start to the next: (cells, n).

    Products with a number that is 0 in all cells are left out: of a pair along z they are nearly all.
    """
    (cells,) = np.broadcast_shapes(*(a.shape[:1] for a, _ in parts))
    kept = np.flatnonzero(np.all([(a != 0.0).any(axis=0)[places] for a, places in parts], axis=0))
    first = np.searchsorted(kept, starts)
    found = np.zeros((cells, len(starts)))
    some = np.flatnonzero(np.diff([*first, len(kept)]))
    step = max(1, _AT_ONCE // max(1, len(kept)))
    laid = [(np.ascontiguousarray(a.T), places[kept]) for a, places in parts]
    for k in range(0, cells if len(some) else 0, step):
        total = np.repeat(factor[kept, None], min(step, cells - k), axis=1)
        for a, places in laid:
            total *= (a if a.shape[1] == 1 else a[:, k : k + step])[places]
        found[k : k + step, some] = np.add.reduceat(total, first[some], axis=0).T
    return found


# --- lengths --------------------------------------------------------------------------------------


class Lengths(NamedTuple):
    """Of several vectors, (cells, n): the greatest length, that of the middle, and of a change from there."""

    most: Values
    middle: Values
    change: Values

    def of(self, places: Sequence[int]) -> Lengths:
        return Lengths(*(part[:, list(places)] for part in self))


def _middle(a: Enclosure) -> tuple[Values, Values]:
    """The middle of what is finite, and how far it is from there at most."""
    middle = np.where(a.finite, 0.5 * (np.clip(a.low, -1e150, 1e150) + np.clip(a.high, -1e150, 1e150)), 0.0)
    return middle, up(np.maximum(a.high - middle, middle - a.low))


def _lengths(x: Enclosure) -> Lengths:
    """Of the numbers of each degree."""
    top = top_of(x.shape[1]) or 0
    starts = [size(n - 1) for n in range(top + 1)]
    return Lengths(*(np.sqrt(np.add.reduceat(part**2, starts, axis=1)) for part in (x.size, *_middle(x))))


def _product(factors: Sequence[Lengths]) -> tuple[Values, Values]:
    """The greatest length of a product, and that of its change, one factor after the other."""
    most, error = np.ones((1, 1)), np.zeros((1, 1))
    with np.errstate(invalid="ignore", over="ignore"):
        for own in factors:
            most, error = most * own.most, error * own.middle + most * own.change
    return most, error


def _spread(degrees: Values) -> Values:
    """A number for each degree, (cells, top + 1), as one for each number of a row."""
    return np.repeat(degrees, [(n + 1) ** 2 for n in range(degrees.shape[1])], axis=1)


def _around(middle: Values, most: Values, error: Values) -> Enclosure:
    """Within an error of the middle, and no larger than `most`; any number where that is none."""
    with np.errstate(invalid="ignore", over="ignore"):
        most, error = most * (1.0 + _ROUNDED), error * (1.0 + _ROUNDED) + most * _ROUNDED
        low, high = np.fmax(middle - error, -most), np.fmin(middle + error, most)
    return bounds(low, high)
