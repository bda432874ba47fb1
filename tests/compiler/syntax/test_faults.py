"""Faults of writing: letters of other alphabets, `param` outside of terms, several faults at once."""

from __future__ import annotations

import pytest
from potentia.compiler import pipeline
from potentia.compiler.diagnostics.diagnostic import Diagnostic, SpecError


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpecError) as caught:
        pipeline.build(pipeline.check(pipeline.parse(text)))
    return caught.value.diagnostics


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (
            "E = lj(Nb, rc = ٥ Å)",
            "`٥` is ARABIC-INDIC DIGIT FIVE, which is not the digit `5`",
            "write `5`",
        ),
        ("E = lj(Nb, rс = 5 Å)", "`с` is CYRILLIC SMALL LETTER ES, which is not the letter `c`", "write `c`"),
        ("E = lj(Νb)", "`Ν` is GREEK CAPITAL LETTER NU, which is not the letter `N`", "write `N`"),
        (
            "E = lj(Nb, rc = 5 ｍ)",
            "`ｍ` is FULLWIDTH LATIN SMALL LETTER M, which is not the letter `m`",
            "write `m`",
        ),
        (
            "E = lj(Nb, rc = 5 Å²)",
            "`²` is SUPERSCRIPT TWO, which is not the digit `2`",
            "a power is written `^`",
        ),
    ],
)
def test_letters_of_other_alphabets_are_refused_by_name(text: str, message: str, help: str) -> None:
    (found,) = faults(text)
    assert (found.code, found.message, found.help) == ("unexpected-character", message, help)


def test_other_letters_are_names_and_comments_are_free() -> None:
    pipeline.check(pipeline.parse("# с ٥\nlet ρ = 5 Å\nlet Δ = 1\nlet é = 2\nE = lj(Nb, rc = ρ)"))


@pytest.mark.parametrize("text", ["param a = 1 eV\nE = lj(Nb)", "species Nb\nfixed param a = 1 eV\nE = lj()"])
def test_param_outside_of_a_term(text: str) -> None:
    (found,) = faults(text)
    assert (found.code, found.message) == (
        "misplaced-param",
        "`param` declares a number of a term, and stands within its braces",
    )
    assert found.primary is not None and found.primary.text == "param"


def test_a_unit_in_other_case() -> None:
    assert faults("E = lj(Nb, epsilon = 1 ev)")[0].help == "did you mean `eV`?"


def test_faults_of_writing_are_told_together() -> None:
    found = faults("species Nb\nlet b = * 3\nlet 4 = 4\nlet c = 3\nE = 3 4\n")
    assert [(d.code, d.primary and d.primary.source.locate(d.primary.start)[0]) for d in found] == [
        ("unexpected-token", 2),
        ("let-without-name", 3),
        ("missing-operator", 5),
    ]


def test_faults_of_names_are_told_together() -> None:
    term = "term t(rc = 5 Å) { pair(r) = 1 eV * foo * bar * smooth(r, rc) triple(a, b, c) = 1 eV * baz }"
    found = faults(f"species Nb\n{term}\nE = t() + lj(rcc = 5, sig = 3)\n")
    assert [d.primary and d.primary.text for d in found] == ["foo", "bar", "baz", "rcc", "sig"]
