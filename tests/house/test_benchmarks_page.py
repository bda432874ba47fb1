"""The tables of docs/benchmarks.md are those of the stored figures. POTENTIA_UPDATE=1 makes them anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmark_tables import names, with_tables
from places import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
FOLDER = ROOT / "benchmarks" / "results"


def test_the_tables_are_those_of_the_figures() -> None:
    text = PAGE.read_text("utf-8")
    if os.environ.get("POTENTIA_UPDATE"):
        PAGE.write_text(with_tables(text, FOLDER), "utf-8")
    else:
        assert with_tables(text, FOLDER) == text
    assert sorted(names(text)) == sorted(path.stem for path in FOLDER.glob("*.json"))


def test_a_ratio_says_how_many_times_as_long_ours_takes(tmp_path: Path) -> None:
    rows = [
        {"case": "a", "unit": "µs an atom", "ours": 3.0, "peer": "b", "theirs": 2.0, "floor": 1.5},
        {"case": "c", "unit": "steps/s", "ours": 50.0, "peer": "d", "theirs": 100.0, "floor": None},
    ]
    content = {"title": "t", "date": "2026-01-02", "machine": "m", "rows": rows}
    (tmp_path / "x.json").write_text(json.dumps(content), "utf-8")
    lines = with_tables("<!-- table x -->\n<!-- end -->", tmp_path).splitlines()
    assert lines[3] == "| a | µs an atom | 3 | b | 2 | 1.50 | 1.5 | 2.00 | 2026-01-02 | m |"
    assert lines[4] == "| c | steps/s | 50 | d | 100 | 2.00 |  |  | 2026-01-02 | m |"
    assert lines[5] == "<!-- end -->"


def test_a_study_keeps_its_columns(tmp_path: Path) -> None:
    content = {
        "title": "t",
        "date": "2026-01-02",
        "machine": "m",
        "head": ["core", "K"],
        "lines": [["a", "9"]],
    }
    (tmp_path / "x.json").write_text(json.dumps(content), "utf-8")
    lines = with_tables("<!-- table x -->\n<!-- end -->", tmp_path).splitlines()
    assert lines[1] == "| core | K | date | processor |" and lines[3] == "| a | 9 | 2026-01-02 | m |"
