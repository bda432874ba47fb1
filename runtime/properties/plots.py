"""Plots of the curves of a measurement: a PNG for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..files.atomic import write_atomic
from .results import Curve

_LABELS = {
    "equation_of_state": ("volume (Å³/atom)", "energy (eV/atom)"),
    "phonon": ("", "frequency (THz)"),
    "dimer": ("distance (Å)", "energy (eV)"),
}
_COLOURS = ("#33658a", "#d1495b", "#3d8361", "#b08968", "#7b506f", "#4f6d7a")


def save_plots(folder: Path, curves: Sequence[Curve]) -> list[Path]:
    """`equation_of_state.png`, `phonon.png` and `dimer.png`, those there are curves for.

    Raises ArtifactError `unwritable`.
    """
    written = []
    for kind in _LABELS:
        some = [c for c in curves if c.kind == kind]
        if some:
            path = folder / f"{kind}.png"
            write_atomic(path, _drawn(kind, some))
            written.append(path)
    return written


def _drawn(kind: str, curves: Sequence[Curve]) -> bytes:
    """A panel for each dispersion; one panel for all curves of the other kinds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = len(curves) if kind == "phonon" else 1
    figure = Figure(figsize=(6.4, 4.2 * panels), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(panels, 1, squeeze=False)[:, 0])
    for k, curve in enumerate(curves):
        _draw(axes[k % panels], curve, _COLOURS[k % len(_COLOURS)])
    for one in axes:
        one.set_xlabel(_LABELS[kind][0])
        one.set_ylabel(_LABELS[kind][1])
        if kind != "phonon":
            one.legend(frameon=False, fontsize=8)
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _draw(axes: Any, curve: Curve, colour: str) -> None:
    if curve.kind == "phonon":
        jumps = np.flatnonzero(np.diff(curve.x) == 0) + 1  # from one special point to another: H|P
        x, y = np.insert(curve.x, jumps, np.nan), np.insert(curve.y, jumps, np.nan, axis=0)
        axes.plot(x, y, color=_COLOURS[0], linewidth=1)
        names: dict[float, str] = {}
        for place, name in curve.ticks:
            names[place] = f"{names[place]}|{name}" if place in names else name
        axes.set_xticks(list(names), list(names.values()))
        for place in names:
            axes.axvline(place, color="0.8", linewidth=0.6, zorder=0)
        axes.axhline(0, color="0.4", linewidth=0.6)
        axes.set_xlim(curve.x[0], curve.x[-1])
        axes.set_title(curve.name, fontsize=10)
        return
    marker = "o" if curve.kind == "equation_of_state" else None
    axes.plot(curve.x, curve.y, color=colour, linewidth=1.2, marker=marker, markersize=3, label=curve.name)
    if curve.kind == "dimer":
        axes.axhline(0, color="0.4", linewidth=0.6)
        # the core is far higher than the well: linear about zero, logarithmic above
        axes.set_yscale("symlog", linthresh=1.0)
