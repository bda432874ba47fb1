"""Enclosures of harmonics in four dimensions and of their couplings, by lengths.

The numbers of degree n have the length √(n + 1) ρⁿ at a point of length ρ: the matrix is unitary for ρ = 1.
The symbols t have the length 1, so that |T(x, y, z)| ≤ |x| |y| |z|.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir.triads import Triad, size
from .enclosure import Enclosure, Values, bounds, up

_ROUNDED = 1.0 + 1e-12  # more than the rounding of all sums and products here


def harmonics(c: Enclosure, v: Enclosure, top: int) -> Enclosure:
    """Degrees 0…top at points (c, v): (cells, …)."""
    rho = np.sqrt(c.size**2 + (v.size**2).sum(axis=-1))
    parts = [np.sqrt(n + 1.0) * rho[:, None] ** n * np.ones((n + 1) ** 2) for n in range(top + 1)]
    return _within(np.concatenate(parts, axis=1))


def triads(x: Enclosure, y: Enclosure, z: Enclosure, degrees: Sequence[Triad]) -> Enclosure:
    """T(x_a, y_b, z_c) of each: (cells, n)."""
    return _within(np.stack([_length(x, a) * _length(y, b) * _length(z, c) for a, b, c in degrees], axis=1))


def couple(w: Enclosure, x: Enclosure, y: Enclosure, degrees: Sequence[Triad], top: int) -> Enclosure:
    """Σ w T(x_a, y_b, ·), as a row of degrees 0…top."""
    lengths = [w.size[:, t] * _length(x, a) * _length(y, b) for t, (a, b, _) in enumerate(degrees)]
    cells = max(len(part) for part in lengths)
    total = np.zeros((cells, top + 1))
    for part, (_, _, c) in zip(lengths, degrees, strict=True):
        total[:, c] += part
    return _within(np.repeat(total, [(c + 1) ** 2 for c in range(top + 1)], axis=1))


def _length(x: Enclosure, n: int) -> Values:
    """The greatest length of the numbers of degree n: (cells,)."""
    return np.sqrt((x.size[:, size(n - 1) : size(n)] ** 2).sum(axis=1))


def _within(most: Values) -> Enclosure:
    """Numbers that are no larger. What is infinite times 0 is any number."""
    most = up(most * _ROUNDED)
    return bounds(-most, most)
