"""Words, positions and outlines: of whole specs what the compiler reads, of half-typed ones what is there."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from editor_cases import specs
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from potentia.compiler.declarations import check as checker
from potentia.compiler.syntax import tree as syntax
from potentia.compiler.syntax.tokens import tokens
from potentia.runtime.editor.document import Document
from potentia.runtime.editor.names import Names
from potentia.runtime.editor.positions import Lines
from potentia.runtime.editor.words import words
from potentia.runtime.editor.workspace import Workspace

EVERY = pytest.mark.parametrize("path", specs(ROOT), ids=lambda p: p.stem)


def read(path: Path) -> Document:
    return Document(path.read_text(encoding="utf-8"), str(path))


# --- positions ----------------------------------------------------------------------------------

CHARACTERS = st.text(st.sampled_from("aÅ😀\n\r\u2028 é\u0301")) | st.text()


@given(CHARACTERS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_positions_lead_back_to_their_characters(text: str, encoding: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":  # between the two there is no position
            assert lines.offset(*lines.position(offset)) == offset


@given(CHARACTERS)
def test_columns_count_units_of_utf_16(text: str) -> None:
    text = text.encode("utf-8", "replace").decode().replace("\r", "")
    for offset in range(len(text) + 1):
        line, column = Lines(text).position(offset)
        assert line == text.count("\n", 0, offset)
        before = text[:offset].rpartition("\n")[2]
        assert column == len(before.encode("utf-16-le")) // 2


PLACES = [(0, 99, 2), (7, 0, 5), (-1, 3, 0), (1, 1, 3), (1, 2, 4)]


@pytest.mark.parametrize(("line", "column", "offset"), PLACES)
def test_positions_that_are_not_there(line: int, column: int, offset: int) -> None:
    assert Lines("ab\n😀c").offset(line, column) == offset


# --- words --------------------------------------------------------------------------------------


@given(st.text(st.sampled_from('ab1.5eÅ_ \t\n#"()[]{},:=+-*/^😀')))
def test_words_are_all_of_the_text_but_blanks(text: str) -> None:
    found = words(text)
    assert all(text[w.start : w.end] == w.text for w in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    left = text
    for word in reversed(found):
        left = left[: word.start] + left[word.end :]
    assert not left.strip()


@given(
    st.lists(st.sampled_from([*"ab1.e_Å^-+(),= \n", "5", "eV", " in ", " per ", "#x\n", '"y"'])).map("".join)
)
def test_words_are_those_of_the_compiler(text: str) -> None:
    """But for quantities, whose number, unit and power are words here."""
    wanted = "".join(token.text for token in tokens(text)).replace(" ", "")
    assert "".join(w.text for w in words(text) if w.kind != "comment").replace(" ", "") == wanted
    quantities = [t.text for t in tokens(text) if t.kind == "quantity"]
    assert len(quantities) == sum(w.kind == "unit" for w in words(text))


def test_a_unit_is_a_word_of_its_own() -> None:
    kinds = [(w.kind, w.text) for w in words("5 Å^2 in (1e-3, 2e) per")]
    assert kinds[:4] == [("number", "5"), ("unit", "Å"), ("power", "^2"), ("name", "in")]
    assert ("number", "1e-3") in kinds
    assert kinds[-3:] == [("unit", "e"), ("mark", ")"), ("name", "per")]


# --- outlines -----------------------------------------------------------------------------------


def spans(document: Document, found: list[object]) -> list[tuple[int, int]]:
    return [document.characters(d.start, d.end) for d in found]  # type: ignore[attr-defined]


@EVERY
def test_the_outline_is_what_the_parser_reads(path: Path) -> None:
    document = read(path)
    file = document.sound.file
    assert file is not None and document.faults == ()
    assert spans(document, list(document.outline.items)) == [(i.span.start, i.span.end) for i in file.items]
    terms = [i for i in file.items if isinstance(i, syntax.Term)]
    for term, outline in zip(terms, document.outline.terms(), strict=True):
        assert outline.name == term.name
        assert spans(document, list(outline.arguments)) == [(f.span.start, f.span.end) for f in term.formals]
        assert spans(document, list(outline.members)) == [(m.span.start, m.span.end) for m in term.members]
        for member, declared in zip(term.members, outline.members, strict=True):
            assert declared.name == member.name
            assert declared.formals == (member.formals if isinstance(member, syntax.Definition) else None)
            assert declared.value is not None
            assert document.outline.words[declared.value].start == member.value.span.start


HALF_TYPED = """\
let rc = 5 Å
E = zbl(Nb) + eam(rc=rc,
let cut = 0.8 *
term t(rc = 4 Å) {
  param D = 1 eV
  pair(r) = D * (1 -
  site(i) = D
let last = 3 Å
"""


def test_an_open_bracket_does_not_swallow_what_follows() -> None:
    document = Document(HALF_TYPED)
    names = [i.declared.name for i in document.outline.items if i.declared]
    assert names == ["rc", "E", "cut", "t", "last"]
    (term,) = document.outline.terms()
    assert [m.name for m in term.members] == ["D", "pair", "site"]


def test_what_is_sound_is_checked_while_the_rest_is_typed() -> None:
    document = Document("let rc = 5 eV\nlet x = rc +\nE = zbl(Nb) + lj(rc=rc) + 0 * x\n")
    found = {(d.code, d.primary.text if d.primary else "") for d in document.faults}
    assert found == {("missing-operand", ""), ("wrong-unit", "rc=rc")}


@pytest.mark.parametrize("path", specs(ROOT)[:4], ids=lambda p: p.stem)
def test_a_statement_added_half_typed_costs_no_other_its_meaning(path: Path) -> None:
    whole = read(path)
    half = Document(whole.text + "\nlet new = 3 +\n", whole.name)
    assert half.outline.items[:-1] == whole.outline.items
    assert half.model is not None and whole.model is not None
    assert half.model.outputs["energy"] is whole.model.outputs["energy"]


# --- names --------------------------------------------------------------------------------------


@EVERY
def test_every_name_of_a_spec_has_a_meaning(path: Path) -> None:
    document = read(path)
    names = Names(document, Workspace())
    for k, word in enumerate(document.outline.words):
        if word.kind in ("name", "unit"):
            assert names.meaning(k) is not None, word


@pytest.mark.parametrize("path", [p for p in specs(ROOT) if p.parent.name != "std"], ids=lambda p: p.stem)
def test_calls_mean_what_the_compiler_calls(path: Path) -> None:
    """A term where the compiler makes an instance, and nowhere else."""
    document = read(path)
    assert document.model is not None
    names = Names(document, Workspace())
    starts = {word.start: k for k, word in enumerate(document.outline.words)}
    made = {t.origin.start: t.called for t in document.model.terms if t.origin is not None}
    for item in document.sound.file.items if document.sound.file else ():
        if isinstance(item, (syntax.Energy, syntax.Let)):
            for part in checker.walk(item.value):
                if isinstance(part, syntax.Call):
                    meaning = names.meaning(starts[part.name_span.start])
                    assert meaning is not None
                    assert (meaning.kind == "term") == (part.span.start in made)


SCOPES = """\
let x = 2
term t(rc = 5 Å, fade = slow, x = 3) {
  param A = 1 eV per model
  slow(r) = smooth(r, rc)
  fast(x) = cosine(x, rc)
  rho(i) = sum(j, rc / 2) fade(r_ij)
  pair(r) = A * fade(r) * x * rho(i)
}
E = t(Nb, fade = fast) + lj(rc = 2 * x, epsilon = {Nb-Nb: x})
"""


@pytest.mark.parametrize(
    ("before", "word", "kind", "declared_at"),
    [
        ("fade = ", "slow", "definition", "slow(r)"),
        ("fade = ", "fast", "definition", "fast(x)"),
        ("cosine(", "x", "local", "x) = cosine"),
        ("* fade(r) * ", "x", "formal", "x = 3"),
        ("(rc = 2 * ", "x", "let", "x = 2"),
        ("{Nb-Nb: ", "x", "let", "x = 2"),
        ("pair(r) = ", "A", "param", "A = 1"),
        ("sum(j, ", "rc", "formal", "rc = 5"),
        ("E = ", "t", "term", "t(rc"),
        ("E = t(Nb, ", "fade", "formal", "fade = slow"),
    ],
)
def test_scopes(before: str, word: str, kind: str, declared_at: str) -> None:
    document = Document(SCOPES)
    assert document.faults == ()
    at = SCOPES.index(before + word) + len(before)
    k = next(k for k, w in enumerate(document.outline.words) if w.start == at)
    meaning = Names(document, Workspace()).meaning(k)
    assert meaning is not None and meaning.kind == kind
    assert document.outline.words[meaning.at].start == SCOPES.index(declared_at)


KINDS = [("Nb", "species"), ("j", "index"), ("r_ij", "geometry"), ("Å", "unit"), ("smooth", "function")]


@pytest.mark.parametrize(("word", "kind"), KINDS)
def test_words_of_the_language(word: str, kind: str) -> None:
    document = Document(SCOPES)
    names = Names(document, Workspace())
    places = [k for k, w in enumerate(document.outline.words) if w.text == word]
    assert places
    assert {meaning.kind for k in places if (meaning := names.meaning(k))} == {kind}
