"""Rules of the house that a machine can hold us to."""

from __future__ import annotations

from pathlib import Path

import pytest

CEILING = 400  # lines
NO_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "legacy", "old"}
FOLDERS = ("grammar", "compiler", "runtime", "specs", "tests", "benchmarks", "docs")


def sources(root: Path) -> list[Path]:
    """Every file that we write by hand."""
    patterns = ("*.py", "*.pes", "*.lark")
    found = [path for folder in FOLDERS for pattern in patterns for path in (root / folder).rglob(pattern)]
    return [*sorted(found), *root.glob("*.py")]


def test_no_file_is_longer_than_the_ceiling(root: Path) -> None:
    lengths = {
        str(path.relative_to(root)): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(root)
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > CEILING} == {}


def test_names_come_from_the_field(root: Path) -> None:
    assert [str(path) for path in sources(root) if path.stem.lower() in NO_NAMES] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_folders_of_the_house_are_there(root: Path, folder: str) -> None:
    assert (root / folder).is_dir()
