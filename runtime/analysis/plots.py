"""Drawings of analyses: a line for each run."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..data.names import distinct_names
from ..files.atomic import write_atomic
from .analysis import Analysis
from .cell import COLUMNS, UNITS
from .radial import NEAR

_WIDTH, _HEIGHT = 3.4, 2.6  # inches of a panel


def save_plots(folder: Path, analyses: Sequence[Analysis]) -> list[Path]:
    """`rdf.png`, `distances.png`, `cell.png` and, where there is diffusion, `msd.png`.

    Raises ArtifactError `unwritable`.
    """
    drawings = {"rdf": _rdf, "distances": _distances, "cell": _cell}
    if any(a.diffusion for a in analyses):
        drawings["msd"] = _msd
    written = []
    for name, draw in drawings.items():
        path = folder / f"{name}.png"
        content = BytesIO()
        draw(analyses).savefig(content, format="png", dpi=150)
        write_atomic(path, content.getvalue())
        written.append(path)
    return written


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, 4)
    rows = -(-count // columns)
    figure = Figure(figsize=(_WIDTH * columns, _HEIGHT * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in axes[count:]:
        unused.set_visible(False)
    return figure, axes[:count]


def _name(axes: Axes, analyses: Sequence[Analysis]) -> None:
    if 1 < len(analyses) <= 10:
        axes.legend(distinct_names([a.where for a in analyses]), fontsize=6, frameon=False)


def _rdf(analyses: Sequence[Analysis]) -> Figure:
    figure, panels = _panels(len(analyses[0].pairs))
    for k, axes in enumerate(panels):
        for a in analyses:
            axes.plot(a.pairs[k].r, a.pairs[k].g, linewidth=1)
        axes.axvspan(0, NEAR, color="0.9", zorder=0)
        axes.axhline(1, color="0.6", linewidth=0.5)
        axes.set(title=a.pairs[k].name, xlabel="r (Å)", ylabel="g", xlim=(0, None), ylim=(0, None))
    _name(panels[0], analyses)
    return figure


def _distances(analyses: Sequence[Analysis]) -> Figure:
    figure, panels = _panels(len(analyses[0].pairs))
    for k, axes in enumerate(panels):
        for a in analyses:
            smallest = np.where(np.isfinite(a.pairs[k].distances), a.pairs[k].distances, np.nan)
            axes.plot(a.when, smallest, linewidth=0.8)
        axes.axhline(a.pairs[k].core, color="0.4", linestyle="--", linewidth=0.8)
        axes.set(title=a.pairs[k].name, xlabel=_when(a), ylabel="smallest distance (Å)")
    _name(panels[0], analyses)
    return figure


def _when(analysis: Analysis) -> str:
    return "time (ps)" if analysis.timed else "frame"


def _msd(analyses: Sequence[Analysis]) -> Figure:
    known = [a for a in analyses if a.diffusion]
    figure, panels = _panels(len(known[0].diffusion))
    for k, axes in enumerate(panels):
        for a in known:
            d = a.diffusion[k]
            axes.loglog(d.lags[1:], np.maximum(d.msd[1:], 1e-12), linewidth=1)
        low, high = d.window
        axes.axvspan(low, high, color="0.92", zorder=0)
        axes.set(title=d.species, xlabel="lag (ps)", ylabel="MSD (Å²)")
    _name(panels[0], known)
    return figure


def _cell(analyses: Sequence[Analysis]) -> Figure:
    """Against time, and a, b, c against the temperature where it is known."""
    figure, panels = _panels(len(COLUMNS) + 1)
    for k, (name, unit) in enumerate(zip(COLUMNS, UNITS, strict=True)):
        for a in analyses:
            panels[k].plot(a.when, a.rows[:, k], linewidth=0.8)
        panels[k].set(xlabel=_when(a), ylabel=f"{name} ({unit})")
    for a in analyses:
        windows = [w for w in a.cells if w.temperature is not None]
        for k, marker in enumerate("os^"):
            points = [(w.temperature[0], *w.parameters[k]) for w in windows if w.temperature]
            if points:
                t, mean, error = (np.array([x or 0.0 for x in c]) for c in zip(*points, strict=True))
                panels[-1].errorbar(t, mean, error, fmt=marker, markersize=3, linewidth=0.8)
    panels[-1].set(xlabel="temperature (K)", ylabel="a ○, b □, c △ (Å)")
    return figure
