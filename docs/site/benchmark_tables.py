"""The tables of docs/benchmarks.md, from the figures that benchmarks write with `--json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# what stands between these lines is made
_PLACE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD = (
    "measured",
    "unit",
    "ours",
    "peer",
    "theirs",
    "ours / theirs",
    "floor",
    "ours / floor",
    "date",
    "processor",
)
_GPU = (
    "model",
    "atoms",
    "f64, µs an atom",
    "f32",
    "compilation, s",
    "kB an atom: f64, f32",
    "date",
    "device",
)


def with_tables(page: str, folder: Path) -> str:
    """The page with its tables as the files of the folder have them."""
    return _PLACE.sub(lambda found: found[1] + _made(folder / f"{found[2]}.json") + found[3], page)


def names(page: str) -> list[str]:
    """The files whose tables the page has."""
    return [found[2] for found in _PLACE.finditer(page)]


def _made(path: Path) -> str:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    content = json.loads(path.read_text("utf-8"))
    if "about" in content:
        head, rows = _GPU, list(_speeds(content))
    elif "head" in content:  # a study in columns of its own
        about = content["date"], content["machine"]
        head, rows = (*content["head"], *_HEAD[-2:]), [(*line, *about) for line in content["lines"]]
    else:
        head, rows = _HEAD, list(_rows(content))
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows(content: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """A row beside its peer and its floor. Rates are better the higher, so their ratios are turned over."""
    for row in content["rows"]:
        ratios = [
            _ratio(row["ours"], row[other], row["unit"].endswith("/s")) for other in ("theirs", "floor")
        ]
        yield (
            row["case"],
            row["unit"],
            _number(row["ours"]),
            row["peer"] or "",
            _number(row["theirs"]),
            ratios[0],
            _number(row["floor"]),
            ratios[1],
            content["date"],
            content["machine"],
        )


def _ratio(ours: float, other: float | None, is_rate: bool) -> str:
    """How many times as long ours takes."""
    if other is None:
        return ""
    return f"{other / ours if is_rate else ours / other:.2f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _speeds(content: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """A row for each model and number of atoms, with both precisions."""
    cases = {c["case"]: c for c in content["cases"] if c["stage"] == "speed"}
    about = content["about"]
    for model in dict.fromkeys(name.split()[0] for name in cases):
        for name, double in cases.items():
            if name.startswith(f"{model} ") and name.endswith("float64"):
                single = cases[name.replace("float64", "float32")]
                memory = ", ".join(f"{c['bytes_per_atom'] / 1000:.0f}" for c in (double, single))
                times = [f"{c['us_per_atom']:.3f}" for c in (double, single)]
                facts = (f"{double['compile_s']:.0f}", memory, about["date"], about["device"])
                yield (f"`{model}`", str(double["atoms"]), *times, *facts)
