"""The table of errors of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import console

if TYPE_CHECKING:
    from ..evaluation.errors import ErrorData, ErrorKey

_COLUMNS: tuple[tuple[ErrorKey, str, str, float, str], ...] = (
    ("energy_rmse_ev_per_atom", "E RMSE", "meV/atom", 1000.0, "{:.2f}"),
    ("energy_mae_ev_per_atom", "E MAE", "meV/atom", 1000.0, "{:.2f}"),
    ("forces_rmse_ev_per_ang", "F RMSE", "meV/Å", 1000.0, "{:.1f}"),
    ("forces_mae_ev_per_ang", "F MAE", "meV/Å", 1000.0, "{:.1f}"),
    ("stress_rmse_gpa", "S RMSE", "GPa", 1.0, "{:.3f}"),
    ("stress_mae_gpa", "S MAE", "GPa", 1.0, "{:.3f}"),
)


def error_table(parts: Mapping[str, ErrorData | None]) -> str:
    """Errors by part (train, test), each with its config types where there are several."""
    rows = [
        ["", "structures", *(name for _, name, _, _, _ in _COLUMNS)],
        ["", "", *(unit for _, _, unit, _, _ in _COLUMNS)],
    ]
    for name, metrics in parts.items():
        if metrics is None:
            continue
        rows.append(_row(name, metrics))
        kinds = metrics.get("by_config_type", {})
        if len(kinds) > 1:
            rows += [_row(f"  {kind}", kinds[kind]) for kind in sorted(kinds)]
    return console.table(rows)


def _row(name: str, metrics: ErrorData) -> list[str]:
    cells = []
    for key, _, _, factor, form in _COLUMNS:
        value = metrics.get(key)
        cells.append("-" if value is None else form.format(factor * value))
    return [name, str(metrics["n_structures"]), *cells]
