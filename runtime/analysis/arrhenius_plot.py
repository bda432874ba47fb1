"""The picture of diffusion at several temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ase.units import kB

from ..presentation.axes import logarithmic, plain_number
from ..presentation.figures import COLOURS, Panel
from .arrhenius import Arrhenius

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 4.4, 3.4  # inches


def arrhenius_panel(lines: Sequence[Arrhenius]) -> Panel:
    """D over 1000/T, with the temperature itself on top."""
    return Panel("Arrhenius plot of D", _WIDTH, _HEIGHT, lambda figure: _draw(figure.subplots(), lines))


def _draw(axes: Axes, lines: Sequence[Arrhenius]) -> None:
    for k, line in enumerate(lines):
        colour, x = COLOURS[k % len(COLOURS)], 1000.0 / line.temperature
        energy = f"{line.energy:.3g}" + (f" ± {line.energy_error:.2g}" if line.energy_error else "")
        axes.errorbar(x, line.value, line.error, fmt="o", color=colour, capsize=2)
        ends = np.array([x.min(), x.max()])
        drawn = line.prefactor * np.exp(-line.energy * ends / (1000.0 * kB))
        axes.plot(ends, drawn, color=colour, label=f"{line.species}: {energy} eV")
    axes.set(xlabel="1000 / T (1/K)", ylabel="D (cm²/s)")
    logarithmic(axes.yaxis, [v for line in lines for v in (*line.value, *(line.value - line.error)) if v > 0])
    axes.legend(title="activation energy", title_fontsize=8, alignment="left")
    temperatures = sorted({float(t) for line in lines for t in line.temperature})
    top = axes.twiny()
    top.set_xlim(axes.get_xlim())
    top.set_xticks([1000.0 / t for t in temperatures], [plain_number(t) for t in temperatures])
    top.grid(visible=False)
    top.set_xlabel("T (K)")
