"""Rules of the house that a machine can hold us to."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CEILING = 400  # lines of a file
FUNCTION_CEILING = 60
MOST_ANY = 60  # names `Any` in the annotations of the runtime
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


def test_no_function_is_longer_than_the_ceiling(root: Path) -> None:
    lengths = {
        f"{path.relative_to(root)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in sources(root)
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_CEILING} == {}


def test_any_is_rare_in_the_runtime(root: Path) -> None:
    names = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in (root / "runtime").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id == "Any"
    ]
    assert 0 < len(names) <= MOST_ANY, names


def test_names_come_from_the_field(root: Path) -> None:
    assert [str(path) for path in sources(root) if path.stem.lower() in NO_NAMES] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_folders_of_the_house_are_there(root: Path, folder: str) -> None:
    assert (root / folder).is_dir()


# --- the glossary --------------------------------------------------------------------------------

# names of files on the disk and of the public interface, which cannot change with the glossary
KEPT = {
    "compiler/diagnostics/diagnostic.py: ArtifactError: ArtifactError",
    "runtime/dynamics/state.py: Saved: heat",
    "runtime/dynamics/state.py: Shared: heat",
}


def refused_words(root: Path) -> set[tuple[str, ...]]:
    """The last column of the glossary, each entry as the sequence of its words."""
    lines = (root / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    cells = [line.strip().strip("|").split("|")[-1] for line in lines if line.startswith("|")]
    entries = [entry.strip() for cell in cells for entry in cell.split(",")]
    return {tuple(words(entry)) for entry in entries if entry.strip("-") and entry != "not"}


def words(name: str) -> list[str]:
    """The words of a name in snake case or camel case: `MDLoop`, `on_progress`."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def public_names(path: Path, root: Path) -> Iterator[tuple[str, str]]:
    """Where a public name is, and the name: of modules, classes, functions, parameters and attributes."""
    place = path.relative_to(root).as_posix()
    if not path.stem.startswith("_"):
        yield place, path.stem
    yield from _names_in(ast.parse(path.read_text(encoding="utf-8")).body, place)


def _names_in(body: list[ast.stmt], place: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            if node.name.startswith("_") and node.name != "__init__":
                continue  # private, and all that is inside
            inside = f"{place}: {node.name}"
            yield inside, node.name
            if isinstance(node, ast.ClassDef):
                yield from _names_in(node.body, inside)
            else:
                given = node.args
                for each in (*given.posonlyargs, *given.args, *given.kwonlyargs):
                    yield inside, each.arg
                yield from ((inside, name) for name in _own_attributes(node))
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            yield from ((place, t.id) for t in targets if isinstance(t, ast.Name))


def _own_attributes(function: ast.FunctionDef) -> Iterator[str]:
    """The attributes of `self` that a method sets."""
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self":
            yield node.attr


def _says(name: str, entry: tuple[str, ...]) -> bool:
    parts = words(name)
    return any(tuple(parts[k : k + len(entry)]) == entry for k in range(len(parts)))


@pytest.mark.parametrize("room", ["compiler", "runtime"])
def test_public_names_have_the_words_of_the_glossary(root: Path, room: str) -> None:
    refused = refused_words(root)
    assert ("heat",) in refused and ("stored", "once") in refused
    found = {
        f"{place}: {name}"
        for path in sorted((root / room).rglob("*.py"))
        for place, name in public_names(path, root)
        if not name.startswith("_") and any(_says(name, entry) for entry in refused)
    }
    assert found <= KEPT, sorted(found - KEPT)
    assert {kept for kept in KEPT if kept.startswith(room)} <= found


def test_a_group_of_tests_runs_in_one_worker(request: pytest.FixtureRequest) -> None:
    """pytest-xdist writes the group behind the name of a test; without it both workers compile the same."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@house/test_house.py")
