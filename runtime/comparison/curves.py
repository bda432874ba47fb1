"""Dimer curves and equations of state of two potentials, laid over each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..potential.potential import Potential
from ..presentation.figures import PANEL, RED, SOFT, Panel, svg
from ..properties.config import PropertiesConfig
from ..properties.family import families
from ..properties.measurement import survey
from ..properties.plots import draw_line, finish
from ..properties.results import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 2.8  # inches

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
    """An SVG for each pair, one after the other: the first dashed, the second drawn through."""
    return "\n".join(svg(_panel(pair)) for pair in pairs)


def _panel(pair: Pair) -> Panel:
    shown = next(c for c in reversed(pair) if c is not None)
    title = f"{shown.kind.replace('_', ' ')} {shown.name}"
    return Panel(title, PANEL, _HEIGHT, lambda figure: _draw(figure.subplots(), pair))


def _draw(axes: Axes, pair: Pair) -> None:
    there = [curve for curve in pair if curve is not None]
    plot = families()[there[-1].kind].plot
    assert plot is not None
    for curve, line, colour, label in zip(pair, ("--", "-"), (SOFT, RED), ("before", "after"), strict=True):
        if curve is not None:
            draw_line(axes, plot, curve, colour, line, label)
    axes.set_title(f"{there[-1].kind.replace('_', ' ')} {there[-1].name}")
    finish(axes, plot, there)
