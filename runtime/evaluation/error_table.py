"""Errors as rows of a table, and in a line."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ErrorData, ErrorKey

_COLUMNS: tuple[tuple[ErrorKey, str, str, float, str], ...] = (
    ("energy_rmse_ev_per_atom", "E RMSE", "meV/atom", 1000.0, "{:.2f}"),
    ("energy_mae_ev_per_atom", "E MAE", "meV/atom", 1000.0, "{:.2f}"),
    ("forces_rmse_ev_per_ang", "F RMSE", "meV/Å", 1000.0, "{:.1f}"),
    ("forces_mae_ev_per_ang", "F MAE", "meV/Å", 1000.0, "{:.1f}"),
    ("stress_rmse_gpa", "S RMSE", "GPa", 1.0, "{:.3f}"),
    ("stress_mae_gpa", "S MAE", "GPa", 1.0, "{:.3f}"),
)


def error_rows(parts: Mapping[str, ErrorData | None]) -> list[list[str]]:
    """Errors by part (train, test), each with its config types where there are several; two rows of heads."""
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
    return rows


def _row(name: str, metrics: ErrorData) -> list[str]:
    cells = []
    for key, _, _, factor, form in _COLUMNS:
        value = metrics.get(key)
        cells.append("-" if value is None else form.format(factor * value))
    return [name, str(metrics["n_structures"]), *cells]


def error_line(metrics: Mapping[str, object]) -> str:
    """`E 2.01 meV/atom, F 114.2 meV/Å`: the RMSE of each kind of label that is there."""
    found = []
    for key, name, unit, factor, form in _COLUMNS[::2]:
        value = metrics.get(key)
        if isinstance(value, int | float):
            found.append(f"{name.partition(' ')[0]} {form.format(factor * value)} {unit}")
    return ", ".join(found) or "no labels"
