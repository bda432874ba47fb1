"""The C++ compiler: found, tried once, and its failures in words."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from potentia.compiler.backends.cpp import toolchain
from potentia.compiler.backends.cpp.toolchain import Compiler, compiler
from potentia.compiler.diagnostics.diagnostic import Diagnostic, ToolError
from stand_in_kernels import lennard_jones, require_compiler


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nothing known from before."""
    monkeypatch.setenv("POTENTIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    toolchain._compiler.cache_clear()
    yield tmp_path / "cache" / "compilers"
    toolchain._compiler.cache_clear()


def program(folder: Path, name: str, script: str) -> Path:
    """A compiler that is a shell script."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def fault() -> Diagnostic:
    with pytest.raises(ToolError) as caught:
        compiler()
    (found,) = caught.value.diagnostics
    return found


def test_the_compiler_of_this_machine(folder: Path) -> None:
    found = require_compiler()
    assert Path(found.path).is_absolute() and found.version
    assert {"-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"} <= {
        *found.flags
    }
    assert not {"-ffast-math", "-ffinite-math-only"} & {*found.flags}
    assert found.has_openmp or "-fopenmp-simd" in found.flags
    (memory,) = folder.iterdir()
    assert json.loads(memory.read_text(encoding="utf-8"))["flags"] == list(found.flags)


def test_a_trial_is_made_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = require_compiler()
    toolchain._compiler.cache_clear()
    monkeypatch.setattr(toolchain, "_trial", lambda *_: pytest.fail("tried again"))
    assert compiler() == first
    toolchain._compiler.cache_clear()
    (memory,) = folder.iterdir()
    memory.write_text("{", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception):
        compiler()


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = fault()
    assert (found.code, found.message) == (
        "no-compiler",
        "there is no C++ compiler: none of g++, clang++, c++ is on the path",
    )
    assert found.help is not None and "apt install g++" in found.help
    monkeypatch.setenv("PATH", "")
    assert fault().code == "no-compiler"


def test_cxx_names_one_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "g++-99 -m64")
    found = fault()
    assert (found.code, found.message) == (
        "no-compiler",
        "there is no C++ compiler `g++-99 -m64`, which CXX names",
    )


def test_cxx_is_taken_alone_with_its_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = require_compiler()
    wrapper = program(tmp_path / "bin", "wrapper", f'shift; exec {own.path} "$@"')
    monkeypatch.setenv("CXX", f"{wrapper} --mine")
    assert compiler() == Compiler((str(wrapper), "--mine"), own.version, own.flags)


def test_a_compiler_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "[ \"$1\" = --version ] && echo 'odd 1.0' && exit 0\n"
        "echo 'odd: note: hello' >&2; echo 'odd: fatal error: no headers' >&2; echo 'ended.' >&2; exit 1"
    )
    odd = program(tmp_path / "bin", "odd", script)
    monkeypatch.setenv("CXX", str(odd))
    found = fault()
    assert (found.code, found.place) == ("compiler-failed", str(odd))
    assert found.message == (
        "the C++ compiler cannot compile a few lines:\n    odd: fatal error: no headers\n    ended."
    )
    assert found.help is not None and "CXX" in found.help
    assert not list((tmp_path / "cache").rglob("*.json"))  # a failure is not remembered


def test_a_broken_one_before_one_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = require_compiler()
    folder = tmp_path / "bin"
    program(folder, "g++", "echo broken >&2; exit 3")
    monkeypatch.setenv("PATH", str(folder))
    assert fault().message == "the C++ compiler does not tell its version:\n    broken"
    program(folder, "clang++", f'PATH=/usr/bin:/bin exec {own.path} "$@"')
    toolchain._compiler.cache_clear()
    assert compiler().path == str(folder / "clang++")


def _picky(folder: Path, refused: str) -> Path:
    """The compiler of this machine, but for an argument that it refuses."""
    own = require_compiler()
    toolchain._compiler.cache_clear()
    script = (
        'for word in "$@"; do\n'
        f'  [ "$word" = {refused} ] && echo "error: unrecognized {refused}" >&2 && exit 1\n'
        f'done\nexec {own.path} "$@"'
    )
    return program(folder, "picky", script)


@pytest.mark.parametrize(
    ("refused", "native", "openmp"), [("-march=native", False, True), ("-fopenmp", True, False)]
)
def test_flags_that_are_refused_are_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str, native: bool, openmp: bool
) -> None:
    own = require_compiler()
    monkeypatch.setenv("CXX", str(_picky(tmp_path / "bin", refused)))
    found = compiler()
    assert found.is_native is (native and own.is_native)
    assert found.has_openmp is (openmp and own.has_openmp)
    found.compile(lennard_jones(), tmp_path / "lj.so")
    assert (tmp_path / "lj.so").exists()


def test_a_library_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instructions that the processor lacks end the trial's own process, and no other."""
    own = require_compiler()
    toolchain._compiler.cache_clear()
    monkeypatch.setattr(toolchain, "_TRIAL_RUN", "import os; os.abort()")
    monkeypatch.setenv("POTENTIA_CACHE", str(tmp_path / "another"))
    monkeypatch.setenv("CXX", own.path)
    found = fault()
    assert found.message.startswith("the C++ compiler makes libraries that do not run here:\n")


def test_a_text_that_does_not_compile(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        require_compiler().compile("int main( {\n" * 50, tmp_path / "x.so")
    (found,) = caught.value.diagnostics
    first, second, *rest = found.message.splitlines()
    assert (found.code, first) == ("compiler-failed", "the C++ compiler cannot compile a kernel:")
    assert "error" in second and len(rest) <= 5
    assert not (tmp_path / "x.so").exists()


def test_python_inside_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    require_compiler()
    toolchain._compiler.cache_clear()
    monkeypatch.setattr(sys, "executable", "")
    assert compiler().flags
