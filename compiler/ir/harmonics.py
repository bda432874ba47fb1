"""Coefficients of real solid harmonics, from which the passes and the targets make polynomials."""

from __future__ import annotations

from math import factorial, sqrt


def legendre_coefficients(l: int, m: int, slope: int = 0) -> list[float]:  # noqa: E741
    """The z part of order m ≥ 0, or its derivative: d^(m+slope) P_l/dz^(m+slope), normalised for m.

    P_l = 2^−l Σ_k (−1)^k C(l, k) C(2l−2k, l) z^(l−2k). Coefficient k is that of z^k.
    """
    norm = sqrt((1 if m == 0 else 2) * factorial(l - m) / factorial(l + m))
    coefficients = [0.0] * (l + 1)
    for k in range(l // 2 + 1):
        top = factorial(2 * l - 2 * k)
        bottom = 2**l * factorial(k) * factorial(l - k) * factorial(l - 2 * k)
        coefficients[l - 2 * k] = norm * (-1) ** k * top / bottom
    for _ in range(m + slope):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:]
    return coefficients
