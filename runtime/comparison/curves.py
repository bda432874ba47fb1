"""Dimer curves and equations of state of two potentials, laid over each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from ..potential.potential import Potential
from ..properties.config import PropertiesConfig
from ..properties.family import families
from ..properties.measurement import survey
from ..properties.results import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3  # panels side by side

Pair = tuple[Curve | None, Curve | None]


def curves(
    potential: Potential, on_progress: Callable[[str, int, int], None] | None = None
) -> tuple[Curve, ...]:
    """Dimer curves of every pair of species, E(V) of the usual crystals of each, and so on for each family
    whose curves share a panel; those that there are.
    """
    shared = [name for name, family in families().items() if family.plot and not family.plot.draw]
    config = PropertiesConfig().only(sorted(shared))
    return survey(potential, config, on_progress=on_progress).curves


def paired(a: Sequence[Curve], b: Sequence[Curve]) -> list[Pair]:
    """The curves of both by kind and name, in the order of the second."""
    here, there = ({(c.kind, c.name): c for c in side} for side in (a, b))
    return [(here.get(key), there.get(key)) for key in dict.fromkeys((*there, *here))]


def overlaid(pairs: Sequence[Pair]) -> str:
    """An SVG with a panel for each pair: the first dashed, the second drawn through."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(pairs))
    rows = -(-len(pairs) // columns)
    with rc_context({"svg.hashsalt": "potentia", "svg.fonttype": "none"}):  # the same bytes each time
        figure = Figure(figsize=(3.6 * columns, 2.9 * rows), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, pair in zip(panels, pairs, strict=False):
            _draw(axes, pair)
        for axes in panels[len(pairs) :]:
            axes.set_axis_off()
        buffer = StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _draw(axes: Axes, pair: Pair) -> None:
    for curve, style, colour, name in zip(
        pair, ("--", "-"), ("#8a8f98", "#d1495b"), ("before", "after"), strict=True
    ):
        if curve is None:
            continue
        axes.plot(curve.x, curve.y, style, color=colour, linewidth=1.3, label=name)
    shown = next(c for c in reversed(pair) if c is not None)
    axes.set_title(f"{shown.kind.replace('_', ' ')} {shown.name}", fontsize=9)
    plot = families()[shown.kind].plot
    assert plot is not None
    axes.set_xlabel(plot.x, fontsize=8)
    axes.set_ylabel(plot.y, fontsize=8)
    axes.tick_params(labelsize=7)
    if plot.about_zero:
        axes.axhline(0, color="0.6", linewidth=0.6)
        axes.set_yscale("symlog", linthresh=1.0)  # the core is far higher than the well
    axes.legend(frameon=False, fontsize=7)
