"""What is offered at a place, and what comes first."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor_cases import MARK, complete, labels
from potentia.compiler.chemistry.elements import ELEMENTS
from potentia.compiler.chemistry.units import UNITS
from potentia.compiler.declarations import library
from potentia.compiler.declarations.keywords import KEEP
from potentia.compiler.elaborate.builtins import BUILTINS, NUMERIC
from potentia.compiler.elaborate.networks import ACTIVATIONS
from potentia.compiler.elaborate.radial_bases import FAMILIES


def inside(member: str) -> str:
    """A term with another member."""
    head = "let far = 6 Å\nterm t(rc = 5 Å, fade = slow) {\n  param D = 1 eV\n  slow(r) = smooth(r, rc)\n"
    return f"{head}{member}\n  site(i) = D\n}}\n"


SHARINGS = ["species", "pair", "ordered pair", "triple", "ordered triple", "model"]
SUMS = ["E = ¦", "E = zbl(Nb) + ¦", "E = pin ¦", "let a = 2 * ¦", "E = lj() * gate(¦"]
NEW = ["let ¦", "term ¦", "term t(¦", "term t(rc = 5 Å, ¦", "term t(rc = 5 Å) {\n  f(¦"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", ["E", "let", "term", "species", "import"]),
        ("E = zbl(Nb)\n¦", ["let", "term", "species", "import"]),
        ("E = zbl(Nb)\nl¦", ["let", "term", "species", "import"]),
        ("E = lj(¦", ["rc =", "inner =", "switch =", "epsilon =", "sigma ="]),
        ("E = lj(e¦", ["rc =", "inner =", "switch =", "epsilon =", "sigma ="]),
        ("E = lj(epsilon = 1 eV, ¦", ["rc =", "inner =", "switch =", "sigma ="]),
        ("E = lj(Nb, 5, ¦", ["inner =", "switch =", "epsilon =", "sigma ="]),
        ("E = lj(switch=¦", ["v", "smoothed", "shifted", "hard"]),
        ("E = nn(activation = ¦", list(ACTIVATIONS)),
        ("E = eam(basis = ¦", list(FAMILIES)),
        ("E = pair(¦", ["basis =", "rc =", "c =", *FAMILIES]),
        ("E = pair(bessel(¦", ["n =", "start ="]),
        ("E = lj(epsilon=¦", ["fixed"]),
        ("let cut = 5 Å\nE = lj(rc = ¦", ["cut"]),
        ("E = lj(epsilon={Nb-Nb: ¦", ["fixed"]),
        ("species Li, Zr\nE = lj(epsilon={¦", ["Li", "Zr"]),
        ("species Nb\nE = zbl(outer = 2, ¦", ["inner =", "switch =", "a0 ="]),
        (inside("  ¦"), ["param", "pair", "triple", "fixed param"]),
        (inside("  param x = 1 eV per ¦"), SHARINGS),
        (inside("  param x = 1 eV per ordered ¦"), ["pair", "triple"]),
        (inside("  pair(x) = ¦"), ["rc", "fade", "D", "slow", "far", "x"]),
        (inside("  rho(i) = sum(¦"), ["j", "k"]),
    ],
)  # fmt: skip
def test_what_comes_first(text: str, first: list[str]) -> None:
    found = labels(text if MARK in text else text + MARK)
    if text.startswith("species Nb"):  # `factor`, `radii` and what may come to them lie between
        assert set(first) <= set(found) and found.index("Nb") < found.index("H")
        return
    if "pair(x)" in text:
        assert set(first) <= set(found[: len(first) + 1])
        return
    assert found[: len(first)] == first


@pytest.mark.parametrize("text", SUMS)
def test_every_term_is_offered_in_a_sum(text: str) -> None:
    assert set(library.term_names()) <= set(labels(text))
    assert set(NUMERIC) <= set(labels(text))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("E = lj(rc = 5 ¦", "Å"),
        ("E = lj(rc = 5 n¦", "Å"),
        ("E = lj(Nb, 5 ¦", "Å"),
        ("E = lj(epsilon = 0.1 ¦)", "eV"),
        ("E = coulomb_cut(q = {Li: 1 ¦", "e"),
        ("term t(rc = 4 Å) {\n  param D = 1 eV in (0 ¦", "eV"),
        ("let a = 5 ¦", "Å"),
    ],
)
def test_units_after_a_number(text: str, unit: str) -> None:
    found = labels(text)
    assert found[0] == unit
    assert set(UNITS) <= set(found)


def test_species_are_offered_where_species_are() -> None:
    assert labels("species ¦")[: len(ELEMENTS)] == list(ELEMENTS)
    assert set(ELEMENTS) <= set(labels("species Li, ¦"))
    assert set(ELEMENTS) <= set(labels("E = zbl(¦"))


@pytest.mark.parametrize("text", ["# a comment ¦", "E = lj() # of ¦", "E = zbl(Nb) ¦", *NEW])
def test_nothing_is_offered_where_a_name_is_new_or_nothing_is_read(text: str) -> None:
    assert labels(text) == []


def test_files_to_import(tmp_path: Path) -> None:
    for name in ("core.pes", "nb.pes", "notes.txt"):
        (tmp_path / name).write_text("let a = 1\n", "utf-8")
    spec = str(tmp_path / "nb.pes")
    assert labels('import "¦', spec) == ["core.pes"]
    assert [c.insert for c in complete("import ¦", spec)] == ['"core.pes"']


def test_names_of_imports_are_offered(tmp_path: Path) -> None:
    (tmp_path / "core.pes").write_text("let reach = 5 Å\nterm core(rc = reach) = lj(rc = rc)\n", "utf-8")
    found = labels('import "core.pes"\nE = ¦', str(tmp_path / "nb.pes"))
    assert {"reach", "core"} <= set(found)


def test_a_spec_that_is_sound_later_on_is_read_too() -> None:
    """Names and terms after the cursor are offered."""
    found = labels("E = lj(rc = 5) + ¦\nlet last = lj(Nb)\nterm own(rc = 5 Å) = zbl()\n")
    assert {"last", "own"} <= set(found)


def test_what_is_typed_is_replaced() -> None:
    text = "E = Å + ea¦"  # a letter of two bytes before
    eam = next(c for c in complete(text) if c.label == "eam")
    assert (eam.start, eam.end, eam.insert) == (8, 10, "eam(|)")
    assert "doi.org/10.1103/PhysRevB.29.6443" in eam.about


def test_every_function_of_the_language_has_a_line_of_help() -> None:
    found = {c.label: c for c in complete("E = ¦")}
    for name in BUILTINS:
        if name != KEEP:
            assert found[name].detail.startswith(f"{name}(")
