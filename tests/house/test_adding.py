"""`docs/adding.md` is true: its differences apply to a copy of this tree, and its commands pass there.

    POTENTIA_UPDATE=1 pytest tests/house/test_adding.py

writes a difference anew where the lines around it have moved or changed a little: read the page before it is
committed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from documents import blocks
from places import ROOT

PAGE = ROOT / "docs" / "adding.md"
# what a checkout holds beside the tree, at its root
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".hypothesis", ".*_cache", "build", "runs", "*.egg-info")


@dataclass(frozen=True)
class Section:
    """A difference, and the commands that try it."""

    title: str
    diff: str
    commands: tuple[list[str], ...]


def sections() -> list[Section]:
    found = []
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        by_mark = {block.mark: block.text for block in blocks(part)}
        assert len(by_mark) == len(blocks(part)) == 2
        commands = tuple(map(shlex.split, by_mark["sh"].splitlines()))
        found.append(Section(part.partition("\n")[0], by_mark["diff"], commands))
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tree, which imports as `potentia` from the folder above it."""

    def beside(folder: str, names: list[str]) -> set[str]:
        return LEFT_OUT(folder, names) if Path(folder) == ROOT else set()

    return Path(shutil.copytree(ROOT, tmp_path / "potentia", ignore=beside))


def run(folder: Path, *command: str, given: str | None = None) -> str:
    """What a command says that is run in the copy. Fails where its exit code is not 0."""
    environment = os.environ | {
        "PYTHONPATH": str(folder.parent),
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }
    environment.pop("POTENTIA_UPDATE", None)
    done = subprocess.run(
        command, cwd=folder, env=environment, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def program(name: str) -> list[str]:
    return [sys.executable] if name == "python" else [sys.executable, "-m", name, "-p", "no:cacheprovider"]


@pytest.mark.parametrize("section", sections(), ids=lambda s: s.title.replace(" ", "-"))
def test_what_is_added_works(section: Section, copy: Path) -> None:
    if os.environ.get("POTENTIA_UPDATE"):
        renewed = anew(section.diff, copy)
        PAGE.write_text(PAGE.read_text(encoding="utf-8").replace(section.diff, renewed), encoding="utf-8")
        return
    run(copy, "git", "apply", "-", given=section.diff)
    said = run(copy, sys.executable, "-c", "import potentia; print(potentia.__file__)")
    assert Path(said.strip()).parent == copy
    for name, *arguments in section.commands:
        run(copy, *program(name), *arguments)


def anew(diff: str, copy: Path) -> str:
    """The difference with the lines around it as they are now."""
    git = ("git", "-c", "user.name=potentia", "-c", "user.email=potentia", "-c", "core.autocrlf=false")
    run(copy, "git", "init", "--quiet")
    run(copy, "git", "add", "--all")
    run(copy, *git, "commit", "--quiet", "--message", "before")
    run(copy, "patch", "--strip=1", "--no-backup-if-mismatch", given=diff)
    run(copy, "git", "add", "--all", "--intent-to-add")
    found = run(copy, "git", "diff", "--unified=2", "--no-color", "--no-ext-diff")
    return re.sub(r"^index .*\n|^ (?=\n)", "", found, flags=re.MULTILINE)
