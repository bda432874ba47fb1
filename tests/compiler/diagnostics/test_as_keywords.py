"""Messages name options as the command line has them, and to a caller in Python as keyword arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import get_type_hints

import potentia
import pytest
from places import ROOT
from potentia.compiler.diagnostics import as_keywords as module
from potentia.compiler.diagnostics.as_keywords import as_keywords
from potentia.compiler.diagnostics.diagnostic import DataError, Diagnostic
from potentia.compiler.diagnostics.warning import PotentiaWarning
from potentia.runtime.api import options

FUNCTIONS = ("read_data", "fit", "evaluate", "fisher", "prune", "design", "properties", "diff", "export")
# of the command line alone
ELSEWHERE = ("active", "analysis", "cli", "dynamics", "editor", "presentation", "report")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("go on with --resume; --time-limit counts anew", "go on with resume=True; time_limit counts anew"),
        (
            "say it: `--types Nb,Mo` or `--stress-sign tension`",
            'say it: `types="Nb,Mo"` or `stress_sign="tension"`',
        ),
        ("`--to lammps --style native` writes it", '`to="lammps", style="native"` writes it'),
        (
            "start from it, `--from RUN`, or `--no-forces`",
            "start from it, `start=RUN`, or `use_forces=False`",
        ),
        ("by a pattern: `--data 'a/*.xyz'`; `-o`", "by a pattern: `data='a/*.xyz'`; `output`"),
        ("`potentia fisher RUN --data FILE` works it out", "`potentia fisher RUN --data FILE` works it out"),
        ("a -- b, x--y, ---", "a -- b, x--y, ---"),
    ],
)
def test_options_become_keywords(text: str, expected: str) -> None:
    assert as_keywords(text) == expected


def test_exceptions_and_warnings_name_keywords_and_their_diagnostics_options() -> None:
    found = Diagnostic("nan-label", "a label is NaN", place="a.xyz", help="`--skip-bad` leaves it out")
    told = "help: `skip_bad=True` leaves it out"
    assert str(DataError(found)).endswith(told) and str(PotentiaWarning(found)).rstrip().endswith(told)
    assert DataError(found).diagnostics == (found,)
    assert "--> only\n" in f"{DataError(Diagnostic('bad-value', 'no', place='--only'))}\n"


def texts(path: Path) -> Iterator[str]:
    """The texts of a module that may be a message: no docstring, and more than a word."""
    text = path.read_text("utf-8")
    nodes = list(ast.walk(ast.parse(text))) if re.search(r"[ `\"]--[a-z]", text) else []
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        words = [str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts]
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in alone:
            yield from ["".join(words)] if re.search("[ `]", "".join(words)) else []


def test_every_option_in_a_message_is_a_keyword_of_some_function(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name for f in FUNCTIONS for name in signature(getattr(potentia, f)).parameters}
    known |= {*get_type_hints(options.FitOptions), *get_type_hints(options.DesignOptions)}
    made: list[tuple[str, Path]] = []
    keyword = module._keyword

    def recorded(name: str, value: str = "") -> str:
        made.append((keyword(name, value).partition("=")[0], path))
        return keyword(name, value)

    monkeypatch.setattr(module, "_keyword", recorded)
    for path in [*(ROOT / "compiler").rglob("*.py"), *(ROOT / "runtime").rglob("*.py")]:
        if path.relative_to(ROOT).parts[1] not in ELSEWHERE:
            for text in texts(path):
                as_keywords(text)
    assert len(made) > 40
    unknown = {(name, path.name) for name, path in made if name not in known}
    assert unknown <= {("x_key", "rivals.py")}  # of a kind of label
