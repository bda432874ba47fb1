"""Gaunt coefficients: how three spherical harmonics couple to a number that no rotation changes.

    G^{l1 l2 l3}_{m1 m2 m3} = (1/4π) ∫ Y_{l1 m1} Y_{l2 m2} Y_{l3 m3} dΩ,

with the real harmonics of the IR, Σ_m Y_lm(u) Y_lm(v) = P_l(u·v): Wigner's 3j symbols but for a factor of
(l1, l2, l3), where l1 + l2 + l3 is even and the three make a triangle; 0 elsewhere.
doi:10.1103/PhysRevB.87.184115
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import comb, factorial, sqrt

# x^a y^b z^c -> coefficient
Polynomial = dict[tuple[int, int, int], float]


def gaunt_degrees(top: int) -> Iterator[tuple[int, int, int]]:
    """Degrees l1 ≤ l2 ≤ l3 ≤ top whose coefficients are not 0."""
    for a in range(top + 1):
        for b in range(a, top + 1):
            for c in range(b, min(a + b, top) + 1):
                if (a + b + c) % 2 == 0:
                    yield a, b, c


@lru_cache
def gaunt(l1: int, l2: int, l3: int) -> tuple[float, ...]:
    """G, (2 l1 + 1)(2 l2 + 1)(2 l3 + 1) numbers, the last order fastest."""
    found = []
    for a in harmonics(l1):
        for b in harmonics(l2):
            both = _product(a, b)
            found += [_overlap(both, c) for c in harmonics(l3)]
    return tuple(found)


@lru_cache
def harmonics(l: int) -> tuple[Polynomial, ...]:  # noqa: E741
    """Y_lm of a unit vector as polynomials, orders m = −l…l, sines first."""
    rows: dict[int, Polynomial] = {}
    for m in range(l + 1):
        cosine, sine = _wave(m)
        rows[m] = _product(_legendre(l, m), cosine)
        if m:
            rows[-m] = _product(_legendre(l, m), sine)
    return tuple(rows[m] for m in range(-l, l + 1))


def _wave(m: int) -> tuple[Polynomial, Polynomial]:
    """Re and Im of (x + iy)^m."""
    parts: tuple[Polynomial, Polynomial] = ({}, {})
    for k in range(m + 1):
        parts[k % 2][m - k, k, 0] = comb(m, k) * (-1.0) ** (k // 2)
    return parts


def _legendre(l: int, m: int) -> Polynomial:  # noqa: E741
    """d^m P_l/dz^m times √(2 (l − m)!/(l + m)!), √2 only for m > 0."""
    norm = sqrt((1 if m == 0 else 2) * factorial(l - m) / factorial(l + m))
    found: Polynomial = {}
    for k in range((l - m) // 2 + 1):
        top = (-1) ** k * factorial(2 * l - 2 * k)
        bottom = 2**l * factorial(k) * factorial(l - k) * factorial(l - 2 * k - m)
        found[0, 0, l - 2 * k - m] = norm * top / bottom
    return found


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    found: Polynomial = {}
    for (i, j, k), x in a.items():
        for (p, q, r), y in b.items():
            key = i + p, j + q, k + r
            found[key] = found.get(key, 0.0) + x * y
    return found


def _overlap(a: Polynomial, b: Polynomial) -> float:
    """The mean of a product over the unit sphere."""
    total = sum(
        x * y * _moment(i + p, j + q, k + r)
        for (i, j, k), x in a.items()
        for (p, q, r), y in b.items()
        if (i + p) % 2 == (j + q) % 2 == (k + r) % 2 == 0
    )
    return total if abs(total) > 1e-12 else 0.0


@lru_cache
def _moment(a: int, b: int, c: int) -> float:
    """The mean of x^a y^b z^c, even powers: (a−1)!!(b−1)!!(c−1)!!/(a+b+c+1)!!."""
    return _odd(a - 1) * _odd(b - 1) * _odd(c - 1) / _odd(a + b + c + 1)


def _odd(n: int) -> int:
    """n!! of an odd n."""
    return 1 if n <= 1 else n * _odd(n - 2)
