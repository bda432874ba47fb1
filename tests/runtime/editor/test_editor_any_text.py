"""Whatever is typed, wherever the cursor is: an answer or none, and never an exception."""

from __future__ import annotations

import pytest
from editor_cases import ask_everything, specs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import ROOT

TEXTS = [path.read_text(encoding="utf-8") for path in specs(ROOT)]
HEADS = ["let ", "term t(", "param ", "sum(j) ", "lj(", "per ", "E = ", "import "]
MARKS = '()[]{}=,:+-*/^#" \n\tEij0129._Åλ😀\r'
DRAWN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def prefixes(draw: st.DrawFn) -> tuple[str, int]:
    text = draw(st.sampled_from(TEXTS))
    text = text[: draw(st.integers(0, len(text)))]
    return text, draw(st.one_of(st.just(len(text)), st.integers(0, len(text))))


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, int]:
    """A spec with some of its bytes changed, removed and added."""
    text = draw(st.sampled_from(TEXTS)).encode()
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 9))
        text = text[:at] + draw(st.text(st.sampled_from(MARKS), max_size=3)).encode() + text[at + gone :]
    shown = text.decode(errors="replace")
    return shown, draw(st.integers(0, len(shown)))


@DRAWN
@given(prefixes())
def test_any_prefix_of_any_spec(case: tuple[str, int]) -> None:
    ask_everything(*case)


@DRAWN
@given(spoiled())
def test_any_spoiled_spec(case: tuple[str, int]) -> None:
    ask_everything(*case)


@DRAWN
@given(st.lists(st.sampled_from([*MARKS, *HEADS])).map("".join))
def test_any_text(text: str) -> None:
    ask_everything(text, len(text) // 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(" * 3000,
        ")" * 3000,
        "let a = " * 100,
        "E = " + "lj() + " * 300,
        'import "\0"\nE = lj(Nb)',
        'import "\ud800"\nE = lj(\ud800',
        'import "."\nE = lj()',
        "E = lj(Nb)\r\nlet x = 3\r\n",
        "\ufeffE = lj(Nb)",
        "E = \u2028 lj()",
        "term",
        "term t(",
        "let let = let",
        "species describe",
        "# of Nb, describe\nspecies , atoms",
    ],
)
def test_odd_texts(text: str) -> None:
    for offset in {0, len(text) // 3, len(text) // 2, len(text)}:
        ask_everything(text, offset)
