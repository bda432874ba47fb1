"""A line says that a kernel is compiled, on a terminal alone; warnings of Python are diagnostics."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk
from commands import run
from potentia.compiler.diagnostics.diagnostic import Diagnostic
from potentia.compiler.diagnostics.warning import as_python_warning
from potentia.runtime.cli import console, progress
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs.run_folder import save


class Bar:
    """Descriptions in the order in which they are drawn."""

    def __init__(self, drawn: list[str]) -> None:
        self.drawn = drawn

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def add_task(self, description: str, **_: Any) -> None:
        self.drawn.append(description)

    def update(self, task: None, description: str, **_: Any) -> None:
        self.drawn.append(description)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(progress, "_bar", lambda *_: Bar(found))
    monkeypatch.setattr(console, "is_terminal", lambda: True)
    return found


def test_a_line_says_compiling(
    drawn: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "run", compile("species Ar\nE = lj()\n"), certified=False)
    bulk("Ar", "fcc", 5.3).write("ar.xyz")
    command = ("predict", "run", "--structures", "ar.xyz", "--target", "reference")
    assert run(capsys, *command)[0] == 0
    assert drawn == ["compiling", "compiling", "predicting"]
    drawn.clear()
    assert run(capsys, *command, "--quiet")[0] == 0
    monkeypatch.setattr(console, "is_terminal", lambda: False)
    assert run(capsys, *command)[0] == 0 and not drawn


@pytest.mark.parametrize("as_json", [False, True])
def test_a_warning_of_python_is_a_diagnostic(
    as_json: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Diagnostic("cache-unwritable", "no kernel can be kept", severity="warning", place="/cache")
    monkeypatch.setattr(warnings, "showwarning", console.showing(as_json))
    console.report([told], as_json)
    expected = capsys.readouterr().err
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", console.showing(as_json))
        as_python_warning(told)
    assert capsys.readouterr().err == expected
