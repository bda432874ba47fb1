"""`core.sigma` in an editor: the parameter of the term that `let core` names."""

from __future__ import annotations

from editor_cases import MARK, ask_everything, complete, labels, marked, renamed, told
from potentia.runtime.editor.highlighting import coloured
from potentia.runtime.editor.patterns import painted
from potentia.runtime.editor.references import definition

TEXT = """species Nb
let core = pin lj(rc = 6)
term mine(rc = 5 Å) {
  param D = 1 Å
  pair(r) = D * (1 eV / 1 Å) * smooth(r, rc)
}
let own = mine()
E = core + morse(rc = 6, r0 = core.sigma) + mine(D = own.D)
"""


def at(word: str, shift: int = 0) -> str:
    place = TEXT.index(word) + shift
    return TEXT[:place] + MARK + TEXT[place:]


def test_hover_and_definition() -> None:
    assert "parameter of `lj`, one for each pair" in told(at("core.sigma", 6))
    assert "let core = pin lj(rc = 6)" in told(at("core.sigma", 1))
    found = definition(*marked(at("core.sigma", 6)))
    assert found is not None and found.document.name.endswith("lj.pes")
    assert found.document.text[found.start : found.end] == "sigma"
    found = definition(*marked(at("core.sigma")))
    assert found is not None and found.start == TEXT.index("core")


def test_new_names_reach_it() -> None:
    assert renamed(at("core"), "heart") == TEXT.replace("core", "heart")
    changed = renamed(at("D = 1 Å"), "length")
    assert "mine(length = own.length)" in changed and "param length = 1 Å" in changed


def test_completion_after_the_dot() -> None:
    half = TEXT[: TEXT.index("core.sigma")] + "core."
    assert labels(half + MARK) == ["sigma", "epsilon"]  # of the unit of r0 first
    assert labels(half + "sig" + MARK) == ["sigma", "epsilon"]
    assert [c.insert for c in complete("let n = 5\nE = lj(sigma = n." + MARK)] == []


def test_colours() -> None:
    document, workspace, _ = marked(TEXT + MARK)
    start = TEXT.index("core.sigma")
    found = {c.start: c.type for c in coloured(document, workspace)}
    assert (found[start], found[start + 5]) == ("variable", "property")
    assert (start + 5, "sigma", "parameter") in list(painted(TEXT))


def test_every_answer_around_the_dot() -> None:
    for offset in range(4, 7):
        ask_everything(TEXT, TEXT.index("core.sigma") + offset)
