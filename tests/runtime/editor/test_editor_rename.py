"""A name changed everywhere it is used, and names that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor_cases import MARK, MINE, edited, mine, renamed, specs, two_files
from places import ROOT
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.ir.printer import print_model
from potentia.runtime.editor.document import Document
from potentia.runtime.editor.rename import rename


@pytest.mark.parametrize(
    ("at", "name", "expected"),
    [
        ("cut =", "short", MINE.replace("cut", "short")),
        ("mine(rc = cut", "ours", MINE.replace("mine", "ours")),
        ("D = 1)", "depth", MINE.replace("D", "depth")),
        ("quick(r)", "fast", MINE.replace("quick", "fast")),
        ("fade(r)", "ending", MINE.replace("fade", "ending")),
        (
            "rc = 0.5",
            "reach",
            MINE.replace("let rc", "let reach")
            .replace("0.8 * rc", "0.8 * reach")
            .replace("rc=rc", "rc=reach"),
        ),
    ],
)
def test_rename(at: str, name: str, expected: str) -> None:
    assert renamed(mine(at), name) == expected


def test_a_local_name_is_changed_in_its_definition_only() -> None:
    term = "term t(rc = 5 Å) {\n  f(x) = x^2\n  g(x) = x\n  pair(r) = 1 eV * f(r / rc) * g(1)\n}\n"
    text = term + "E = t(Nb)\n"
    assert renamed(text.replace("f(x)", f"f({MARK}x)"), "y") == text.replace("f(x) = x^2", "f(y) = y^2")


def test_rename_across_files(tmp_path: Path) -> None:
    document, workspace = two_files(tmp_path)
    edits = rename(document, workspace, document.text.index("core("), "inner")
    by_file = {Path(name).name: [e for e in edits if e.name == name] for name in {e.name for e in edits}}
    assert edited(document.text, by_file["nb.pes"]) == document.text.replace("core(", "inner(")
    core = (tmp_path / "core.pes").read_text("utf-8")
    assert edited(core, by_file["core.pes"]) == core.replace("core(", "inner(")


@pytest.mark.parametrize(
    ("at", "name", "message"),
    [
        ("zbl", "core", "`zbl` belongs to the standard library"),
        ("epsilon", "e0", "`epsilon` belongs to the standard library"),
        ("rc=rc", "reach", "`rc` belongs to the standard library"),
        ("rc = 6", "reach", "`rc` is the reach of a term: the compiler looks for it by this name"),
        ("pair(r)", "duo", "`pair` is what gives a term its energy"),
        ("E =", "F", "`E` is a word of the language"),
        ("Nb", "W", "`Nb` is a word of the language"),
        (" = 0.8", "x", "there is no name here"),
        ("cut =", "rc", "`rc` is taken: line 10 would mean something else"),
        ("cut =", "Nb", "`Nb` is a chemical element"),
        ("cut =", "eV", "`eV` is a unit"),
        ("cut =", "let", "`let` is a word of the language"),
        ("cut =", "5x", "`5x` is no name"),
        ("cut =", "a b", "`a b` is no name"),
        ("cut =", "", "`` is no name"),
        ("cut =", "smooth", "`smooth` is a function of the language"),
        ("cut =", "bessel4", "`bessel4` is a function of the language"),
        ("mine(rc = 6", "eam", "`eam` is a term of the standard library"),
        ("quick(r)", "slow", "`slow` is taken: line 10 would mean something else"),
        ("quick(r)", "D", "`D` is taken: `D` is defined twice"),
    ],
)
def test_a_name_that_cannot_be(at: str, name: str, message: str) -> None:
    shift = 1 if at == " = 0.8" else 0
    with pytest.raises(SpecError) as caught:
        renamed(mine(at, shift), name)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("no-rename", message)


def test_names_are_not_changed_in_a_text_that_does_not_parse() -> None:
    with pytest.raises(SpecError, match=r"`spec.pes` does not parse: names can be changed when it does"):
        renamed(mine("cut =") + "let a = \n", "short")


def test_what_is_captured_is_refused() -> None:
    """A `let` with the name of an argument of a term that reads it would be read no more."""
    term = "term t(rc = far, near = 1 Å) {\n  pair(r) = 1 eV * smooth(r, near, far)\n}\n"
    text = f"let {MARK}far = 5 Å\n{term}E = t(Nb)\n"
    with pytest.raises(SpecError, match="`near` is taken"):
        renamed(text, "near")


NEW = "a_new_name"
RICH = """\
let x = 2
let near = 0.5 * x
term t(rc = 5 Å, fade = slow, x = 3, basis = bessel(3)) {
  param A = 1 eV per model
  param c[size(basis)] = 0 eV
  slow(r) = smooth(r, rc)
  fast(x) = cosine(x, rc)
  rho(i) = sum(j) fade(r_ij)
  half = x / 2
  pair(r) = A * fade(r) * half * rho(i) + dot(c, basis(r, rc)) * slow(r)
}
term both(reach = 5 Å) = t(rc = reach) + lj(rc = reach)
let named = t(Nb, fade = fast, A = x, c = keep(0, start = 1))
E = named + both(Nb, reach = 2 * x) + lj(rc = 2 * x, epsilon = {Nb-Nb: near}, switch = shifted)
"""
SPECS = [path.read_text("utf-8") for path in specs(ROOT)[:4]]


@pytest.mark.parametrize("text", [*SPECS, MINE, RICH], ids=range(6))
def test_new_names_leave_the_model_as_it_is(text: str) -> None:
    """Every name that may be changed, one after the other: the model is the same, but for that name."""
    before = Document(text).model
    assert before is not None
    changed = 0
    for word in Document(text).outline.words:
        if word.kind == "name":
            try:
                new = renamed(text[: word.start] + MARK + text[word.start :], NEW)
            except SpecError:
                continue
            after = Document(new).model
            assert after is not None, new
            assert print_model(after).replace(NEW, word.text) == print_model(before), new
            changed += NEW in new
    assert changed or "let" not in text
