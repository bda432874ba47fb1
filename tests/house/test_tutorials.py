"""The tutorials are run, and show what they keep. POTENTIA_UPDATE=1 keeps what they show now."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from notebook_page import notebook_page
from notebook_runs import outputs_of, read, write
from places import ROOT

FOLDER = ROOT / "docs" / "tutorials"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_tutorial_runs_and_shows_what_it_keeps(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = read(path)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for count, (cell, found) in enumerate(zip(cells, outputs_of(notebook), strict=True), start=1):
        if os.environ.get("POTENTIA_UPDATE"):
            cell["execution_count"] = count
            cell["outputs"] = [o | {"execution_count": count} if "execution_count" in o else o for o in found]
        elif "varies" not in cell["metadata"].get("tags", ()):
            assert_alike(texts(found), texts(cell["outputs"]))
    if os.environ.get("POTENTIA_UPDATE"):
        write(path, notebook)


def texts(outputs: Sequence[dict[str, Any]]) -> list[str]:
    """What a terminal would show of the outputs of a cell."""
    return ["".join(o["text"] if o["output_type"] == "stream" else o["data"]["text/plain"]) for o in outputs]


def assert_alike(found: Sequence[str], kept: Sequence[str]) -> None:
    """Words are the same, and numbers to 2 %: fits differ a little from processor to processor."""
    for one, other in zip(found, kept, strict=True):
        assert NUMBER.sub("#", one).split() == NUMBER.sub("#", other).split()
        numbers = [[float(n.replace("−", "-")) for n in NUMBER.findall(text)] for text in (one, other)]
        assert numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=1e-6), one


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_tutorial_is_short_and_was_run(path: Path) -> None:
    cells = read(path)["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert 15 <= len(cells) <= 40
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    pictures = [
        o["data"]["image/png"] for c in code for o in c["outputs"] if "image/png" in o.get("data", {})
    ]
    assert max(map(len, pictures)) * 3 / 4 < 60_000
    assert "Where to go next" in "".join(cells[-1]["source"])
    assert notebook_page(path).count("<img ") == len(pictures)
