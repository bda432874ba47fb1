"""Generators of rotations for real harmonics and vectors, and tables that couple them without choosing a
direction.

d/dφ Y_lm(R_φ u) = Σ_m' G_mm' Y_lm'(u) for rotations about x and about z, of which all others are made. By
exact algebra of the homogeneous polynomials r^l Y_lm, solved for the G that they have.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ..elaborate.gaunt import harmonics

Matrix: TypeAlias = Float[NDArray[np.float64], "m n"]
Powers = tuple[int, int, int]
_ROUNDING = 1e-11


@lru_cache
def generators(basis: str, l: int) -> tuple[Matrix, Matrix]:  # noqa: E741
    """G of rotations about x and z, (2l+1, 2l+1). basis: `harmonics`, or `vector` for components x, y, z."""
    if basis == "vector":
        return _TURN_X, _TURN_Z
    rows = [_homogeneous(dict(p), l) for p in harmonics(l)]
    powers = sorted(
        {k for row in rows for k in row} | {k for row in rows for w in (0, 2) for k in _turned(row, w)}
    )
    basis_matrix = _matrix(rows, powers)
    found = []
    for axis in (0, 2):
        turned = _matrix([_turned(row, axis) for row in rows], powers)
        g, *_ = np.linalg.lstsq(basis_matrix.T, turned.T, rcond=None)
        assert np.allclose(g.T @ basis_matrix, turned, atol=_ROUNDING)
        found.append(np.asarray(g.T))
    return found[0], found[1]


_TURN_X = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
_TURN_Z = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


def _homogeneous(polynomial: dict[Powers, float], degree: int) -> Counter[Powers]:
    """A polynomial of a unit vector with all of its terms of one degree: 1 is x² + y² + z²."""
    found: Counter[Powers] = Counter()
    for (a, b, c), value in polynomial.items():
        terms = {(a, b, c): value}
        for _ in range((degree - a - b - c) // 2):
            raised: Counter[Powers] = Counter()
            for (i, j, k), x in terms.items():
                for more in ((i + 2, j, k), (i, j + 2, k), (i, j, k + 2)):
                    raised[more] += x  # type: ignore[assignment]
            terms = dict(raised)
        found.update(terms)
    return found


def _turned(polynomial: Counter[Powers], axis: int) -> Counter[Powers]:
    """The derivative by the angle of a rotation of u: du = e × u."""
    first, second = ((1, 2), (2, 0), (0, 1))[axis]
    found: Counter[Powers] = Counter()
    for powers, value in polynomial.items():
        for of, by, sign in ((first, second, -1.0), (second, first, 1.0)):
            if powers[of]:
                lowered = list(powers)
                lowered[of] -= 1
                lowered[by] += 1
                found[lowered[0], lowered[1], lowered[2]] += sign * powers[of] * value  # type: ignore[assignment]
    return found


def _matrix(rows: list[Counter[Powers]], powers: list[Powers]) -> Matrix:
    return np.array([[row.get(k, 0.0) for k in powers] for row in rows], dtype=np.float64)


def couples(table: Matrix, parts: tuple[int, int], whole: int) -> bool:
    """Whether Σ A_{l1 m1} B_{l2 m2} table[m1 m2, m] turns and is mirrored as harmonics of degree `whole`."""
    l1, l2 = parts
    if (l1 + l2 + whole) % 2:
        return False
    size = max(1.0, float(np.abs(table).max()))
    for a, b, c in zip(*(generators("harmonics", l) for l in (l1, l2, whole)), strict=True):  # noqa: E741
        both = np.kron(a, np.eye(2 * l2 + 1)) + np.kron(np.eye(2 * l1 + 1), b)
        if not np.allclose(both.T @ table, table @ c.T, atol=_ROUNDING * size):
            return False
    return True
