"""The front of a design drawn: errors against the number of parameters, and against the time for an atom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..presentation.axes import logarithmic, named
from ..presentation.figures import BLUE, OCHRE, RED, Panel, save_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from ..evaluation.errors import ErrorKey
    from .front_row import Row

_QUANTITIES: tuple[tuple[str, ErrorKey, str], ...] = (
    ("energy", "energy_rmse_ev_per_atom", "meV/atom"),
    ("forces", "forces_rmse_ev_per_ang", "meV/Å"),
)
_STYLES = {"cross-validated": ("o", "-", OCHRE), "train": ("s", "--", BLUE), "test": ("^", ":", RED)}
_WIDTH, _HEIGHT = 4.4, 5.4  # inches


def save_plot(path: Path, rows: Sequence[Row]) -> None:
    """A PNG: to the left the number of parameters, to the right the time for an atom."""
    save_png(path, front_panels(rows))


def front_panels(rows: Sequence[Row]) -> list[Panel]:
    """Errors of energies and forces against the number of parameters, and against the time for an atom."""
    return [
        Panel("errors against parameters", _WIDTH, _HEIGHT, lambda figure: _by_size(figure, rows)),
        Panel("errors against time", _WIDTH, _HEIGHT, lambda figure: _by_time(figure, rows)),
    ]


def _by_size(figure: FigureBase, rows: Sequence[Row]) -> None:
    sizes = [float(r["size"]) for r in rows]
    upper, lower = _panels(figure, rows, sizes, joined=True)
    named(lower.xaxis, sizes)
    lower.set_xlabel("parameters")
    upper.legend()


def _by_time(figure: FigureBase, rows: Sequence[Row]) -> None:
    """Points bear the number of parameters."""
    times = [r["microseconds_per_atom"] for r in rows]
    panels = _panels(figure, rows, times, joined=False)
    for axes, (kind, _, _) in zip(panels, _QUANTITIES, strict=True):
        for x, row in zip(times, rows, strict=True):
            axes.annotate(
                str(row["size"]), (x, 1e3 * row["cv"][kind]), (4, 3), "data", "offset points", size=7
            )
    logarithmic(panels[1].xaxis, times)
    panels[1].set_xlabel("time for an atom (µs): energy, forces, stress")


def _panels(figure: FigureBase, rows: Sequence[Row], x: Sequence[float], joined: bool) -> tuple[Axes, Axes]:
    """Energies above, forces below."""
    upper, lower = figure.subplots(2, 1, sharex=True)
    for axes, (kind, key, unit) in zip((upper, lower), _QUANTITIES, strict=True):
        seen = _errors(rows, kind, key)
        _panel(axes, x, seen, joined)
        logarithmic(axes.yaxis, [e for errors in seen.values() for e in errors])
        axes.set_ylabel(f"{kind} RMSE ({unit})")
    return upper, lower


def _errors(rows: Sequence[Row], kind: str, key: ErrorKey) -> dict[str, list[float]]:
    """Errors ×1000 by the part of the data; a part whose errors are not all known is left out."""
    found = {"cross-validated": [1e3 * r["cv"][kind] for r in rows]}
    for part, seen in (("train", [r["train"] for r in rows]), ("test", [r["test"] for r in rows])):
        errors = [e for m in seen if m and (e := m.get(key))]
        if len(errors) == len(rows):
            found[part] = [1e3 * e for e in errors]
    return found


def _panel(axes: Axes, x: Sequence[float], errors: dict[str, list[float]], joined: bool) -> None:
    for name, values in errors.items():
        marker, line, colour = _STYLES[name]
        axes.plot(x, values, marker, linestyle=line if joined else "", color=colour, label=name)
