"""What a command does to a spec it does once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import run
from potentia.compiler.declarations.check import check_file
from potentia.compiler.elaborate.model_builder import Builder, build_model
from potentia.compiler.pipeline import PASSES
from potentia.compiler.syntax.parser import parse_source


def counted(monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any]) -> list[Any]:
    """The first arguments of all calls of a function, from whatever module."""
    calls: list[Any] = []

    def wrapped(first: Any, *rest: Any, **named: Any) -> Any:
        calls.append(first)
        return function(first, *rest, **named)

    for name, module in list(sys.modules.items()):
        for attribute in [
            a for a, v in vars(module).items() if name.startswith("potentia") and v is function
        ]:
            monkeypatch.setattr(module, attribute, wrapped)
    return calls


@pytest.mark.parametrize(
    "text", [None, "E = pair(bessel(3), rc=4) + reference()\n"], ids=["nb", "no species"]
)
def test_a_fit_parses_checks_and_builds_once(
    text: str | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    root: Path,
    demo_data: Path,
) -> None:
    spec, out = root / "specs" / "nb.pes", tmp_path / "run"
    if text is not None:  # its species are those of the data
        spec = tmp_path / "given.pes"
        spec.write_text(text)
    assert run(capsys, "check", str(spec))[0] == 0  # the modules are loaded
    parsed, checked, built = (counted(monkeypatch, f) for f in (parse_source, check_file, build_model))
    limits = ("--max-iterations", "1", "--starts", "1", "--quiet")
    fitted = ("fit", str(spec), "--data", f"{demo_data}@:6", "-o", str(out), *limits)
    assert run(capsys, *fitted)[0] == 0
    library = [source.name for source in parsed if source.name.startswith("std/")]
    assert len(library) == len(set(library))
    assert [source.name for source in parsed if source.name not in library] == [str(spec)]
    assert [file.source.name for file in checked] == [str(spec)]
    assert [c.file.source.name for c in built] == [str(spec)]


def test_a_difference_builds_and_simplifies_each_spec_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: [done.append(name), function(*arguments)][1]

    (tmp_path / "a.pes").write_text("E = lj(Nb)\n", "utf-8")
    (tmp_path / "b.pes").write_text("E = lj(Nb, rc = 4) + zbl(Nb)\n", "utf-8")
    monkeypatch.setattr(Builder, "model", noted("build", Builder.model))
    steps = tuple(step._replace(run=noted(step.name, step.run)) for step in PASSES)
    monkeypatch.setattr("potentia.compiler.pipeline.PASSES", steps)
    assert run(capsys, "diff", str(tmp_path / "a.pes"), str(tmp_path / "b.pes"))[0] == 1
    assert {name: done.count(name) for name in done} == {
        **{"build": 2, "simplify": 2, "cse": 2},
        **{"symmetrize": 2, "by_species": 2, "share_neighbors": 2},
    }
