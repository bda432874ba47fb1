"""Tables of a comparison, for text and for a page alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..evaluation.errors import ErrorData, ErrorKey
from .numbers import BEYOND, Numbers
from .physics import Errors, Physics

_MOST = 20  # numbers that are listed; the rest are counted
_KEYS: tuple[tuple[ErrorKey, str, float, str], ...] = (
    ("energy_rmse_ev_per_atom", "E RMSE (meV/atom)", 1000.0, "{:.2f}"),
    ("forces_rmse_ev_per_ang", "F RMSE (meV/Å)", 1000.0, "{:.1f}"),
    ("stress_rmse_gpa", "S RMSE (GPa)", 1.0, "{:.3f}"),
)


class Table(NamedTuple):
    """rows: the head first. notes: what there is to say beside it."""

    title: str
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def numbers_table(found: Numbers, most: int | None = _MOST) -> Table | None:
    """Numbers that have changed; None where there is nothing to show."""
    if not found.compared:
        return None
    rows = [["number", "before", "±", "after", "±", "unit", "σ"]]
    for n in found.changed[:most]:
        name = n.name if n.name == n.name_before else f"{n.name} (was {n.name_before})"
        values = [f"{n.before:.5g}", _short(n.sigma_before), f"{n.after:.5g}", _short(n.sigma_after)]
        rows.append([name, *values, n.unit if n.unit != "1" else "", _short(n.sigmas)])
    notes = [f"{len(found.changed)} of {found.compared} numbers differ by more than {BEYOND:g} σ"]
    if most is not None and len(found.changed) > most:
        notes[0] += f"; the {most} that differ most are listed"
    if found.distance is not None:
        notes.append(f"all together differ by {found.distance:.3g} σ (root of the mean square)")
    if found.spread is not None:
        notes.append(f"their standard deviations are {found.spread:.3g} × those before (geometric mean)")
    return Table("numbers", rows, notes)


def error_tables(found: Physics) -> list[Table]:
    """A table for each set of structures, a row for each config type."""
    note = () if found.comparable else ("the runs were fitted to different data: errors are not on the same",)
    return [Table(f"errors on {e.name}", _error_rows(e), note) for e in found.errors]


def _error_rows(errors: Errors) -> list[list[str]]:
    rows = [["", *(head for _, head, _, _ in _KEYS)]]
    nothing = ErrorData()
    before, after = errors.before or nothing, errors.after or nothing
    rows.append(["all", *_changes(before, after)])
    here, there = before.get("by_config_type") or {}, after.get("by_config_type") or {}
    kinds = sorted({*here, *there})
    if len(kinds) > 1:
        rows += [[k or "(none)", *_changes(here.get(k, nothing), there.get(k, nothing))] for k in kinds]
    return rows


def _changes(before: ErrorData, after: ErrorData) -> list[str]:
    return [_change(before.get(key), after.get(key), factor, form) for key, _, factor, form in _KEYS]


def _change(before: float | None, after: float | None, factor: float, form: str) -> str:
    old, new = ("-" if v is None else form.format(factor * v) for v in (before, after))
    return f"{old} → {new}" if old != new else new


def property_table(found: Physics) -> Table | None:
    """Properties ± σ of both; None where there are none."""
    if not found.properties and not found.incomparable:
        return None
    rows = [["property", "before", "±", "after", "±", "unit", "σ"]]
    for p in found.properties:
        values = [f"{p.before:.5g}", _short(p.sigma_before), f"{p.after:.5g}", _short(p.sigma_after)]
        rows.append([p.name, *values, p.unit if p.unit != "1" else "", _short(p.sigmas)])
    others = ", ".join(found.incomparable)
    notes = (f"left out, as the structures of these names differ: {others}",) if others else ()
    return Table("properties", rows, notes)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
