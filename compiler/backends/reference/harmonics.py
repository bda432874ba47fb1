"""Real spherical harmonics as textbooks have them."""

from __future__ import annotations

import numpy as np

from .geometry import Array

DEGREE = 4  # the highest that is written down here


def harmonics(x: Array, y: Array, z: Array) -> list[Array]:
    """Real spherical harmonics of a unit vector to l = DEGREE, times sqrt(4π/(2l+1)), order m = −l…l."""
    s3, s5, s15, s35, s70 = (np.sqrt(k) for k in (3.0, 5.0, 15.0, 35.0, 70.0))
    s6, s10 = np.sqrt(6.0), np.sqrt(10.0)
    one = np.ones_like(x)
    return [
        one,
        y, z, x,
        s3 * x * y, s3 * y * z, (3 * z**2 - 1) / 2, s3 * x * z, s3 / 2 * (x**2 - y**2),
        s10 / 4 * y * (3 * x**2 - y**2), s15 * x * y * z, s6 / 4 * y * (5 * z**2 - 1), z * (5 * z**2 - 3) / 2,
        s6 / 4 * x * (5 * z**2 - 1), s15 / 2 * z * (x**2 - y**2), s10 / 4 * x * (x**2 - 3 * y**2),
        s35 / 2 * x * y * (x**2 - y**2), s70 / 4 * y * z * (3 * x**2 - y**2), s5 / 2 * x * y * (7 * z**2 - 1),
        s10 / 4 * y * z * (7 * z**2 - 3), (35 * z**4 - 30 * z**2 + 3) / 8, s10 / 4 * x * z * (7 * z**2 - 3),
        s5 / 4 * (x**2 - y**2) * (7 * z**2 - 1), s70 / 4 * x * z * (x**2 - 3 * y**2),
        s35 / 8 * (x**4 - 6 * x**2 * y**2 + y**4),
    ]  # fmt: skip
