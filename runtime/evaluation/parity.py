"""Parity plots: predictions against labels, and below them the errors, which a diagonal hides."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ..presentation.figures import GREEN, PANEL, PARTS, SOFT, Panel, save_png
from ..structures.arrays import Floats
from .labelled import QUANTITIES, Part, Quantity, pairs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

Points = Mapping[str, Float[Floats, "2 n"]]

_MOST = 20_000  # points of a part: more only cost time and ink
_SHOWN = 99.8  # % of the errors that set the scale; the others stand at its edge
_HEIGHT = 4.8  # inches


def save_parity(path: Path | str, parts: Mapping[str, Part]) -> None:
    """A plot of energies per atom, force components and stress, in colours by part (train, test), as PNG.

    Raises ArtifactError `unwritable`.
    """
    save_png(path, parity_panels(parts))


def parity_panels(parts: Mapping[str, Part]) -> list[Panel]:
    """One for each quantity that any structure has a label of; one that says so where there is none."""
    found = {q: {name: pairs(q.kind, *part) for name, part in parts.items()} for q in QUANTITIES}
    shown = [
        Panel(f"parity of {q.name}", PANEL, _HEIGHT, partial(_draw, points=points, quantity=q))
        for q, points in found.items()
        if any(p.size for p in points.values())
    ]
    return shown or [Panel("parity", PANEL, _HEIGHT, _nothing)]


def _nothing(figure: FigureBase) -> None:
    axes = figure.subplots()
    axes.set_axis_off()
    axes.text(0.5, 0.5, "no structure has a label", transform=axes.transAxes, ha="center")


def _draw(figure: FigureBase, points: Points, quantity: Quantity) -> None:
    """Predictions above, errors below."""
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    seen = {name: p[:, :: -(-p.shape[1] // _MOST)] for name, p in points.items() if p.size}
    _parity(upper, seen, points, quantity)
    _errors(lower, seen, quantity)
    figure.align_ylabels()


def _parity(axes: Axes, seen: Points, points: Points, quantity: Quantity) -> None:
    low, high = min(float(p.min()) for p in seen.values()), max(float(p.max()) for p in seen.values())
    margin = 0.05 * (high - low) or 1.0
    span = (low - margin, high + margin)
    axes.plot(span, span, color=SOFT, linewidth=0.8, zorder=1)
    for name, values in seen.items():
        errors = quantity.factor * (points[name][1] - points[name][0])
        rmse = float(np.sqrt(np.mean(np.square(errors))))
        _scatter(axes, values[0], values[1], name, f"{name}: {rmse:.3g} {quantity.error}")
    axes.set(xlim=span, ylim=span, ylabel=f"predicted ({quantity.unit})", title=quantity.name)
    legend = axes.legend(loc="upper left", title="RMSE", title_fontsize=8, alignment="left", markerscale=1.6)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1.0)


def _errors(axes: Axes, seen: Points, quantity: Quantity) -> None:
    """Prediction less label; errors beyond the scale are arrows at its edge, and counted."""
    errors = {name: quantity.factor * (p[1] - p[0]) for name, p in seen.items()}
    together = np.abs(np.concatenate(list(errors.values())))
    bound = float(f"{1.25 * np.percentile(together, _SHOWN):.2g}") or 1.0
    beyond = 0
    for name, values in seen.items():
        inside = np.abs(errors[name]) <= bound
        beyond += int(np.count_nonzero(~inside))
        _scatter(axes, values[0][inside], errors[name][inside], name)
        for sign, marker in ((1, "^"), (-1, "v")):
            out = ~inside & (sign * errors[name] > 0)
            place = np.full(np.count_nonzero(out), 0.96 * sign * bound)
            axes.scatter(values[0][out], place, s=14, marker=marker, color=_colour(name), linewidths=0)
    axes.axhline(0, color=SOFT, linewidth=0.8, zorder=1)
    axes.set(ylim=(-bound, bound), xlabel=f"label ({quantity.unit})", ylabel=f"error ({quantity.error})")
    if beyond:
        axes.set_title(f"{beyond} beyond ±{bound:g} {quantity.error}", fontsize=7, loc="right", pad=2)


def _scatter(axes: Axes, x: Floats, y: Floats, name: str, label: str | None = None) -> None:
    few = x.size < 400
    axes.scatter(
        x,
        y,
        s=10 if few else 5,
        color=_colour(name),
        alpha=0.8 if few else 0.35,
        linewidths=0,
        label=label,
        zorder=3 if name == "test" else 2,
        rasterized=not few,
    )


def _colour(name: str) -> str:
    return PARTS.get(name, GREEN)
