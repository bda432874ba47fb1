"""Enclosures of cubics through knots: of each piece by its Bernstein coefficients, of a range by its pieces.

A polynomial lies between the least and the greatest of its Bernstein coefficients (Farin, Curves and Surfaces
for CAGD, 2002, §5.1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .enclosure import Enclosure, Values, add, bounds, exactly, multiply, subtract

Rows = NDArray[np.intp]


def interpolate(x: Enclosure, order: int, knots: Enclosure, table: Enclosure | None = None) -> Enclosure:
    """The derivative of this order at x (cells,).

    knots: those of each cell, (cells, 2n), or with a table (entries, 2n) the entry of each (cells,).
    """
    if table is None:
        table, rows = knots, np.arange(len(knots.low))
    else:
        rows = knots.low.astype(np.intp)
        entries = int(rows.max(initial=0)) + 1
        table = table if len(table.low) >= entries else table[np.zeros(entries, np.intp)]
    n = table.shape[1] // 2
    pieces = _pieces(table, order)
    low, high, rows = np.broadcast_arrays(x.low, x.high, rows)
    wild = np.isnan(low) | np.isnan(high)
    first, last = (np.clip(np.floor(np.where(wild, 0.0, e)), 0, n - 2).astype(np.intp) for e in (low, high))
    least = _extremes(np.minimum, pieces.low, rows, first, last)
    most = _extremes(np.maximum, pieces.high, rows, first, last)
    for beyond, knot in ((np.minimum(low, 0.0), 0), (np.maximum(high - (n - 1), 0.0), n - 1)):
        there = beyond != 0.0
        if there.any():
            straight = _straight(table[rows], knot, beyond, order)
            least = np.where(there, np.minimum(least, straight.low), least)
            most = np.where(there, np.maximum(most, straight.high), most)
    return bounds(np.where(wild, np.nan, least), most)


def _pieces(table: Enclosure, order: int) -> Enclosure:
    """All values of each piece, (entries, n − 1)."""
    v, s = table[:, 0::2], table[:, 1::2]
    left, right, d = s[:, :-1], s[:, 1:], subtract(v[:, 1:], v[:, :-1])
    if order == 0:
        third = exactly(1.0 / 3.0)
        inner = add(v[:, :-1], multiply(third, left)), subtract(v[:, 1:], multiply(third, right))
        found = [v[:, :-1], *inner, v[:, 1:]]
    elif order == 1:
        found = [left, subtract(_times(3.0, d), add(left, right)), right]
    elif order == 2:
        begin = subtract(_times(6.0, d), add(_times(4.0, left), _times(2.0, right)))
        found = [begin, subtract(add(_times(2.0, left), _times(4.0, right)), _times(6.0, d))]
    else:
        found = [_times(6.0, subtract(add(left, right), _times(2.0, d)))]
    slack = 1e-15 * np.maximum.reduce([f.size for f in found])  # of a third, which is no double
    low = np.minimum.reduce([f.low for f in found]) - slack
    return bounds(low, np.maximum.reduce([f.high for f in found]) + slack)


def _times(factor: float, value: Enclosure) -> Enclosure:
    return multiply(exactly(factor), value)


def _straight(knots: Enclosure, knot: int, beyond: Values, order: int) -> Enclosure:
    """Beyond a knot at an end, from it to that distance."""
    if order > 1:
        return exactly(np.zeros(len(beyond)))
    slope = knots[:, 2 * knot + 1]
    if order == 1:
        return slope
    rise = multiply(slope, bounds(np.minimum(beyond, 0.0), np.maximum(beyond, 0.0)))
    return add(knots[:, 2 * knot], rise)


def _extremes(extreme: np.ufunc, pieces: Values, rows: Rows, first: Rows, last: Rows) -> Values:
    """Of the pieces first…last of each cell's entry the least or the greatest value."""
    width = pieces.shape[1] + 1
    flat = np.pad(pieces, ((0, 0), (0, 1))).ravel()
    ends = np.stack([rows * width + first, rows * width + last + 1], axis=-1).ravel()
    found: Values = extreme.reduceat(flat, ends)[::2]
    return found
