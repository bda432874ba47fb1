"""Plots of the curves of a measurement: a PNG for each family."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..presentation.axes import symmetric
from ..presentation.figures import COLOURS, LINES, SOFT, Panel, colour_of, legend, repeat_of, save_png
from .family import Plot, families
from .results import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 4.4, 3.1  # inches of a panel


def save_plots(folder: Path, curves: Sequence[Curve]) -> list[Path]:
    """`equation_of_state.png`, `phonon.png` and so on, for each family that there are curves of.

    Raises ArtifactError `unwritable`.
    """
    written = []
    for name, panels in family_panels(curves).items():
        path = folder / f"{name}.png"
        save_png(path, panels, columns=2)
        written.append(path)
    return written


def family_panels(curves: Sequence[Curve]) -> dict[str, list[Panel]]:
    """By the family: a panel for each curve that draws itself; one for all curves of other families."""
    found = {}
    for name, family in families().items():
        some = [c for c in curves if c.kind == name]
        if some and family.plot is not None:
            groups = [[c] for c in some] if family.plot.draw else [some]
            found[name] = [_panel(family.plot, group) for group in groups]
    return found


def _panel(plot: Plot, curves: Sequence[Curve]) -> Panel:
    title = f"{curves[0].kind.replace('_', ' ')} {', '.join(c.name for c in curves)}"
    return Panel(title, _WIDTH, _HEIGHT, lambda figure: _draw(figure.subplots(), plot, curves))


def _draw(axes: Axes, plot: Plot, curves: Sequence[Curve]) -> None:
    if plot.draw:
        plot.draw(axes, curves[0], COLOURS[0])
        kind = curves[0].kind.replace("_", " ")
        axes.set(xlabel=plot.x, ylabel=plot.y, title=f"{kind} {curves[0].name}")
        return
    for k, curve in enumerate(curves):
        draw_line(axes, plot, curve, colour_of(k), repeat_of(k, LINES), label=curve.name)
    finish(axes, plot, curves)
    axes.set_title(curves[0].kind.replace("_", " "))


def draw_line(axes: Axes, plot: Plot, curve: Curve, colour: str, line: str = "-", label: str = "") -> None:
    """A curve, with a band of ± σ where it is known."""
    axes.plot(curve.x, curve.y, line, color=colour, marker=plot.marker, markersize=3, label=label)
    if curve.sigma is not None and curve.y.ndim == 1:
        low, high = curve.y - curve.sigma, curve.y + curve.sigma
        axes.fill_between(curve.x, low, high, color=colour, alpha=0.2, linewidth=0)


def finish(axes: Axes, plot: Plot, curves: Sequence[Curve]) -> None:
    """The axes about the curves that are in them."""
    axes.set(xlabel=plot.x, ylabel=plot.y)
    if plot.about_zero:
        axes.axhline(0, color=SOFT, linewidth=0.8, zorder=1)
        # a core is far higher than its well
        seen = np.concatenate([np.ravel(c.y) for c in curves])
        symmetric(axes.yaxis, seen[np.isfinite(seen)].tolist() or [0.0])
    legend(axes)
