"""What gets installed: every package, every data file, nothing else; and what importing it costs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import potentia
import pytest

HOUSE = ("grammar", "compiler", "runtime", "specs")
DATA = {".css", ".html", ".lark", ".json", ".pes", ".toml", ".xyz"}
# Folders of the package that hold data and no code: their files belong to the package above.
DATA_FOLDERS = {"specs/demo", "specs/design", "specs/properties"}
# Folders that are installed as they are, whatever their files are called.
COPIED = (
    "compiler/backends/cpp/prelude",
    "runtime/formats/lammps/pair_style",
    "runtime/formats/lammps/templates",
    "runtime/formats/stablehlo/templates",
)
PAGES = "docs/errors"  # what `potentia explain` prints
STARTS_WITHOUT = ("jax", "ase", "scipy", "matplotlib", "optax", "vesin")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def files(root: Path, suffixes: set[str]) -> list[Path]:
    return sorted(
        path.relative_to(root)
        for folder in HOUSE
        for path in (root / folder).rglob("*")
        if path.suffix in suffixes and "__pycache__" not in path.parts
    )


def test_the_list_of_packages_is_the_list_of_folders(root: Path, project: dict[str, Any]) -> None:
    folders = {path.parent for path in files(root, {".py", ".pes", ".lark"})}
    expected = {"potentia", *(".".join(("potentia", *folder.parts)) for folder in folders)}
    listed = project["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(expected)
    for name in listed:
        assert (root.joinpath(*name.split(".")[1:]) / "__init__.py").is_file(), name


def test_the_root_holds_no_other_python(root: Path) -> None:
    assert [path.name for path in root.glob("*.py")] == ["__init__.py"]


def test_data_lies_where_it_is_looked_for(root: Path, project: dict[str, Any]) -> None:
    packages = {
        name.removeprefix("potentia.").replace(".", "/") for name in project["tool"]["setuptools"]["packages"]
    }
    folders = {path.parent.as_posix() for path in files(root, DATA)}
    assert folders <= packages | DATA_FOLDERS


def test_the_wheel_holds_all_and_nothing_else(root: Path, tmp_path: Path) -> None:
    if tuple(map(int, version("setuptools").split(".")[:2])) < (77, 0):
        pytest.skip("setuptools here is older than 77, which pyproject.toml asks for")
    tree = tmp_path / "tree"  # a copy: a build leaves folders behind, and a stale build/ lands in the wheel
    tree.mkdir()
    for name in ("__init__.py", "py.typed", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, tree)
    for folder in (*HOUSE, PAGES):
        shutil.copytree(root / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
    ]
    built = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = {
        name.removeprefix("potentia/") for name in ZipFile(wheel).namelist() if ".dist-info/" not in name
    }
    expected = {path.as_posix() for path in files(root, {".py", *DATA})}
    expected |= {path.relative_to(root).as_posix() for path in (root / PAGES).glob("*.md")}
    expected |= {path.relative_to(root).as_posix() for name in COPIED for path in (root / name).iterdir()}
    assert inside == {"__init__.py", "py.typed", "specs/demo/README.md", *expected}


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after running the code."""
    text = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import potentia; potentia.__version__; dir(potentia)",
        "from potentia import UserError",
        "from potentia import parse, check, build",
        "import potentia.runtime.cli.start",
        "import potentia.runtime.cli.main",
    ],
)
def test_starting_imports_nothing_heavy(code: str) -> None:
    assert loaded_after(code) & set(STARTS_WITHOUT) == set()


def test_the_version_is_said_once(project: dict[str, Any]) -> None:
    assert potentia.__version__ == project["project"]["version"]


@pytest.mark.parametrize("name", potentia.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert name in dir(potentia)
    assert getattr(potentia, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'potentia' has no attribute 'complie'"):
        potentia.complie  # noqa: B018
