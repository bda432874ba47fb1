"""Differences in meaning: pairs of specs with the answer, what the proof accepts and what it must not."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from places import GOLDEN
from potentia.compiler import pipeline
from potentia.compiler.declarations import library
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.difference import operations
from potentia.compiler.difference.assignment import assigned
from potentia.compiler.difference.compare import Difference, compare
from potentia.compiler.difference.listing import listing
from potentia.compiler.difference.sides import build_side, species_of
from potentia.runtime.comparison.comparing import compared
from potentia.runtime.comparison.difference_text import WIDTH
from potentia.runtime.runs.versions import Version, read_version

GOLDEN = GOLDEN / "diff"
PAIRS = sorted(path.parent for path in GOLDEN.glob("*/*/a.pes"))
SAME = [p for p in PAIRS if p.parent.name == "same"]


def difference(a: str, b: str) -> Difference:
    checked = [pipeline.check(pipeline.parse(Source(text))) for text in (a, b)]
    return compare(*checked)


# --- pairs -------------------------------------------------------------------------------------


def answer(folder: Path) -> tuple[str, str]:
    """The verdict and the words for it."""
    a, b = (Version(f"{x}.pes", read_version(str(folder / f"{x}.pes")).source) for x in "ab")
    found = compared(a, b)
    return found.difference.verdict, found.text() + "\n"


@pytest.mark.parametrize("folder", PAIRS, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_a_pair_has_its_answer(folder: Path) -> None:
    verdict, text = answer(folder)
    stored = folder / "answer.txt"
    if os.environ.get("POTENTIA_UPDATE"):
        stored.write_text(text, encoding="utf-8")
    assert text == stored.read_text(encoding="utf-8")
    assert (verdict == "same") == (folder.parent.name == "same")
    assert max(map(len, text.splitlines())) <= WIDTH


def test_there_are_enough_pairs_and_half_of_them_are_the_same() -> None:
    assert len(PAIRS) >= 40
    assert len(SAME) >= len(PAIRS) // 2


@pytest.mark.parametrize("term", library.term_names())
def test_every_term_of_the_library_is_written_by_hand_once(term: str) -> None:
    """With a term of the spec's own, which does not call it."""
    by_hand = (GOLDEN / "same" / term / "b.pes").read_text(encoding="utf-8")
    assert f"{term}(" in (GOLDEN / "same" / term / "a.pes").read_text(encoding="utf-8")
    assert not re.search(rf"\b{term}\(", by_hand) and "term " in by_hand


@pytest.mark.parametrize("folder", SAME, ids=lambda p: p.name)
def test_the_order_of_the_two_does_not_matter(folder: Path) -> None:
    a, b = ((folder / f"{x}.pes").read_text(encoding="utf-8") for x in "ab")
    assert difference(b, a).verdict == difference(a, b).verdict == "same"


def test_every_kind_of_operation_is_in_a_pair() -> None:
    kinds = set()
    for folder in PAIRS:
        if folder.parent.name == "different":
            a, b = (Version(x, read_version(str(folder / f"{x}.pes")).source) for x in "ab")
            kinds |= {operation.kind for operation in compared(a, b).difference.operations}
    known = {k.kind for k in operations.Operation.__subclasses__()}
    assert known - kinds <= {"energy_changed", "parameter_removed", "formula_unproved"}  # below


# --- operations --------------------------------------------------------------------------------


def told(a: str, b: str) -> list[operations.Operation]:
    return list(difference(a, b).operations)


def test_what_the_energy_has_beside_terms() -> None:
    a, b = "species Nb\nE = lj() + 0 eV", "species Nb\nE = lj() + reference() + 2 eV"
    added, changed = told(a, b)
    assert isinstance(added, operations.TermAdded)
    assert changed == operations.EnergyChanged("0 eV", "2 eV")


OWN = "species Nb\nterm own(rc = 5 Å) {{\n param D = 1 eV\n{}\n}}\nE = own()"


def test_a_parameter_that_is_no_longer_one() -> None:
    a = OWN.format(" param w = 1 Å\n pair(r) = D * exp(-r / w)")
    b = OWN.format(" pair(r) = D * exp(-r / 2 Å)")
    changed, removed = told(a, b)
    assert changed == operations.DefinitionChanged("own", "pair", "D * exp(-r / w)", "D * exp(-r / 2 Å)")
    assert removed == operations.ParameterRemoved("own.w", "1 Å per pair")


def test_a_formula_that_is_neither_proved_nor_told_apart() -> None:
    """`gate` is a hyperbolic tangent inside, which no rule makes an exponential of."""
    own = "species Nb\nterm own(rc = 5 Å) {{\n pair(r) = 1 eV * {} * smooth(r, rc)\n}}\nE = own()"
    a, b = own.format("gate(r / rc)"), own.format("1 / (1 + exp(-r / rc))")
    assert difference(a, b).verdict == "unproved"
    assert difference(a, own.format("1 / (1.0001 + exp(-r / rc))")).verdict == "different"


