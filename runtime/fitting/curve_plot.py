"""A picture of a learning curve: the loss, and the errors of each kind of label, over iterations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..presentation.axes import logarithmic
from ..presentation.figures import PANEL, PARTS, SOFT, Panel, save_png
from ..structures.arrays import Floats
from .result import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KINDS = {
    "energy RMSE (meV/atom)": "energy_meV_per_atom",
    "forces RMSE (meV/Å)": "forces_meV_per_A",
    "stress RMSE (GPa)": "stress_GPa",
}
_HEIGHT = 2.9  # inches
_FEW = 40  # rows that are marked, each by a dot


def save_learning_curve(path: Path | str, curve: Curve) -> None:
    """The curve as PNG. Raises ArtifactError `unwritable`."""
    save_png(path, learning_panels(curve), columns=4)


def learning_panels(curve: Curve) -> list[Panel]:
    """The loss, and the errors of each kind of label that are known of trained or held-out structures."""
    several = len(np.unique(curve.of("start"))) > 1
    steps = np.arange(1.0, len(curve.rows) + 1) if several else curve.of("iteration")
    x = "iteration of all starts" if several else "iteration", steps
    drawings = {"loss ½ Σ r²": {"": curve.of("loss")}}
    for label, name in _KINDS.items():
        parts = {part: curve.of(f"{part.replace(' ', '_')}_{name}") for part in ("train", "held out")}
        known = {part: values for part, values in parts.items() if np.isfinite(values).any()}
        if known:
            drawings[label] = known
    return [_panel(label, x, lines) for label, lines in drawings.items()]


def _panel(label: str, x: tuple[str, Floats], lines: Mapping[str, Floats]) -> Panel:
    return Panel(f"{label} over iterations", PANEL, _HEIGHT, lambda f: _draw(f.subplots(), label, x, lines))


def _draw(axes: Axes, label: str, x: tuple[str, Floats], lines: Mapping[str, Floats]) -> None:
    seen: list[float] = []
    for part, values in lines.items():
        known = np.isfinite(values) & (values > 0)
        marker = "o" if known.sum() < _FEW else ""
        axes.plot(x[1][known], values[known], color=PARTS.get(part, SOFT), label=part, marker=marker, ms=3)
        seen += values[known].tolist()
    if seen:
        logarithmic(axes.yaxis, seen)
    axes.set(xlabel=x[0], ylabel=label)
    if "" not in lines:
        axes.legend()
