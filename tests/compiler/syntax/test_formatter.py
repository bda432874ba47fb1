"""The canonical layout: it means the same, keeps comments, and formatting twice is formatting once."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.diagnostics.source import Source, Span
from potentia.compiler.syntax.formatter import format_expression, format_source
from potentia.compiler.syntax.parser import parse_source

LIBRARY = sorted((ROOT / "specs").rglob("*.pes"))


def meaning(text: str) -> Any:
    """The syntax tree without places."""
    return _plain(parse_source(Source(text)).items)


def _plain(value: Any) -> Any:
    if isinstance(value, Span):
        return None
    if isinstance(value, tuple):
        return tuple(_plain(v) for v in value)
    if dataclasses.is_dataclass(value):
        return (type(value).__name__, *(_plain(getattr(value, f.name)) for f in dataclasses.fields(value)))
    return value


def comments(text: str) -> list[str]:
    return [c.text.lstrip("#").strip() for c in parse_source(Source(text)).comments]


def check(text: str) -> str:
    once = format_source(text)
    assert format_source(once) == once
    assert meaning(once) == meaning(text)
    assert comments(once) == comments(text)
    assert once.endswith("\n") and not any(line.endswith(" ") for line in once.splitlines())
    return once


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: p.name)
def test_specs_of_the_repository_keep_their_meaning(path: Path) -> None:
    check(path.read_text(encoding="utf-8"))


EXAMPLES = {
    "the one line": (
        "# nb.pes\nE=zbl( Nb )+eam(rc=5)+nn( bessel8 )",
        "# nb.pes\nE = zbl(Nb) + eam(rc=5) + nn(bessel8)\n",
    ),
    "arguments are spaced where one is more than a word": (
        "E=zbl(inner=0.9Å,outer=1.8 Å)+lj(rc=5,inner=2)",
        "E = zbl(inner = 0.9 Å, outer = 1.8 Å) + lj(rc=5, inner=2)\n",
    ),
    "a sum over several lines has one operand a line": (
        "E = pin zbl(Nb)   # a core\n + lj() - morse()",
        "E = pin zbl(Nb)  # a core\n  + lj()\n  - morse()\n",
    ),
    "units stay with their number": (
        "let a=20 eV / Å^2\nlet b=1.5/Å\nlet c=10eV * Å^6\nlet d=2*a",
        "let a = 20 eV/Å^2\nlet b = 1.5 /Å\nlet c = 10 eV*Å^6\nlet d = 2 * a\n",
    ),
    "a power of a quantity is not a power of its unit": (
        "let a=2 Å ^2\nlet b=2 Å^2",
        "let a = 2 Å ^2\nlet b = 2 Å^2\n",
    ),
    "terms have a member a line and stand apart": (
        "term t(rc=6 Å){param D=1 eV in(0,10) per ordered pair pair(r)=D\n\n\n\n# why\n"
        "x(i)=sum(j) -r_ij}\nE=t()",
        "term t(rc = 6 Å) {\n  param D = 1 eV in (0, 10) per ordered pair\n  pair(r) = D\n\n  # why\n"
        "  x(i) = sum(j) -r_ij\n}\n\nE = t()\n",
    ),
    "tables": (
        "E=lj(epsilon={Nb-Nb:1 eV,Nb-W:2 eV})",
        "E = lj(epsilon = {Nb-Nb: 1 eV, Nb-W: 2 eV})\n",
    ),
    "comments at the end": ("E = lj()\n\n#the end", "E = lj()\n\n# the end\n"),
    "an old Å": ("let a = 5 \u212b\nE = lj()", "let a = 5 Å\nE = lj()\n"),
}


@pytest.mark.parametrize(("text", "expected"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_layout(text: str, expected: str) -> None:
    assert format_source(text) == expected
    if "\u212b" not in text:
        check(text)


def test_what_does_not_fit_is_broken() -> None:
    calls = " + ".join(f"lj(sigma = {k}.5 Å, epsilon = 0.1 eV)" for k in range(4))
    assert check(f"E = {calls}").splitlines() == [
        "E = lj(sigma = 0.5 Å, epsilon = 0.1 eV)",
        *(f"  + lj(sigma = {k}.5 Å, epsilon = 0.1 eV)" for k in range(1, 4)),
    ]
    table = ", ".join(f"Nb-X{k}: {k}.5 Å" for k in range(9))
    assert check(f"E = f(r0 = {{{table}}}, a = 1)").splitlines()[:3] == [
        "E = f(",
        "    r0 = {",
        "      Nb-X0: 0.5 Å,",
    ]
    arguments = ", ".join(f"argument_{k} = value_{k}" for k in range(8))
    assert check(f"E = f({arguments})").splitlines()[:2] == ["E = f(", "    argument_0=value_0,"]


def test_an_expression_is_laid_out_alone() -> None:
    assert format_expression("eam( rc = 5 ,  # near\n n=3)  # again") == "eam(rc=5, n=3)"
    assert format_expression("zbl( inner=0.9Å,\n outer=1.8 Å )") == "zbl(inner = 0.9 Å, outer = 1.8 Å)"


def test_numbers_fill_lines() -> None:
    numbers = ", ".join(map(str, range(60)))
    first, *rest = check(f"E = pair(bessel64, c = keep({numbers}))").splitlines()
    assert first == "E = pair(" and len(rest) == 5
    assert all(80 < len(line) <= 110 for line in rest[1:3])


def test_a_text_that_does_not_parse_is_refused() -> None:
    with pytest.raises(SpecError):
        format_source("E = lj(")


def test_long_sums_take_no_deep_recursion() -> None:
    check("E = " + " + ".join(["lj()"] * 3000))


# --- made specs --------------------------------------------------------------------------------

names = st.sampled_from(["a", "rc", "lj", "Nb", "r_ij", "sum_", "Å_2", "e"])
numbers = st.sampled_from(["1", "2.5", "1e-3", ".5", "5Å", "2 eV^2", "3 eV", "1 \t Å", "7.", "4 Å ^2"])
blanks = st.sampled_from(["", " ", "  ", "\n", "\n\n", " # note\n", "\n# alone\n\n", "\t"])
wide = st.sampled_from([" ", "\n", " #x\n", "\n\n\n"])


def _joined(*parts: Any) -> Any:
    """Parts with any blanks between them."""
    return st.tuples(*(st.tuples(p, wide) for p in parts)).map(lambda ps: "".join(a + b for a, b in ps))


def _grow(expr: Any) -> Any:
    comma = st.lists(st.one_of(expr, _joined(names, st.just("="), expr)), max_size=4).map(",".join)
    return st.one_of(
        _joined(expr, st.sampled_from("+-*/"), expr),
        st.tuples(names, blanks, comma, blanks).map(lambda p: f"{p[0]}({p[1]}{p[2]}{p[3]})"),
        st.tuples(blanks, expr, blanks).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        st.tuples(names, st.sampled_from(["2", "-1", "x", "(a/b)"])).map("^".join),
        _joined(st.sampled_from(["-", "pin"]), names),
        st.lists(expr, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.lists(expr, min_size=1, max_size=3).map(lambda es: "{" + ",".join(f"Nb-W: {e}" for e in es) + "}"),
        st.tuples(expr, names).map(lambda p: f"({p[0]} + sum(j) {p[1]})"),
    )


exprs = st.recursive(st.one_of(names, numbers), _grow, max_leaves=12)
members = st.one_of(
    _joined(
        st.just("param D ="), exprs, st.sampled_from(["", "in (0, 1)", "per species", "in (a, b) per pair"])
    ),
    _joined(st.just("pair(r) ="), exprs),
    _joined(st.sampled_from(["fixed param q[3] =", "c ="]), exprs),
)
items = st.one_of(
    _joined(st.just("E ="), exprs),
    _joined(st.just("let x ="), exprs),
    _joined(st.just("species Nb"), st.sampled_from(["", ", W"])),
    st.lists(members, max_size=3).map(lambda ms: "term t(rc = 5 Å) {\n" + "\n".join(ms) + "\n}"),
    _joined(st.just("term t(a) ="), exprs),
)
specs = st.lists(items, min_size=1, max_size=4).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(specs)
def test_any_spec_keeps_its_meaning(text: str) -> None:
    check(text)