def test_parameters_that_correspond_are_named() -> None:
    a, b = "species Nb\nE = lj() + morse()", "species Nb\nlet well = morse(rc = 5)\nE = well + lj()"
    assert difference(a, b).parameters == {
        "well.D": "morse.D",
        "well.a": "morse.a",
        "well.r0": "morse.r0",
        "lj.epsilon": "lj.epsilon",
        "lj.sigma": "lj.sigma",
    }


def test_terms_are_matched_by_what_they_are() -> None:
    """Three alike that differ in one argument each, named anew and in another order."""
    a = "species Nb\nE = pair(bessel3, rc=4) + pair(bessel5, rc=5) + pair(bessel7, rc=6)"
    b = "species Nb\nlet x = pair(bessel7, rc=6.5)\nE = x + pair(bessel3, rc=4) + pair(bessel5, rc=5)"
    assert told(a, b) == [operations.ArgumentChanged("x", "rc", "6 Å", "6.5 Å")]


@pytest.mark.parametrize("seed", range(20))
def test_an_assignment_is_the_cheapest(seed: int) -> None:
    import random
    from itertools import permutations

    source = random.Random(seed)
    n = source.randint(1, 5)
    costs = [[source.random() for _ in range(n)] for _ in range(n)]
    best = min(sum(costs[r][p[r]] for r in range(n)) for p in permutations(range(n)))
    assert sum(costs[r][c] for r, c in assigned(costs, n)) == pytest.approx(best)


def test_what_may_not_be_together_stays_alone() -> None:
    assert assigned([[float("inf"), 0.1], [float("inf"), 0.2]], 2) == [(0, 1)]
    assert assigned([], 3) == []


# --- the proof ---------------------------------------------------------------------------------

FUNCTION = """
species {species}
term own(rc = 5 Å) {{
  param D = 1 eV
  param b = 0.7 in (0.1, 3)
  param s = 0.4
  x = 1 / 1 Å
  q(i) = sum(j) smooth(r_ij, rc) * (r_ij - 2 Å) * x
  pair(r) = D * ({body}) * smooth(r, rc)
  site(i) = 0 eV * q(i)
}}
E = own()
"""


def verdict(body: str, other: str, species: str = "Nb") -> str:
    return difference(*(FUNCTION.format(body=b, species=species) for b in (body, other))).verdict


@pytest.mark.parametrize(
    ("body", "other"),
    [
        ("(b + s)^2", "b*b + 2*b*s + s^2"),
        ("(b + s) * (b - s)", "b^2 - s^2"),
        ("exp(s) * exp(b)", "exp(b + s)"),
        ("exp(s)^3", "exp(3 * s)"),
        ("1 / exp(s)", "exp(-s)"),
        ("s / b", "s * b^-1"),
        ("(s / b)^3 * b^2", "s^3 / b"),  # b cannot be 0
        ("sqrt(4 * b)", "2 * sqrt(b)"),
        ("sqrt(b^2 * s)", "b * sqrt(s)"),
        ("sqrt(s) * sqrt(s) * s", "s^2"),
        ("1 / (2*s + 2*b)", "0.5 / (b + s)"),
        ("1 / (s - b)", "-1 / (b - s)"),
        ("max(s, b)", "s + max(b - s, 0)"),
        ("min(s, b)", "-max(-s, -b)"),
        ("abs(s - b)", "max(b - s, s - b)"),
        ("tanh(s - b)", "-tanh(b - s)"),
        ("cos(s - b)", "cos(b - s)"),
        ("erfc(-s)", "2 - erfc(s)"),
        ("step(2 * s - 2 * b)", "step(s - b)"),
        ("step(s)^2", "step(s)"),
        ("where(s, b, 2)", "where(3 * s, b, 2)"),
        ("where(s, b, b) + s", "b + s"),
        ("s - s + b / s", "b / s"),
        ("(r * x)^2 / (r * x)", "r * x"),
        ("0.1 * s + 0.2 * s", "0.3 * s"),
    ],
)
def test_identities_are_proved(body: str, other: str) -> None:
    assert verdict(body, other) == "same"
    assert verdict(body, other, "Nb, O") == "same"


