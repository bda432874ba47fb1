"""The report of `potentia fisher` as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from . import console

if TYPE_CHECKING:
    from ..information.calibration import CoverageData
    from ..information.parts import BlockReport, FisherReport

_MOST = 100  # numbers and parts that are listed; all of them are in the file


def text(found: FisherReport, coverage: Mapping[str, CoverageData] | None) -> str:
    """All tables, a blank line between them."""
    parts = [summary(found), *_block_tables(found), _number_table(found), _open(found)]
    if coverage is not None:
        parts.append(coverage_table(coverage))
    return "\n\n".join(part for part in parts if part)


def summary(found: FisherReport) -> str:
    """The spectrum in a few lines."""
    n = len(found.spectrum)
    condition = "infinite" if found.condition is None else f"{found.condition:.2g}"
    lines = [
        f"{console.counted(n, 'trained parameter')}, {console.counted(found.n_rows, 'label')}",
        f"singular values {found.spectrum[0]:.3g} to {found.spectrum[-1]:.3g}, condition number {condition}, "
        f"{console.counted(found.n_sloppy, 'sloppy mode')}",
    ]
    if found.effective_dimension is not None:
        lines.append(f"effective dimension {found.effective_dimension:.1f} of {n}")
    return "\n".join(lines)


def _block_tables(found: FisherReport) -> list[str]:
    terms = [b for b in found.blocks if b.kind == "term"]
    parts = [b for b in found.blocks if b.kind != "term"]
    tables = [_block_table("term", terms)]
    return [*tables, _block_table("part", parts)] if parts else tables


def _block_table(head: str, found: Sequence[BlockReport]) -> str:
    rows = [[head, "numbers", "unique", "deleted: ΔL", "ΔBIC", "sloppy", "nearest", "cosine"]]
    for b in found[:_MOST]:
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
    return console.table(rows, indent=0) + _rest(len(found))


def _number_table(found: FisherReport) -> str:
    rows = [["parameter", "value", "± deviation", "unit", "at 0: ΔL", "correlated with", "by"]]
    for p in found.numbers[:_MOST]:
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
    return console.table(rows, indent=0) + _rest(len(found.numbers))


def _open(found: FisherReport) -> str:
    """Parameters that the data leave open, with the reasons."""
    lines = []
    if found.unsupported:
        lines.append(f"unsupported, no label depends on them: {', '.join(found.unsupported[:_MOST])}")
    for r in found.redundant[:_MOST]:
        direction = " ".join(f"{c:+.3g}·{name}" for name, c in list(r.direction.items())[:6])
        dots = " …" if len(r.direction) > 6 else ""
        where = f"within {r.terms[0]}" if len(r.terms) == 1 else f"between {' and '.join(r.terms)}"
        lines.append(f"redundant, {where}: no label changes along {direction}{dots}")
    return "\n".join(lines)


def coverage_table(coverage: Mapping[str, CoverageData]) -> str:
    """Expected and observed shares of errors within intervals, raw and calibrated."""
    if not coverage:
        return "no errors to compare the deviations with"
    levels = next(iter(coverage.values()))["expected"]
    rows = [["errors within", "errors", "RMS", "RMS of σ", *(f"{100 * x:g} %" for x in levels)]]
    for name, seen in coverage.items():
        unit, small = ("meV/atom", "{:.2f}") if name.startswith("energy") else ("meV/Å", "{:.1f}")
        sizes = [small.format(1000 * seen[key]) for key in ("rms_error", "rms_sigma")]
        shares = [f"{100 * x:.1f} %" for x in seen["observed"]]
        rows.append([f"{name}, {unit}", str(seen["n"]), *sizes, *shares])
    return console.table(rows, indent=0)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _rest(n: int) -> str:
    return f"\n… and {n - _MOST} more in the file" if n > _MOST else ""
