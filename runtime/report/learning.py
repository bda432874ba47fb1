"""The learning curve of a run: loss and errors over iterations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ..files.reading import read_plain
from ..presentation.axes import logarithmic
from ..presentation.figures import PANEL, PARTS, SOFT, Panel
from ..runs.formats import TRAINING
from ..structures.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Learning = Mapping[str, Float[Floats, " n"]]  # columns by name

_HEIGHT = 2.8  # inches
_KINDS = {
    "energy RMSE (meV/atom)": "energy_meV_per_atom",
    "forces RMSE (meV/Å)": "forces_meV_per_A",
    "stress RMSE (GPa)": "stress_GPa",
}


def read_learning(folder: Path) -> Learning | None:
    """The columns of the file; None where a run has none, or one that no picture can be made of."""
    path = folder / TRAINING
    if not path.is_file():
        return None
    try:
        head, *lines = read_plain(path).decode("utf-8").splitlines()
        rows = np.array([[float(cell or "nan") for cell in line.split(",")] for line in lines])
    except (OSError, ValueError):
        return None
    names = head.split(",")
    if rows.ndim != 2 or rows.shape[1] != len(names) or not {"iteration", "loss"} <= set(names):
        return None
    return dict(zip(names, rows.T, strict=True))


def learning_panels(learning: Learning) -> list[Panel]:
    """The loss, and the errors of each kind of label that are known of trained or held-out structures."""
    drawings = {"loss ½ Σ r²": {"loss": learning["loss"]}}
    for label, name in _KINDS.items():
        seen = {part: learning.get(f"{part.replace(' ', '_')}_{name}") for part in ("train", "held out")}
        known = {part: y for part, y in seen.items() if y is not None and (y > 0).any()}
        if known:
            drawings[label] = known
    return [_panel(label, learning["iteration"], lines) for label, lines in drawings.items()]


def _panel(label: str, x: Floats, lines: Mapping[str, Floats]) -> Panel:
    return Panel(f"{label} over iterations", PANEL, _HEIGHT, lambda f: _draw(f.subplots(), label, x, lines))


def _draw(axes: Axes, label: str, x: Floats, lines: Mapping[str, Floats]) -> None:
    shown = partial(axes.plot, marker="o" if len(x) < 40 else "", markersize=3)
    seen: list[float] = []
    for name, y in lines.items():
        known = y > 0
        shown(x[known], y[known], color=PARTS.get(name, SOFT), label=name)
        seen += y[known].tolist()
    if seen:
        logarithmic(axes.yaxis, seen)
    axes.set(xlabel="iteration", ylabel=label)
    if len(lines) > 1 or "loss" not in lines:
        axes.legend()


def last(learning: Learning) -> Sequence[str]:
    """The end of the course, in words."""
    found = [f"{learning['iteration'][-1]:.0f} iterations"]
    if "seconds" in learning:
        found.append(f"{learning['seconds'][-1]:.0f} s")
    return found
