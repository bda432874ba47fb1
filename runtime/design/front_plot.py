"""The front of a design drawn: errors against the number of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from ..files.atomic import write_atomic

if TYPE_CHECKING:
    from ..evaluation.errors import ErrorData, ErrorKey
    from .front_row import Row

_PANELS: tuple[tuple[str, ErrorKey, str], ...] = (
    ("energy", "energy_rmse_ev_per_atom", "meV/atom"),
    ("forces", "forces_rmse_ev_per_ang", "meV/Å"),
)


def save_plot(path: Path, rows: Sequence[Row]) -> None:
    """A PNG with a panel for energies and one for forces."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    sizes = [r["size"] for r in rows]
    for axes, (kind, key, unit) in zip(figure.subplots(1, 2), _PANELS, strict=True):
        axes.plot(sizes, [1e3 * r["cv"][kind] for r in rows], "o-", label="cross-validated")
        parts: dict[str, list[ErrorData | None]] = {
            "train": [r["train"] for r in rows],
            "test": [r["test"] for r in rows],
        }
        for (part, seen), style in zip(parts.items(), ("s--", "^:"), strict=True):
            errors = [e for m in seen if m and (e := m.get(key)) is not None]
            if len(errors) == len(rows):
                axes.plot(sizes, [1e3 * e for e in errors], style, label=part)
        axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel=f"{kind} RMSE, {unit}")
        axes.legend()
    content = BytesIO()
    figure.savefig(content, format="png", dpi=150)
    write_atomic(path, content.getvalue())
