"""Drawings of analyses: a line for each run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.names import distinct_names
from ..presentation.axes import logarithmic
from ..presentation.figures import COLOURS, GRID, SOFT, Panel, save_png
from .analysis import Analysis
from .arrhenius import arrhenius
from .arrhenius_plot import arrhenius_panel
from .cell import COLUMNS, UNITS
from .radial import NEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 3.5, 2.6  # inches of a panel
_COLUMNS = 4
_NAMED = 10  # runs that a legend has room for


def save_plots(folder: Path, analyses: Sequence[Analysis]) -> list[Path]:
    """`rdf.png`, `distances.png`, `cell.png`; `msd.png` where there is diffusion, and `arrhenius.png` where
    there is at several temperatures.

    Raises ArtifactError `unwritable`.
    """
    pairs = range(len(analyses[0].pairs))
    drawings = {
        "rdf": [_panel(f"g(r) of {analyses[0].pairs[k].name}", analyses, k, _rdf) for k in pairs],
        "distances": [_panel("smallest distances", analyses, k, _distances) for k in pairs],
        "cell": [*(_panel(name, analyses, k, _cell) for k, name in enumerate(COLUMNS)), _expansion(analyses)],
    }
    known = [a for a in analyses if a.diffusion]
    if known:
        drawings["msd"] = [_panel("MSD", known, k, _msd) for k in range(len(known[0].diffusion))]
    lines = arrhenius(known)
    if lines:
        drawings["arrhenius"] = [arrhenius_panel(lines)]
    written = []
    for name, panels in drawings.items():
        path = folder / f"{name}.png"
        save_png(path, panels, _COLUMNS)
        written.append(path)
    return written


def _panel(
    title: str, analyses: Sequence[Analysis], k: int, draw: Callable[[Axes, Sequence[Analysis], int], None]
) -> Panel:
    def drawn(axes: Axes) -> None:
        draw(axes, analyses, k)
        if k == 0 and 1 < len(analyses) <= _NAMED:
            lines = axes.get_lines()[: len(analyses)]
            axes.legend(lines, distinct_names([a.where for a in analyses]), fontsize=7)

    return Panel(title, _WIDTH, _HEIGHT, lambda figure: drawn(figure.subplots()))


def _rdf(axes: Axes, analyses: Sequence[Analysis], k: int) -> None:
    """Grey: nearer than any atom of a solid or liquid comes."""
    for a in analyses:
        axes.plot(a.pairs[k].r, a.pairs[k].g, linewidth=1.1)
    axes.axvspan(0, NEAR, color=GRID, alpha=0.6, linewidth=0, zorder=0)
    axes.axhline(1, color=SOFT, linewidth=0.8, zorder=1)
    axes.set(title=analyses[0].pairs[k].name, xlabel="r (Å)", ylabel="g(r)", xlim=(0, None), ylim=(0, None))


def _distances(axes: Axes, analyses: Sequence[Analysis], k: int) -> None:
    for a in analyses:
        smallest = np.where(np.isfinite(a.pairs[k].distances), a.pairs[k].distances, np.nan)
        axes.plot(a.when, smallest, linewidth=0.9)
    axes.axhline(analyses[-1].pairs[k].core, color=SOFT, linestyle="--", linewidth=0.9)
    name = analyses[0].pairs[k].name
    axes.set(title=name, xlabel=_when(analyses[0]), ylabel="smallest distance (Å)")


def _when(analysis: Analysis) -> str:
    return "time (ps)" if analysis.timed else "frame"


def _msd(axes: Axes, known: Sequence[Analysis], k: int) -> None:
    """The window of the fit is grey."""
    seen = []
    for a in known:
        d = a.diffusion[k]
        msd = np.maximum(d.msd[1:], 1e-12)
        axes.loglog(d.lags[1:], msd, linewidth=1.1)
        seen.append((d.lags[1:], msd))
    low, high = known[0].diffusion[k].window
    axes.axvspan(low, high, color=GRID, alpha=0.6, linewidth=0, zorder=0)
    logarithmic(axes.xaxis, np.concatenate([lags for lags, _ in seen]).tolist())
    logarithmic(axes.yaxis, np.concatenate([msd for _, msd in seen]).tolist())
    axes.set(title=known[0].diffusion[k].species, xlabel="lag (ps)", ylabel="MSD (Å²)")


def _cell(axes: Axes, analyses: Sequence[Analysis], k: int) -> None:
    for a in analyses:
        axes.plot(a.when, a.rows[:, k], linewidth=0.9)
    axes.set(xlabel=_when(analyses[0]), ylabel=f"{COLUMNS[k]} ({UNITS[k]})")


def _expansion(analyses: Sequence[Analysis]) -> Panel:
    """a, b, c against the temperature where it is known."""

    def draw(axes: Axes) -> None:
        for number, a in enumerate(analyses):
            for k, (marker, name) in enumerate(zip("os^", "abc", strict=True)):
                points = [(w.temperature[0], *w.parameters[k]) for w in a.cells if w.temperature]
                if points:
                    t, mean, error = (np.array([x or 0.0 for x in c]) for c in zip(*points, strict=True))
                    label = name if number == 0 else None
                    colour = COLOURS[number % len(COLOURS)]
                    axes.errorbar(t, mean, error, fmt=marker, markersize=3.5, color=colour, label=label)
        axes.set(xlabel="temperature (K)", ylabel="a, b, c (Å)")
        if axes.get_legend_handles_labels()[1]:
            axes.legend(ncols=3, fontsize=7)

    return Panel("cell against temperature", _WIDTH, _HEIGHT, lambda figure: draw(figure.subplots()))
