"""Harmonics on the sphere in four dimensions: rows of them, and how three of their degrees make a number.

The harmonics of degree n at the point (cos θ, sin θ u) are the matrix elements U_qp (q, p = 0…n) of the
rotation by twice the angle θ about u. They are complex, with U_(n−q)(n−p) = (−1)^(q+p) times the conjugate of
U_qp, so that (n + 1)² real numbers hold them. With the place k = q (n + 1) + p and the mirrored place
k' = (n + 1)² − 1 − k, number k is √2 Re U_k and number k' √2 Im U_k for k < k', and number k is U_k where
k = k'.

    T(x, y, z) = Σ t_qq' t_pp' X_qp Y_q'p' conj(Z_(q+q'−s)(p+p'−s)),   s = (a + b − c)/2

couples rows of degrees a, b, c. t is Wigner's 3j symbol but for signs that cancel: T is real, no rotation
changes it, and no order of its arguments does. doi:10.1103/PhysRevB.87.184115, doi:10.1016/j.jcp.2014.12.018
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import copysign, factorial, prod, sqrt

Triad = tuple[int, int, int]


def size(top: int) -> int:
    """The numbers of all degrees 0…top, which is also where degree top + 1 begins."""
    return (top + 1) * (top + 2) * (2 * top + 3) // 6


def top_of(n: int) -> int | None:
    """The highest degree of a row of n numbers, None where no row is as long."""
    top = round((3.0 * n) ** (1.0 / 3.0))
    return next((k for k in range(max(0, top - 2), top + 1) if size(k) == n), None)


def pole(top: int) -> tuple[float, ...]:
    """The row at the pole θ = 0: matrices of no rotation."""
    found = []
    for n in range(top + 1):
        last = (n + 1) ** 2 - 1
        for k in range(last + 1):
            q, p = divmod(k, n + 1)
            found.append(0.0 if q != p or 2 * k > last else 1.0 if 2 * k == last else sqrt(2.0))
    return tuple(found)


def triads(top: int) -> tuple[Triad, ...]:
    """Degrees b ≤ a ≤ c ≤ top that couple, as (a, b, c), in the order of LAMMPS's `sna`."""
    return tuple(
        (a, b, c)
        for a in range(top + 1)
        for b in range(a + 1)
        for c in range(a - b, min(top, a + b) + 1, 2)
        if c >= a
    )


@lru_cache(maxsize=4096)
def symbols(a: int, b: int, c: int) -> tuple[float, ...]:
    """t_qr for q = 0…a and r = 0…b, the last fastest; 0 where q + r − s is not in 0…c."""
    return tuple(_symbol(a, b, c, q, r) for q in range(a + 1) for r in range(b + 1))


def products_of(triad: Triad) -> int:
    """The products X_qp Y_q'p' that T adds up for one half of the numbers Z."""
    a, b, c = triad
    s = (a + b - c) // 2
    pairs = sum(0 <= q + r - s <= c for q in range(a + 1) for r in range(b + 1))
    return pairs * pairs // 2 + 1


def _symbol(a: int, b: int, c: int, q: int, r: int) -> float:
    """By Racah's formula, in whole numbers up to the root."""
    s = (a + b - c) // 2
    m = q + r - s
    if not 0 <= m <= c:
        return 0.0
    total = Fraction(0)
    for k in range(max(0, s - q, r + s - b), min(s, a - q, r) + 1):
        below = (k, s - k, a - q - k, r - k, q - s + k, b - s - r + k)
        total += Fraction((-1) ** k, prod(map(factorial, below)))
    above = (s, a - s, b - s, m, c - m, q, a - q, r, b - r)
    square = total * total * Fraction(prod(map(factorial, above)), factorial(a + b - s + 1))
    return copysign(sqrt(square), total)
