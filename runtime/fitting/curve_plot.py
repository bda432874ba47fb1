"""A picture of a learning curve: the loss, and the errors of each kind of label, over iterations."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..files.atomic import write_atomic
from .result import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..structures.arrays import Floats

_KINDS = {
    "energy RMSE (meV/atom)": "energy_meV_per_atom",
    "forces RMSE (meV/Å)": "forces_meV_per_A",
    "stress RMSE (GPa)": "stress_GPa",
}
_PARTS = {"train": "#6b8fb3", "held_out": "#d1495b"}


def save_learning_curve(path: Path | str, curve: Curve) -> None:
    """The curve as PNG. Raises ArtifactError `unwritable`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = {label: name for label, name in _KINDS.items() if _is_known(curve, name)}
    figure = Figure(figsize=(3.6 * (1 + len(shown)), 3.4), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 1 + len(shown), squeeze=False)[0]
    several = len(np.unique(curve.of("start"))) > 1
    steps = np.arange(1.0, len(curve.rows) + 1) if several else curve.of("iteration")
    axes[0].set_ylabel("loss ½ Σ r²")
    _line(axes[0], steps, curve.of("loss"), "#444444", "")
    for panel, (label, name) in zip(axes[1:], shown.items(), strict=True):
        panel.set_ylabel(label)
        for part, colour in _PARTS.items():
            _line(panel, steps, curve.of(f"{part}_{name}"), colour, part.replace("_", " "))
        panel.legend(frameon=False, fontsize=8)
    for panel in axes:
        panel.set_xlabel("iteration of all starts" if several else "iteration")
        panel.set_yscale("log")
        panel.grid(alpha=0.25, linewidth=0.6)
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    write_atomic(path, buffer.getvalue())


def _is_known(curve: Curve, name: str) -> bool:
    return any(np.isfinite(curve.of(f"{part}_{name}")).any() for part in _PARTS)


def _line(axes: Axes, steps: Floats, values: Floats, colour: str, label: str) -> None:
    known = np.isfinite(values) & (values > 0)
    if known.any():
        mark = "o" if known.sum() < 40 else ""
        axes.plot(steps[known], values[known], color=colour, label=label, marker=mark, markersize=3)
