"""The tables of the parser: those of the grammar as it is, the same trees, and never a hindrance."""

from __future__ import annotations

import json
from pathlib import Path

import lark
import pytest
from potentia.compiler.syntax import tables as parser_tables

TEXT = "# a comment\nE = zbl(Nb) + eam(rc=5) + nn(bessel8, hidden=[8, 8])\n"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_tables, "_text", parser_tables._text.__wrapped__)


def test_the_stored_tables_are_those_of_the_grammar(root: Path) -> None:
    stored = (root / "grammar" / "potential.json").read_text(encoding="utf-8")
    version, digest = json.loads(stored)["made_of"]
    fresh = json.loads(parser_tables.tables())["made_of"]
    advice = "run `python -m potentia.compiler.syntax.tables grammar/potential.json`"
    assert digest == fresh[1], advice
    if version != lark.__version__:
        pytest.skip(f"the tables are of lark {version}, and this is {lark.__version__}")


def test_stored_and_built_parsers_give_the_same_tree() -> None:
    loaded, comments = parser_tables.load_parser()
    built = parser_tables.build({})
    assert loaded.parse(TEXT) == built.parse(TEXT)
    assert comments == ["# a comment"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"made_of": 1}'])
def test_tables_that_do_not_serve_are_left_aside(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    text = parser_tables._text
    monkeypatch.setattr(parser_tables, "_text", lambda name: content if name.endswith("json") else text(name))
    assert parser_tables._stored({}) is None
    assert parser_tables.load_parser()[0].parse(TEXT)


def test_tables_of_another_grammar_are_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    text = parser_tables._text
    monkeypatch.setattr(
        parser_tables, "_text", lambda name: text(name) + ("// new\n" if name.endswith("lark") else "")
    )
    assert parser_tables._stored({}) is None
