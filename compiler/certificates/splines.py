"""Enclosures of splines. Cubics through knots: of each piece by its Bernstein coefficients, of a range by its
pieces. Sums of B-splines: of each function by Taylor polynomials about the middle of what a range has of a
piece.

A polynomial lies between the least and the greatest of its Bernstein coefficients (Farin, Curves and Surfaces
for CAGD, 2002, §5.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..ir.bsplines import WIDTH, Knots, derivative, pieces
from .enclosure import TINY, Enclosure, Values, add, bounds, contracted, exactly, multiply, subtract

# relative errors of the coefficients of a piece, and of a sum of four
_ROUNDED = 1e-13

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


# --- B-splines ---------------------------------------------------------------------------------------


def bspline(
    knots: Sequence[Knots],
    orders: Sequence[int],
    values: Sequence[Enclosure],
    row: Enclosure,
    table: Enclosure | None = None,
) -> Enclosure:
    """The derivative of these orders at values (cells,).

    row: the coefficients of each cell, (cells, n), or with a table (entries, n) the entry of each (cells,).
    """
    if table is not None:
        row = table[row.low.astype(np.intp) if len(table.low) > 1 else np.zeros(len(row.low), np.intp)]
    total = row.map(lambda c: c.reshape(len(c), *(len(own) - 1 for own in knots)))
    for own, order, x in reversed(list(zip(knots, orders, values, strict=True))):
        first, second = _of_all_cells(total, _functions(own, order, x))
        total = contracted("z...k,zk->z...", first, second, len(own) - 1)
    return total


def _of_all_cells(*args: Enclosure) -> Iterator[Enclosure]:
    (cells,) = np.broadcast_shapes(*((len(a.low),) for a in args))
    return (a.map(lambda v: np.broadcast_to(v, (cells, *v.shape[1:]))) for a in args)


def _functions(knots: Knots, order: int, x: Enclosure) -> Enclosure:
    """The derivatives of all functions at x (cells,): (cells, n)."""
    own = pieces(knots)
    low = np.full((len(x.low), own.functions), np.inf)
    high = -low
    wild = np.isnan(x.low) | np.isnan(x.high)
    ends = zip((-np.inf, *knots), (*knots, np.inf), strict=True)
    for k, (begin, end) in enumerate(ends, -1):
        cells = np.flatnonzero((x.high >= begin) & (x.low <= end) & ~wild)
        if len(cells) == 0:
            continue
        a, b = (np.clip(side[cells], begin, end) for side in (x.low, x.high))
        inside = min(max(k, 0), own.functions - 1)
        for f, p in enumerate(own.weights[inside], own.first[inside]):
            with np.errstate(invalid="ignore", over="ignore"):
                least, most = _polynomial(_piece(p, k, knots), order, a - knots[inside], b - knots[inside])
            low[cells, f] = np.minimum(low[cells, f], least)
            high[cells, f] = np.maximum(high[cells, f], most)
        others = np.setdiff1d(np.arange(own.functions), own.first[inside] + np.arange(WIDTH))
        low[np.ix_(cells, others)] = np.minimum(low[np.ix_(cells, others)], 0.0)
        high[np.ix_(cells, others)] = np.maximum(high[np.ix_(cells, others)], 0.0)
    return bounds(np.where(wild[:, None], np.nan, low), high)


def _piece(p: tuple[float, ...], k: int, knots: Knots) -> tuple[float, ...]:
    """The polynomial of an interval, straight before the first and 0 beyond the last."""
    return p[:2] if k < 0 else (0.0,) if k == len(knots) - 1 else p


def _polynomial(p: tuple[float, ...], order: int, a: Values, b: Values) -> tuple[Values, Values]:
    """Bounds of the derivative of a polynomial from a to b."""
    middle, radius = 0.5 * (a + b), 0.5 * (b - a)
    value, error, factor = np.zeros_like(a), np.zeros_like(a), 1.0
    for n in range(order, len(p)):
        terms = np.array([c * middle**power for power, c in enumerate(derivative(p, n))])
        whole, slack = terms.sum(axis=0), _ROUNDED * np.abs(terms).sum(axis=0)
        if n == order:
            value, error = whole, slack
        else:
            factor = factor / (n - order)
            error = error + (np.abs(whole) + slack) * radius ** (n - order) * factor
    error = error * (1.0 + _ROUNDED) + TINY * (np.abs(value) > 0.0)
    return value - error, value + error


def _extremes(extreme: np.ufunc, pieces: Values, rows: Rows, first: Rows, last: Rows) -> Values:
    """Of the pieces first…last of each cell's entry the least or the greatest value."""
    width = pieces.shape[1] + 1
    flat = np.pad(pieces, ((0, 0), (0, 1))).ravel()
    ends = np.stack([rows * width + first, rows * width + last + 1], axis=-1).ravel()
    found: Values = extreme.reduceat(flat, ends)[::2]
    return found
