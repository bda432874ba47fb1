"""Lattice parameters and the temperature, by windows of time.

Temperatures of single frames fluctuate and are not those of the thermostat: parameters are averaged over
windows of time, and stand beside the mean temperature of the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase.geometry import cell_to_cellpar
from jaxtyping import Float

from ..structures.arrays import Cell, Floats, Indices
from .statistics import mean_and_error

COLUMNS = ("a", "b", "c", "alpha", "beta", "gamma", "volume")
UNITS = ("Å", "Å", "Å", "°", "°", "°", "Å³")


@dataclass(frozen=True)
class CellWindow:
    """Means and standard errors over a window: begin and end in ps (frame numbers where there is no time),
    temperature in K, None where it is not known; parameters in the order of COLUMNS.
    """

    begin: float
    end: float
    frames: int
    temperature: tuple[float, float | None] | None
    parameters: tuple[tuple[float, float | None], ...]


def row(cell: Cell) -> Float[Floats, " 7"]:
    """a, b, c in Å, angles in degrees, volume in Å³ of a cell."""
    return np.append(cell_to_cellpar(cell), abs(np.linalg.det(cell)))


def cell_windows(
    rows: Float[Floats, "T 7"], when: Sequence[float], temperatures: Sequence[float | None], windows: int
) -> tuple[CellWindow, ...]:
    """rows as `row` makes them, `when` they were, cut into at most so many windows of equal length."""
    parts = np.array_split(np.arange(len(rows)), min(windows, len(rows)))
    return tuple(_window(part, rows, when, temperatures) for part in parts)


def whole(
    rows: Float[Floats, "T 7"], when: Sequence[float], temperatures: Sequence[float | None]
) -> CellWindow:
    """All frames as one window."""
    return _window(np.arange(len(rows)), rows, when, temperatures)


def _window(
    part: Indices, rows: Float[Floats, "T 7"], when: Sequence[float], temperatures: Sequence[float | None]
) -> CellWindow:
    known = [t for k in part if (t := temperatures[k]) is not None]
    return CellWindow(
        when[part[0]],
        when[part[-1]],
        len(part),
        mean_and_error(np.array(known)) if len(known) == len(part) else None,
        tuple(mean_and_error(rows[part, k]) for k in range(len(COLUMNS))),
    )
