"""The blocks of docs/python.md are run, one after the other, and print what stands below them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ase.io import read, write
from documents import Block, blocks
from places import ROOT

PAGE = blocks((ROOT / "docs" / "python.md").read_text(encoding="utf-8"))


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """The XLA of a machine without a compiler, and LAMMPS, are told apart by their warnings alone."""
    monkeypatch.chdir(tmp_path)
    write("nb.xyz", read(ROOT / "specs" / "demo" / "nb_demo.xyz", "::10"))
    names: dict[str, Any] = {}
    for block in PAGE:
        if block.mark == "python":
            capsys.readouterr()
            exec(compile("\n" * block.line + block.text, "python.md", "exec"), names)
        elif block.mark == "text":
            assert_printed(block, capsys.readouterr().out)


def assert_printed(block: Block, out: str) -> None:
    """`…` stands for the rest of a line."""
    wanted, printed = block.text.splitlines(), out.splitlines()
    assert len(wanted) == len(printed)
    for line, seen in zip(wanted, printed, strict=True):
        assert seen.startswith(line[:-1]) if line.endswith("…") else seen == line
