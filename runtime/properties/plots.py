"""Plots of the curves of a measurement: a PNG for each family."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic import write_atomic
from .family import Plot, families
from .results import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#33658a", "#d1495b", "#3d8361", "#b08968", "#7b506f", "#4f6d7a")


def save_plots(folder: Path, curves: Sequence[Curve]) -> list[Path]:
    """`equation_of_state.png`, `phonon.png` and so on, for each family that there are curves of.

    Raises ArtifactError `unwritable`.
    """
    written = []
    for name, family in families().items():
        some = [c for c in curves if c.kind == name]
        if some and family.plot is not None:
            path = folder / f"{name}.png"
            write_atomic(path, _drawn(family.plot, some))
            written.append(path)
    return written


def _drawn(plot: Plot, curves: Sequence[Curve]) -> bytes:
    """A panel for each curve that draws itself; one panel for all curves of other families."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = len(curves) if plot.draw else 1
    figure = Figure(figsize=(6.4, 4.2 * panels), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(panels, 1, squeeze=False)[:, 0])
    for k, curve in enumerate(curves):
        if plot.draw:
            plot.draw(axes[k], curve, _COLOURS[0])
        else:
            _draw(axes[0], plot, curve, _COLOURS[k % len(_COLOURS)])
    for one in axes:
        one.set_xlabel(plot.x)
        one.set_ylabel(plot.y)
        if not plot.draw:
            one.legend(frameon=False, fontsize=8)
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _draw(axes: Axes, plot: Plot, curve: Curve, colour: str) -> None:
    axes.plot(
        curve.x, curve.y, color=colour, linewidth=1.2, marker=plot.marker, markersize=3, label=curve.name
    )
    if plot.about_zero:
        axes.axhline(0, color="0.4", linewidth=0.6)
        # a core is far higher than its well: linear about zero, logarithmic above
        axes.set_yscale("symlog", linthresh=1.0)
