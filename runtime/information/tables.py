"""Rows of the tables of a report, and its sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..presentation.text import counted
from .calibration import CoverageData
from .parts import BlockReport, FisherReport, NumberReport

Rows = list[list[str]]


def summary(found: FisherReport) -> list[str]:
    """The spectrum in a few lines."""
    n = len(found.spectrum)
    condition = "infinite" if found.condition is None else f"{found.condition:.2g}"
    lines = [
        f"{counted(n, 'trained parameter')}, {counted(found.n_rows, 'label')}",
        f"singular values {found.spectrum[0]:.3g} to {found.spectrum[-1]:.3g}, condition number {condition}, "
        f"{counted(found.n_sloppy, 'sloppy mode')}",
    ]
    if found.effective_dimension is not None:
        lines.append(f"effective dimension {found.effective_dimension:.1f} of {n}")
    return lines


def block_rows(head: str, found: Sequence[BlockReport]) -> Rows:
    """A row a block, under a head."""
    rows = [[head, "numbers", "unique", "deleted: ΔL", "ΔBIC", "sloppy", "nearest", "cosine"]]
    for b in found:
        rows.append(
            [
                b.name,
                str(b.n),
                f"{100 * b.unique:.3g} %",
                _number(b.delta_loss, ".4g"),
                _number(b.delta_bic, "+.4g"),
                f"{100 * b.sloppy:.0f} %",
                b.partner or "-",
                _number(b.cosine, ".4f"),
            ]
        )
    return rows


def number_rows(found: Sequence[NumberReport]) -> Rows:
    """A row a trained number, under a head."""
    rows = [["parameter", "value", "± deviation", "unit", "at 0: ΔL", "correlated with", "by"]]
    for p in found:
        rows.append(
            [
                p.name,
                f"{p.value:.6g}",
                p.state if p.deviation is None else f"{p.deviation:.2g}",
                p.unit,
                _number(p.delta_loss, ".4g"),
                p.partner or "-",
                _number(p.correlation, "+.3f"),
            ]
        )
    return rows


def left_open(found: FisherReport, most: int) -> list[str]:
    """Parameters that the data leave open, with the reasons."""
    lines = []
    if found.unsupported:
        lines.append(f"unsupported, no label depends on them: {', '.join(found.unsupported[:most])}")
    for r in found.redundant[:most]:
        direction = " ".join(f"{c:+.3g}·{name}" for name, c in list(r.direction.items())[:6])
        dots = " …" if len(r.direction) > 6 else ""
        where = f"within {r.terms[0]}" if len(r.terms) == 1 else f"between {' and '.join(r.terms)}"
        lines.append(f"redundant, {where}: no label changes along {direction}{dots}")
    return lines


def coverage_rows(coverage: Mapping[str, CoverageData]) -> Rows:
    """Expected and observed shares of errors within intervals, raw and calibrated; none without errors."""
    if not coverage:
        return []
    levels = next(iter(coverage.values()))["expected"]
    rows = [["errors within", "errors", "RMS", "RMS of σ", *(f"{100 * x:g} %" for x in levels)]]
    for name, seen in coverage.items():
        unit, small = ("meV/atom", "{:.2f}") if name.startswith("energy") else ("meV/Å", "{:.1f}")
        sizes = [small.format(1000 * seen[key]) for key in ("rms_error", "rms_sigma")]
        shares = [f"{100 * x:.1f} %" for x in seen["observed"]]
        rows.append([f"{name}, {unit}", str(seen["n"]), *sizes, *shares])
    return rows


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
