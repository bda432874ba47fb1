"""Figures of a benchmark as a file in `benchmarks/results`, of which docs/benchmarks.md has a table."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from clock import machine


@dataclass(frozen=True)
class Row:
    """What was measured, in `unit`; of another program that does the same; the least that it can be.

    ours, theirs: medians, times or rates (`…/s`). floor: None where unknown.
    """

    case: str
    unit: str
    ours: float
    peer: str | None = None
    theirs: float | None = None
    floor: float | None = None


def with_json(parser: ArgumentParser) -> ArgumentParser:
    """The parser with `--json FILE`."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser


def save(path: Path | None, title: str, rows: Sequence[Row]) -> None:
    """Write the figures, with the day, the processor and its load, where a path is given."""
    if path is not None:
        told = {"title": title, "date": date.today().isoformat(), "machine": machine()}
        content = told | {"rows": [asdict(row) for row in rows]}
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
