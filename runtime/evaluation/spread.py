"""The errors of each config type: where a model is good, and where it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..presentation.axes import plain_number
from ..presentation.figures import BLUE, PANEL, PARTS, SOFT, Panel, save_png
from .labelled import QUANTITIES, Part, Quantity, pairs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from ..structures.arrays import Floats

_ROW, _FRAME = 0.32, 0.9  # inches
_MOST = 24  # rows; the types with the largest errors of forces
_NOTHING = 1e-6  # of an RMSE: forces that are 0 by symmetry
_QUANTILES = (5, 25, 50, 75, 95)


class Row(NamedTuple):
    """Structures of a config type in a part of the data, with their errors by quantity."""

    part: str
    config_type: str
    n: int
    errors: dict[Quantity, Floats]

    @property
    def largest(self) -> float:
        """The RMSE of forces, or else of energies: rows are in its order."""
        known = [e for q, e in self.errors.items() if q.kind in ("forces", "energy") and e.size]
        return float(np.sqrt(np.mean(np.square(known[-1])))) if known else 0.0


def save_spread(path: Path | str, rows: Sequence[Row]) -> None:
    """A picture of the rows, as PNG. Raises ArtifactError `unwritable`."""
    save_png(path, spread_panels(rows))


def by_config_type(parts: Mapping[str, Part]) -> list[Row]:
    """A row for each config type of each part, the largest errors first."""
    rows = []
    for part, (structures, predicted) in parts.items():
        for name in dict.fromkeys(s.config_type for s in structures):
            own = [k for k, s in enumerate(structures) if s.config_type == name]
            some = [structures[k] for k in own], [predicted[k] for k in own]
            found = {q: pairs(q.kind, *some) for q in QUANTITIES}
            errors = {q: q.factor * (p[1] - p[0]) for q, p in found.items()}
            rows.append(Row(part, name, len(own), errors))
    return sorted(rows, key=lambda row: -row.largest)[:_MOST]


def spread_panels(rows: Sequence[Row]) -> list[Panel]:
    """A panel for each quantity, a line for each row: 5 to 95 %, 25 to 75 % and the median of the errors."""
    return [
        Panel(
            f"errors of {q.name} by config type",
            PANEL + 1,
            _ROW * len(rows) + _FRAME,
            partial(_draw, rows=rows, quantity=q),
        )
        for q in QUANTITIES
        if any(row.errors[q].size for row in rows)
    ]


def _draw(figure: FigureBase, rows: Sequence[Row], quantity: Quantity) -> None:
    axes = figure.subplots()
    _column(axes, rows, quantity)
    axes.set_yticks(range(len(rows)), [_label(row) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)


def _column(axes: Axes, rows: Sequence[Row], quantity: Quantity) -> None:
    widest = 0.0
    for y, row in enumerate(rows):
        errors = row.errors[quantity]
        if not errors.size:
            continue
        colour = PARTS.get(row.part, BLUE)
        low, left, middle, right, high = np.percentile(errors, _QUANTILES)
        widest = max(widest, abs(low), abs(high))
        axes.plot((low, high), (y, y), color=colour, linewidth=1.2, solid_capstyle="butt")
        axes.plot((left, right), (y, y), color=colour, linewidth=6, alpha=0.55, solid_capstyle="butt")
        axes.plot(middle, y, "o", color=colour, markersize=4)
        rmse = float(np.sqrt(np.mean(np.square(errors))))
        at_right = axes.get_yaxis_transform()
        text = plain_number(rmse) if rmse > _NOTHING else "0"
        axes.annotate(text, (1, y), (-2, 0), at_right, "offset points", ha="right", va="center", size=8)
    bound = 1.15 * widest or 1.0
    axes.set_xlim(-bound, 1.45 * bound)
    axes.set_xlabel(f"error ({quantity.error})")
    axes.set_title(quantity.name)
    axes.set_title("RMSE", loc="right", fontsize=8)
    axes.grid(axis="y", visible=False)
    axes.axvline(0, color=SOFT, linewidth=0.8, zorder=0)


def _label(row: Row) -> str:
    return f"{row.config_type or '(no type)'} ({row.part}, {row.n})"
