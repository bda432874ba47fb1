"""Plots of the information in data: the spectrum, the cost of parts, deviations against errors."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic import write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .calibration import CoverageData
    from .parts import FisherReport

_COLOURS = {"energy": "#6b8fb3", "forces": "#d1495b"}


def save_information(path: Path, found: FisherReport, coverage: Mapping[str, CoverageData] | None) -> None:
    """Singular values, the cost of deleting each term, and the calibration curve where there is one, as PNG.

    Raises ArtifactError `unwritable`.
    """
    figure, panels = _figure(2 if coverage is None else 3)
    panels[0].semilogy(range(1, len(found.spectrum) + 1), [max(v, 1e-18) for v in found.spectrum], "o", ms=3)
    panels[0].set_xlabel("mode")
    panels[0].set_ylabel("singular value")
    terms = [b for b in found.blocks if b.kind == "term" and b.delta_loss is not None]
    panels[1].plot([max(b.delta_loss or 0.0, 1e-12) for b in terms], [b.name for b in terms], "o")
    panels[1].set_xscale("log")
    panels[1].set_xlabel("predicted rise of the loss without it")
    if coverage is not None:
        _curve(panels[2], coverage)
    _write(path, figure)


def save_coverage(path: Path, coverage: Mapping[str, CoverageData]) -> None:
    """The calibration curve, observed against expected coverage, as PNG. Raises ArtifactError."""
    figure, panels = _figure(1)
    _curve(panels[0], coverage)
    _write(path, figure)


def _figure(n: int) -> tuple[Figure, list[Axes]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4 * n, 4.2), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, n, squeeze=False)[0])


def _curve(axes: Axes, coverage: Mapping[str, CoverageData]) -> None:
    axes.plot((0, 1), (0, 1), color="0.3", linewidth=0.8)
    for name, seen in coverage.items():
        line = "--o" if name.endswith("raw") else "-o"
        colour = _COLOURS[name.split()[0]]
        axes.plot(seen["expected"], seen["observed"], line, ms=3, color=colour, label=name)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.set_xlabel("expected share of errors within the interval")
    axes.set_ylabel("observed share")
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def _write(path: Path, figure: Figure) -> None:
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    write_atomic(path, buffer.getvalue())
