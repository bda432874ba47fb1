"""Colours: every word of the compiler has one, in TextMate's grammar and in Pygments: they cannot drift."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from editor_cases import MINE, specs
from places import ROOT
from potentia.compiler.chemistry.elements import ELEMENTS
from potentia.compiler.chemistry.units import UNITS
from potentia.compiler.declarations import library
from potentia.compiler.declarations.keywords import ENERGIES, KEYWORDS
from potentia.compiler.elaborate.builtins import BUILTINS
from potentia.compiler.elaborate.radial_bases import FAMILIES
from potentia.runtime.cli import main
from potentia.runtime.editor import patterns, textmate, vocabulary
from potentia.runtime.editor.document import Document
from potentia.runtime.editor.highlighting import TYPES, coloured
from potentia.runtime.editor.pygments_lexer import TOKENS, PotentiaLexer
from potentia.runtime.editor.workspace import Workspace
from pygments.token import Text

STORED = ROOT / "editors" / "pes.tmLanguage.json"

USES = {
    **{name: (f"{name} x", "declaration") for name in ("let", "term", "param", "species", "import", "fixed")},
    **{name: (f"{name} (", "keyword") for name in ("pin", "sum", "in")},
    "per": ("per pair", "keyword"),
    **{name: (f"E = {name}(Nb)", "term") for name in library.term_names()},
    **{name: (f"x = 1 + {name}(y)", "function") for name in BUILTINS},
    **{name: (f"(5 {name})", "unit") for name in UNITS},
    **{name: (f"E = f({name}, rc=5)", "species") for name in ELEMENTS},
    **{name: (f"E = f({name}8)", "basis") for name in FAMILIES},
    **{f"{name} ": (f"  {name}(r) = 1", "energy") for name in ENERGIES},
    "E": ("E = f()", "energy"),
    "ordered triple": ("per ordered triple", "sharing"),
    "pi": ("x = 2 * pi", "constant"),
    "r_ij": ("x = r_ij^2", "atom"),
}


def styles(text: str) -> dict[str, str | None]:
    return {piece: style for _, piece, style in patterns.painted(text)}


@pytest.mark.parametrize("word", USES)
def test_every_word_of_the_compiler_is_coloured(word: str) -> None:
    text, style = USES[word]
    found = styles(text)
    name = word.strip() + ("8" if style == "basis" else "")
    assert found[name] == style


def test_no_word_is_forgotten() -> None:
    words = {word for group in vocabulary.vocabulary().values() for word in group}
    assert set(KEYWORDS) <= set(vocabulary.KEYWORD_HELP) <= words
    assert {
        *KEYWORDS,
        *BUILTINS,
        *UNITS,
        *ELEMENTS,
        *FAMILIES,
        *library.term_names(),
    } <= words
    assert set(vocabulary.ENERGY_HELP) == set(ENERGIES)


@pytest.mark.parametrize(
    ("text", "piece", "style"),
    [
        ("1e-3", "1e-3", "number"),
        ("5 in (0, 1)", "in", "keyword"),
        ("1.5 /Å", "Å", "unit"),
        ("20 eV/Å^2", "Å^2", "unit"),
        ("x = B * x^2", "B", None),
        ("E = lj(epsilon={Nb-W: 1})", "W", "species"),
        ("lj(rc=5)", "rc", "parameter"),
        ("  rho(i) = 1", "rho", "declared"),
        ("E = mine(5)", "mine", "called"),
        ("# let E = 5 Å", "# let E = 5 Å", "comment"),
        ('import "let.pes"', '"let.pes"', "string"),
        ("letter = 5", "letter", "parameter"),
        ("permit * 2", "permit", None),
        ("eamer(2)", "eamer", "called"),
    ],
)
def test_words_in_their_places(text: str, piece: str, style: str | None) -> None:
    assert styles(text)[piece] == style


def test_the_stored_grammar_is_that_of_the_language() -> None:
    advice = "run `python -m potentia.runtime.editor.textmate editors/pes.tmLanguage.json`"
    assert STORED.read_text(encoding="utf-8") == textmate.grammar(), advice


def test_the_grammar_names_a_scope_for_every_group() -> None:
    for rule in json.loads(textmate.grammar())["patterns"]:
        groups = re.compile(rule["match"]).groups
        assert len(rule.get("captures", {})) == groups
        assert "\\s" not in rule["match"]  # a pattern stays within its line


@pytest.mark.parametrize("path", specs(ROOT), ids=lambda p: p.stem)
def test_pygments_gives_the_whole_text_back(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = list(PotentiaLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(piece for _, piece in found) == text
    words = [(kind, piece) for kind, piece in found if piece.strip()]
    assert sum(kind is not Text for kind, _ in words) > 0.6 * len(words)


def test_every_style_has_a_token_and_a_scope() -> None:
    used = {style for pattern in patterns.patterns() for style in pattern.styles}
    assert used == set(TOKENS) == set(textmate.SCOPES)


def test_words_are_coloured_by_their_meaning() -> None:
    document = Document(MINE)
    found = {(document.text[c.start : c.end], c.type) for c in coloured(document, Workspace())}
    assert {type for _, type in found} <= set(TYPES)
    assert {("mine", "class"), ("zbl", "class"), ("cut", "variable"), ("D", "property")} <= found
    assert {("fade", "parameter"), ("slow", "function"), ("nm", "type"), ("term", "keyword")} <= found
    assert ("Nb", "enumMember") in found


def project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def test_the_extension_is_of_this_version_and_starts_a_command_that_exists() -> None:
    folder = ROOT / "editors" / "vscode"
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == project()["version"]
    program, command = package["contributes"]["configuration"]["properties"]["potentia.command"]["default"]
    assert program == "potentia" and command in main.COMMANDS
    (language,) = package["contributes"]["languages"]
    assert (folder / language["configuration"]).is_file()
    (colours,) = package["contributes"]["grammars"]
    assert colours["scopeName"] == json.loads(textmate.grammar())["scopeName"]
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    assert f"potentia-{package['version']}.vsix" in page


def test_the_entry_point_of_pygments_is_the_lexer() -> None:
    module, _, name = project()["entry-points"]["pygments.lexers"]["potentia"].partition(":")
    assert getattr(import_module(module), name) is PotentiaLexer
