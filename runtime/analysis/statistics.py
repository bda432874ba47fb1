"""Means of series whose neighbouring values are not independent."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ..structures.arrays import Floats

_FEWEST = 8  # blocks that still say how far they scatter


def standard_error(series: Float[Floats, " T"]) -> float | None:
    """Of the mean of a series; None of fewer than two values.

    Neighbours are averaged in pairs again and again; the error of the mean of independent blocks rises until
    they are (Flyvbjerg and Petersen, doi:10.1063/1.457480). The largest is taken, of at least eight blocks.
    """
    if len(series) < 2:
        return None
    errors: list[float] = []
    blocks = np.asarray(series, dtype=np.float64)
    while len(blocks) >= _FEWEST or not errors:
        errors.append(float(blocks.std(ddof=1)) / len(blocks) ** 0.5)
        even = len(blocks) // 2 * 2
        blocks = 0.5 * (blocks[:even:2] + blocks[1:even:2])
        if len(blocks) < 2:
            break
    return max(errors)


def mean_and_error(series: Float[Floats, " T"]) -> tuple[float, float | None]:
    """The mean of a correlated series and its standard error."""
    return float(np.mean(series)), standard_error(series)