@pytest.mark.parametrize(
    ("body", "other"),
    [
        ("s / s", "1"),  # s may be 0
        ("sqrt(s^2)", "s"),  # s may be negative
        ("abs(s)", "s"),
        ("step(-s)", "1 - step(s)"),  # both 0 at 0 and 1
        ("step(s)", "step(2 * s - 0.1)"),
        ("max(s, b)", "max(s, -b)"),
        ("where(s, b, 2)", "where(-s, 2, b)"),  # differ at 0
        ("tanh(s)", "tanh(2 * s)"),
        ("cos(s)", "sin(s)"),
        ("exp(s + b)", "exp(s) + exp(b)"),
        ("s^2", "s^2.5"),
        ("(b + s)^2", "b^2 + s^2"),
        ("s", "1.000001 * s"),
        ("s", "b"),
        ("q(i)", "q(j)"),
        ("q(i)^2", "q(i) * q(j)"),
    ],
)
def test_what_is_not_an_identity_is_not_proved(body: str, other: str) -> None:
    assert verdict(body, other, "Nb, O") != "same"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        # which number is trained matters also where the formula is the same
        ("lj(epsilon = fixed 0.1)", "lj(epsilon = 0.1)"),
        # two parameters that are alike in all but their place
        ("morse(a = 1 in (0.5, 3), D = 1 in (0.5, 3)) + lj()", "morse(a = 1 in (0.5, 3)) + lj()"),
        ("lj() + lj()", "2 * lj()"),
        ("lj() * gate(morse())", "morse() * gate(lj())"),
        ("zbl()", "zbl(a0 = 0.4685)"),
        ("nn(bessel8)", "nn(chebyshev8)"),
        ("three_body(l = 2)", "three_body(l = 3)"),
        ("eam(embedding = power)", "eam(embedding = square_root)"),
        ("pair(spline(8))", "pair(spline(8, start = 0.1))"),
        ("pair(bessel2, c = [0, 1])", "pair(bessel2, c = [1, 0])"),
    ],
)
@pytest.mark.parametrize("species", ["", "species Nb\n", "species Nb, O\n"])
def test_potentials_that_differ_are_not_proved_the_same(a: str, b: str, species: str) -> None:
    assert difference(f"{species}E = {a}", f"{species}E = {b}").verdict == "different"


def test_terms_that_cannot_be_told_apart_are_exchanged() -> None:
    a = "species Nb\nlet a = lj()\nlet b = lj()\nlet c = lj()\nE = a * gate(b) + b * gate(c) + c * gate(a)"
    b = "species Nb\nlet p = lj()\nlet q = lj()\nlet r = lj()\nE = p * gate(r) + q * gate(p) + r * gate(q)"
    c = "species Nb\nlet p = lj()\nlet q = lj()\nlet r = lj()\nE = p * gate(r) + q * gate(p) + r * gate(r)"
    assert difference(a, b).verdict == "same"
    assert difference(a, c).verdict != "same"


def test_the_order_of_species_counts_where_components_are_counted_by_it() -> None:
    own = "site(i) = 1 eV * sum(j) dot(by_species(j), b(r_ij, rc))"
    texts = [
        f"species {order}\nterm own(rc = 5 Å, b = bessel2) {{ {own} }}\nE = own()"
        for order in ("Nb, O", "O, Nb")
    ]
    (changed,) = difference(*texts).operations
    assert changed == operations.SpeciesReordered(("Nb", "O"), ("O", "Nb"))


def test_how_many_species_there_are_counts_for_a_spec_that_names_none() -> None:
    """Three species are the sample that is compared first."""
    own = "term own() {{\n param e = 1 eV per species\n site(i) = e(i) * {}\n}}\nE = own()"
    assert difference(own.format("size(i)"), own.format("3")).verdict != "same"
    assert difference(own.format("size(i)"), own.format("1")).verdict != "same"
    assert difference(own.format("size(i)"), own.format("(2 * size(i) - size(i))")).verdict == "same"


# --- the list of facts -------------------------------------------------------------------------


def facts(text: str) -> str:
    checked = pipeline.check(pipeline.parse(Source(text)))
    return listing(build_side(checked, species_of(checked, None)))


def test_facts_of_a_shared_parameter() -> None:
    text = "species Nb\nlet core = lj()\nE = morse(rc = 5, r0 = core.sigma)"
    assert facts(text).splitlines()[-2:] == [
        "morse: param r0 = core.sigma",
        "core: param sigma = 2.5 Å in (0.5 Å, 6 Å) per pair",
    ]


def test_a_list_of_facts() -> None:
    text = "species Nb, O\nE = pin lj(Nb, rc = 0.5 nm, epsilon = {Nb-Nb: fixed 0.3}) - reference()"
    assert facts(text) == (
        "species Nb, O\n"
        "E = pin lj(Nb, rc = 0.5 nm, epsilon = {Nb-Nb: fixed 0.3})\n"
        "  - reference()\n"
        "lj: pinned\n"
        "lj: among Nb\n"
        "lj: rc = 5 Å\n"
        "lj: inner = 4 Å\n"
        "lj: switch = smoothed\n"
        "lj: param epsilon = fixed 0.3 eV in (0 eV, 10 eV) per pair\n"
        "lj: param sigma = 2.5 Å in (0.5 Å, 6 Å) per pair, trained: 100\n"
        "reference: param e0 = 0 eV per species\n"
    )
