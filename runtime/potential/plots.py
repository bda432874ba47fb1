"""The picture of a potential: its dimer curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..presentation.figures import LINES, colour_of, legend, repeat_of
from ..presentation.result import axes_or_new
from .dimers import Dimer

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_dimers(found: Sequence[Dimer], axes: Axes | None, style: str = "", prefix: str = "") -> Axes:
    """The curves over each other, cut above the wells. style: of all lines; prefix: of names."""
    axes = axes_or_new(axes)
    for k, dimer in enumerate(found):
        _, high = dimer.span
        shown = np.where(dimer.energy <= high, dimer.energy, np.nan)
        line = style or repeat_of(k, LINES)
        axes.plot(
            dimer.distance, shown, line, color=colour_of(k), linewidth=1.3, label=f"{prefix}{dimer.name}"
        )
    axes.axhline(0, color="0.6", linewidth=0.6)
    axes.set_xlabel("distance (Å)")
    axes.set_ylabel("energy of a dimer (eV)")
    legend(axes)
    return axes
