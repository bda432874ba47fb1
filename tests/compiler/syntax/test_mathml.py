"""Formulas as MathML: well-formed, and read aloud they say what the text says."""

from __future__ import annotations

import re
from xml.dom.minidom import parseString

import pytest
from potentia.compiler import pipeline
from potentia.compiler.declarations import library
from potentia.compiler.syntax import mathml
from potentia.compiler.syntax import tree as syntax

SPACES = re.compile(r"<mspace[^>]*/>|&#x2061;")
SIGNS = {"mfrac": "/", "msup": "^", "msub": "_", "munder": "_"}


def read_aloud(text: str) -> str:
    """The characters, with the signs of fractions, powers and indices between their parts."""

    def said(node: object) -> str:
        if node.nodeType == node.TEXT_NODE:  # type: ignore[attr-defined]
            return str(node.data)  # type: ignore[attr-defined]
        parts = [said(child) for child in node.childNodes]  # type: ignore[attr-defined]
        sign = SIGNS.get(node.tagName)  # type: ignore[attr-defined]
        if sign:
            return sign.join(p if len(p) == 1 else f"{{{p}}}" for p in parts)
        return f"√({''.join(parts)})" if node.tagName == "msqrt" else "".join(parts)  # type: ignore[attr-defined]

    return said(parseString(SPACES.sub("", text)).documentElement)


def definition(text: str) -> syntax.Definition:
    file = pipeline.parse(f"term t(rc = 5) {{\n  {text}\n}}\n")
    (term,) = [item for item in file.items if isinstance(item, syntax.Term)]
    (member,) = term.members
    assert isinstance(member, syntax.Definition)
    return member


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pair(r) = a * r / b * c", "E_{pair}(r)={arc}/b"),
        ("v(r) = 4 * ((sigma(i, j) / r)^12 - 1)", "v(r)=4({({σ_{ij}}/r)}^{12}−1)"),
        ("v(r) = -a * (b + c)", "v(r)=−a(b+c)"),
        ("v(r) = a - (b - c)", "v(r)=a−(b−c)"),
        ("v(r) = (a + b)^2 * 3", "v(r)={(a+b)}^2·3"),
        ("v(r) = exp(-r / rho)", "v(r)=e^{{−r}/ρ}"),
        ("rho(i) = sum(j) density(r_ij)", "ρ_i=∑_jdensity(r_{ij})"),
        ("site(i) = sqrt(x(i)) + log(c0(i))", "E_{site,i}=√(x_i)+ln(c_{0,i})"),
        ("q = 2 Å^2", "q=2Å^2"),
    ],
)
def test_a_formula_says_what_its_text_says(text: str, said: str) -> None:
    found = read_aloud(mathml.equation(definition(text)))
    assert found == said


@pytest.mark.parametrize("name", library.term_names())
def test_the_formulas_of_the_library_are_well_formed(name: str) -> None:
    term = library.term(name)
    assert term is not None
    for member in term.members:
        if isinstance(member, syntax.Definition):
            parseString(mathml.equation(member))
        parseString(mathml.symbol(member.name))
