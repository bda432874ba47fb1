"""The report of `potentia fisher` as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import console

if TYPE_CHECKING:
    from ..information.calibration import CoverageData
    from ..information.parts import FisherReport

_MOST = 100  # numbers and parts that are listed; all of them are in the file


def text(found: FisherReport, coverage: Mapping[str, CoverageData] | None) -> str:
    """All tables, a blank line between them."""
    from ..information.tables import left_open, number_rows, summary

    numbers = _listed(number_rows(found.numbers[:_MOST]), len(found.numbers))
    parts = ["\n".join(summary(found)), *_block_tables(found), numbers, "\n".join(left_open(found, _MOST))]
    if coverage is not None:
        parts.append(coverage_table(coverage))
    return "\n\n".join(part for part in parts if part)


def _block_tables(found: FisherReport) -> list[str]:
    from ..information.tables import block_rows

    terms = [b for b in found.blocks if b.kind == "term"]
    parts = [b for b in found.blocks if b.kind != "term"]
    tables = [_listed(block_rows("term", terms[:_MOST]), len(terms))]
    return [*tables, _listed(block_rows("part", parts[:_MOST]), len(parts))] if parts else tables


def coverage_table(coverage: Mapping[str, CoverageData]) -> str:
    """Expected and observed shares of errors within intervals, raw and calibrated."""
    from ..information.tables import coverage_rows

    rows = coverage_rows(coverage)
    return console.table(rows, indent=0) if rows else "no errors to compare the deviations with"


def _listed(rows: list[list[str]], n: int) -> str:
    return console.table(rows, indent=0) + (f"\n… and {n - _MOST} more in the file" if n > _MOST else "")
