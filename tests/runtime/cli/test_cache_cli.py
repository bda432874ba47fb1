"""`potentia cache` shows what is kept, and clears what no process uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import imported_by, run
from potentia.compiler.backends.cpp.cache import Cache, _release


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two programs of XLA and a kernel that this process uses."""
    monkeypatch.setenv("POTENTIA_CACHE", str(tmp_path))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    (tmp_path / "xla" / "cpu").mkdir(parents=True)
    for name in "ab":
        (tmp_path / "xla" / "cpu" / f"{name}-cache").write_bytes(bytes(1 << 19))
    return tmp_path


def kernel(folder: Path) -> Path:
    """The library of an entry that is in use."""

    def fill(library: Path) -> dict[str, str]:
        library.write_bytes(bytes(1 << 20))
        return {}

    return Cache(folder / "kernels").store("one", ".so", fill)


def test_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "cache")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        str(folder),
        "  kernels    0 kernels of generated C++    0 MB of 512 MB",
        "  xla        2 programs of XLA             1 MB of 1024 MB",
        "  compilers  0 compilers with their flags  0 MB",
        "  lammps     0 pair styles of LAMMPS       0 MB of 512 MB",
        "  together                                 1 MB",
    ]


def test_clearing_keeps_what_is_in_use(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = kernel(folder)
    code, out, err = run(capsys, "cache", "--clear")
    assert (code, err, library.exists()) == (0, "", True)
    assert out == "removed 2 of xla: 1 MB\nin use and kept: 1 kernel of generated C++\n"
    _release(library.parent)
    code, out, _ = run(capsys, "cache", "--clear", "--json")
    data = json.loads(out)
    assert code == 0 and not library.exists() and data["freed_bytes"] > 1 << 20
    assert [part["entries"] for part in data["parts"]] == [0, 0, 0, 0]
    assert run(capsys, "cache", "--clear")[1] == f"{folder} holds nothing to remove\n"


def test_a_folder_that_is_not_there_is_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTENTIA_CACHE", str(tmp_path / "none"))
    code, out, _ = run(capsys, "cache", "--json")
    data = json.loads(out)
    assert code == 0 and data["path"] == str(tmp_path / "none")
    assert {part["name"]: part["limit_bytes"] for part in data["parts"]} == {
        "kernels": 512 << 20,
        "xla": 1 << 30,
        "compilers": None,
        "lammps": 512 << 20,
    }


def test_limits_and_jaxs_own_folder(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTENTIA_CACHE_LIMIT", "200 MB")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/own")
    out = run(capsys, "cache")[1]
    assert "1 MB of 200 MB" in out
    assert out.endswith("\njax keeps programs in /own (JAX_COMPILATION_CACHE_DIR)\n")
    monkeypatch.setenv("POTENTIA_CACHE_LIMIT", "much")
    code, _, err = run(capsys, "cache")
    assert code == 1 and err.startswith("error[bad-value]: `much` is not a size\n")


def test_it_starts_without_jax() -> None:
    assert not imported_by("cache") & {"jax", "numpy"}
