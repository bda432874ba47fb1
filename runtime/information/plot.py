"""Plots of the information in data: the spectrum, the cost of parts, deviations against errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..presentation.axes import logarithmic, plain_number
from ..presentation.figures import BLUE, OCHRE, PANEL, RED, SOFT, Panel, save_png
from .parts import SLOPPY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .calibration import CoverageData
    from .parts import BlockReport, FisherReport

_COLOURS = {"energy": BLUE, "forces": RED}
_HEIGHT, _ROW = 3.4, 0.21  # inches
_MOST = 24  # bars; the parts of terms that cost most
_DECADES = 6  # of the bars: what costs a millionth of the most costly is as good as nothing


def save_information(path: Path, found: FisherReport, coverage: Mapping[str, CoverageData] | None) -> None:
    """Singular values, the cost of deleting terms and parts, and the calibration where there is one, as PNG.

    Raises ArtifactError `unwritable`.
    """
    save_png(path, information_panels(found, coverage))


def save_coverage(path: Path, coverage: Mapping[str, CoverageData]) -> None:
    """The calibration curve, observed against expected coverage, as PNG. Raises ArtifactError."""
    save_png(path, [_coverage_panel(coverage)])


def information_panels(found: FisherReport, coverage: Mapping[str, CoverageData] | None) -> list[Panel]:
    """Two, and a third for the calibration."""
    bars = _bars(found)
    height = max(_HEIGHT, _ROW * len(bars) + 1.1)
    panels = [
        Panel("singular values of the information", PANEL, height, lambda f: _spectrum(f.subplots(), found)),
        Panel(
            "rise of the loss without each part", PANEL + 0.6, height, lambda f: _costs(f.subplots(), bars)
        ),
    ]
    return panels if coverage is None else [*panels, _coverage_panel(coverage)]


def _coverage_panel(coverage: Mapping[str, CoverageData]) -> Panel:
    return Panel("calibration of deviations", PANEL + 0.3, _HEIGHT, lambda f: _curve(f.subplots(), coverage))


def _spectrum(axes: Axes, found: FisherReport) -> None:
    """Modes of the information, those that the data hardly know in another colour."""
    values = [max(v, 1e-18) for v in found.spectrum]
    known = len(values) - found.n_sloppy
    axes.plot(range(1, known + 1), values[:known], "o", markersize=3.5, label=f"{known} known")
    if found.n_sloppy:
        modes = range(known + 1, len(values) + 1)
        axes.plot(modes, values[known:], "o", markersize=3.5, color=OCHRE, label=f"{found.n_sloppy} sloppy")
    axes.axhline(SLOPPY, color=SOFT, linewidth=0.8, linestyle="--", zorder=1)
    logarithmic(axes.yaxis, [*values, SLOPPY])
    axes.set(xlabel="mode", ylabel="singular value", title="what the data know")
    axes.legend(loc="upper right")


def _bars(found: FisherReport) -> list[BlockReport]:
    """Terms with their parts below them, as many as there is room for."""
    known = [b for b in found.blocks if b.delta_loss is not None]
    terms = sorted((b for b in known if b.kind == "term"), key=_cost)[-_MOST:]
    parts = sorted((b for b in known if b.kind != "term"), key=_cost)
    shown = parts[max(0, len(parts) - max(_MOST - len(terms), 0)) :]
    return [b for t in terms for b in (*(p for p in shown if p.term == t.term), t)]


def _cost(block: BlockReport) -> float:
    return block.delta_loss or 0.0


def _costs(axes: Axes, bars: list[BlockReport]) -> None:
    """A bar for each block; the colour tells whether it earns its numbers, ΔBIC."""
    axes.set(xlabel="rise of the loss without it", title="what each part is worth")
    axes.grid(axis="y", visible=False)
    most = max((_cost(b) for b in bars), default=0.0)
    if most <= 0.0:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no term can be deleted", transform=axes.transAxes, ha="center")
        return
    least = most * 10.0**-_DECADES
    shown = [max(_cost(b), least) for b in bars]
    left = min(shown) / 3.0
    for y, (block, cost) in enumerate(zip(bars, shown, strict=True)):
        is_term, earns = block.kind == "term", (block.delta_bic or 0.0) >= 0.0
        colour, alpha = BLUE if earns else OCHRE, 0.95 if is_term else 0.5
        axes.barh(y, cost - left, 0.72, left, color=colour, alpha=alpha)
        axes.annotate(
            plain_number(_cost(block)), (cost, y), (3, 0), "data", "offset points", va="center", size=7
        )
    axes.set_yticks(
        range(len(bars)), [f"{b.name} ({b.n})" for b in bars], fontsize=8 if len(bars) < 12 else 7
    )
    axes.set_ylim(-0.6, len(bars) - 0.4)
    logarithmic(axes.xaxis, [left, max(shown) * (max(shown) / left) ** 0.12])
    axes.set_xlim(left=left)
    for colour, label in ((BLUE, "earns its numbers"), (OCHRE, "does not (ΔBIC < 0)")):
        axes.bar(0, 0, color=colour, label=label)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, handlelength=1, columnspacing=1)


def _curve(axes: Axes, coverage: Mapping[str, CoverageData]) -> None:
    axes.plot((0, 1), (0, 1), color=SOFT, linewidth=0.8)
    for name, seen in coverage.items():
        line = "--o" if name.endswith("raw") else "-o"
        axes.plot(seen["expected"], seen["observed"], line, ms=3, color=_COLOURS[name.split()[0]], label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title="whether ± can be trusted")
    axes.set(xlabel="expected share within the interval", ylabel="observed share")
    axes.legend(loc="upper left")
