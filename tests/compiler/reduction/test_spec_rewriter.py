"""A spec rewritten as a restriction says compiles, has the numbers it should, and gives the same energy."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler.diagnostics.diagnostic import InternalError
from potentia.compiler.program import Program
from potentia.compiler.reduction.candidates import candidates
from potentia.compiler.reduction.constraints import ReducedParameters, combined, without_effect
from potentia.compiler.reduction.parameter_transfer import transfer_parameters
from potentia.compiler.reduction.quadratic_model import Restriction
from potentia.compiler.reduction.spec_rewriter import Rewritable, closed, dropped, rewritten
from registry import assert_close, by_reference, random_theta, structures


def program(text: str) -> Rewritable:
    return Rewritable(Program.of(text))


def free(p: Rewritable) -> np.ndarray:
    return np.flatnonzero(p.model.vector.free)


def places(p: Rewritable) -> dict[str, int]:
    """The place of each trained number among them."""
    names = p.model.vector.names
    return {names[k]: place for place, k in enumerate(free(p))}


def restriction(
    p: Rewritable, fixed: dict[str, float], tied: tuple[tuple[str, ...], ...] = ()
) -> Restriction:
    at = places(p)
    return Restriction(
        {at[k]: v for k, v in fixed.items()}, tuple(tuple(at[k] for k in group) for group in tied)
    )


def check(p: Rewritable, r: Restriction, seed: int = 0) -> Rewritable:
    """The rewritten program, which says the same of a structure as the whole one under the restriction."""
    q = program(rewritten(p, r))
    theta = random_theta(p.model, seed)
    table, constant = r.map(len(free(p)))
    theta[free(p)] = table @ (table.T @ theta[free(p)] / np.maximum(table.sum(axis=0), 1)) + constant
    gone = [name for operand in dropped(p, r) for name in operand.terms]
    after = transfer_parameters(p.model, theta, q.model, gone)
    assert len(free(q)) == table.shape[1]
    assert rewritten(q, Restriction()) == rewritten(p, r)  # it is formatted, and nothing is left to do
    atoms = structures(p.model.species, 4.0, seed)[5]
    assert_close(by_reference(q.model, after, atoms), by_reference(p.model, theta, atoms), 1e-10)
    return q


COMMENTED = """species Nb
# about the energy
E = reference()  # free atoms
  # pairs
  + pair(bessel4, rc=4)  # smooth
  + (eam(rc=4)  # embedding
  - morse(rc = 4, D = 0.2 eV in (0, 1), a = fixed 1.4)) # attraction
"""


def test_an_operand_goes_and_the_comments_stay() -> None:
    p = program(COMMENTED)
    zero = {name: 0.0 for name in places(p) if name.startswith("eam")} | {"eam.beta": 1.5}
    q = check(p, restriction(p, zero | {"pair.c[0]": 0.0, "pair.c[3]": 0.0, "morse.D": 0.3}))
    text = q.checked.file.source.text
    assert "eam" not in text and "keep(1, 2)" in text and "D = fixed 0.3 eV in (0, 1)" in text
    for comment in ("about the energy", "free atoms", "pairs", "smooth", "embedding", "attraction"):
        assert f"# {comment}" in text


@pytest.mark.parametrize(
    ("energy", "gone", "left"),
    [
        ("lj(rc=4) + morse(rc=4) - reference()", "lj", "E = morse(rc=4) - reference()"),
        ("lj(rc=4) - morse(rc=4)", "lj", "E = -morse(rc=4)"),
        ("lj(rc=4) - (morse(rc=4) - reference())", "morse", "E = lj(rc=4) - (-reference())"),
        ("(lj(rc=4) + morse(rc=4)) - reference()", "reference", "E = (lj(rc=4) + morse(rc=4))"),
        ("reference() + 2 * (lj(rc=4)) - morse(rc=4)", "lj", "E = reference() - morse(rc=4)"),
        ("reference() + lj(rc=4) + lj(rc=3)", "lj", "E = reference() + lj(rc=3)"),
    ],
)
def test_signs_and_parentheses_of_what_is_left(energy: str, gone: str, left: str) -> None:
    p = program(f"species Nb\nE = {energy}\n")
    zero = {
        n: 0.0 if n.split(".")[1] in ("epsilon", "D", "e0") else 2.5
        for n in places(p)
        if n.startswith(gone + ".")
    }
    assert check(p, restriction(p, zero)).checked.file.source.text == f"species Nb\n{left}\n"


def test_rows_are_joined_fixed_and_given_as_they_were() -> None:
    p = program(
        "species Nb, O\nlet d = 0.25 eV\n"
        "E = morse(rc = 4, D = {Nb-Nb: d, O-Nb: 0.5 in (0, 1), O-O: 0.75}) + pair(bessel3, rc=4)"
    )
    pairs = tuple((f"pair.c[Nb-Nb,{k}]", f"pair.c[Nb-O,{k}]") for k in (0, 2))
    fixed = {"morse.a[Nb-O]": 1.25, "pair.c[Nb-Nb,1]": 0.0, "pair.c[Nb-O,1]": 0.0, "morse.D[O-O]": 0.75}
    text = check(
        p, restriction(p, fixed, (*pairs, ("morse.r0[Nb-Nb]", "morse.r0[O-O]")))
    ).checked.file.source.text
    words = " ".join(text.split())
    assert "D = {Nb-Nb: d, Nb-O: 0.5 in (0, 1), O-O: fixed 0.75 eV}" in words
    assert "a = {Nb-Nb: 1.5 /Å, Nb-O: fixed 1.25 /Å, O-O: 1.5 /Å}" in words
    assert "r0 = {Nb-Nb = O-O: 2.8 Å, Nb-O: 2.8 Å}" in words
    assert "c = {Nb-Nb = Nb-O: keep(0, 2), O-O: 0 eV}" in words


def test_what_no_number_acts_through_any_more_is_held() -> None:
    """A density that no embedding reads."""
    p = program("species Nb\nE = eam(rc=4)")
    r = restriction(p, {"eam.A": 0.0, "eam.B": 0.0})
    assert without_effect(p.model, r) == {places(p)[n] for n in ("eam.A", "eam.B", "eam.beta")}
    theta = random_theta(p.model, 1)
    q = check(p, closed(p, r, theta))
    assert "beta = fixed" in q.checked.file.source.text and len(free(q)) == 6
    assert closed(p, restriction(p, {"eam.A": 0.0}), theta).removes == 1  # B still reads it


SPECS = {
    "one species": "species Nb\n"
    "E = reference() + pair(bessel3, rc=4) + eam(rc=4) - morse(rc=4, a = 1.4 in (1, 2))",
    "alloy": "species Nb, O\n"
    "E = reference() + pair(bessel3, rc=4, c = {Nb-Nb: [1, 2, 3], O-Nb: 0, O-O: keep(1)}) "
    "+ (morse(rc=4) + lj(O, rc=4))",
    "let and alias": "species Nb, O\nlet core = morse(rc=4)\nterm two() = lj(rc=4) + pair(bessel2, rc=4)\n"
    "E = core + two() + core * gate(lj(rc=3))",
    "shared": "species Nb, O\nlet core = lj(rc=4, sigma = {Nb-Nb: 2.5 in (2, 3), Nb-O = O-O: 2.2})\n"
    "let basis = pair(bessel4, rc=5, c = keep(0, 2))\n"
    "E = core + morse(rc=4, r0 = core.sigma) + pair(bessel4, rc=4, c = basis.c) + reference()",
}


@pytest.mark.parametrize("name", SPECS)
def test_every_candidate_and_any_of_them_together(name: str) -> None:
    p = program(SPECS[name])
    theta = random_theta(p.model, 2)[free(p)]
    found = candidates(p, theta)
    assert {r.kind for r in found} >= {"drop term", "drop component", "fix"}
    size = len(theta)
    rng = np.random.default_rng(3)
    for k in rng.permutation(len(found))[:12]:
        rewrite = found[k]
        whole = closed(p, rewrite.restriction, theta)
        left = program(rewritten(p, whole))
        assert len(free(left)) == size - whole.removes, rewrite.description
    for seed in range(2):
        whole = Restriction()
        for k in rng.permutation(len(found))[:6]:
            more = combined(whole, found[k].restriction)
            if ReducedParameters.of(more, size).size > 2 and len(dropped(p, more)) < 2:
                whole = more
        check(p, closed(p, whole, theta), seed)


def test_amplitudes_are_fixed_at_0_alone_and_shapes_where_they_may_be() -> None:
    p = program("species Nb\nE = morse(rc=4) + eam(rc=4, c = keep())")
    found = {r.description for r in candidates(p, random_theta(p.model, 0)[free(p)]) if r.kind == "fix"}
    assert found == {
        *(f"fix `morse.a` at {x} /Å" for x in ("1.5", "0.1", "5")),
        *(f"fix `morse.r0` at {x} Å" for x in ("2.8", "0.5", "6")),
        *(f"fix `eam.beta` at {x} /Å" for x in ("1.5", "0.2", "6")),
        "fix `eam.A` at 0 eV",
        "fix `eam.B` at 0 eV",
    }


def test_pinned_terms_and_what_is_written_twice_are_no_candidates() -> None:
    p = program(
        "species Nb\nterm two() = lj(rc=4) + morse(rc=4)\nE = pin pair(bessel2, rc=4) + two() + 2 * two()"
    )
    kinds = {(r.kind, r.description) for r in candidates(p, random_theta(p.model, 0)[free(p)])}
    assert kinds == {("drop term", "drop `two()`"), ("drop term", "drop `2 * two()`")}


def test_a_number_that_a_pinned_term_shares_is_no_candidate() -> None:
    p = program("species Nb\nlet core = lj(rc=4)\nE = core + pin morse(rc=4, r0=core.sigma)")
    found = {r.description for r in candidates(p, random_theta(p.model, 0)[free(p)])}
    assert found == {"drop `core`"}


def test_a_row_is_dropped_without_the_numbers_that_another_term_reads() -> None:
    p = program("species Nb, O\nlet core = lj(rc=4)\nE = core + morse(rc=4, r0=core.sigma)")
    row = next(
        r for r in candidates(p, random_theta(p.model, 0)[free(p)]) if r.description == "drop Nb-O of `core`"
    )
    assert row.restriction.fixed == {places(p)["core.epsilon[Nb-O]"]: 0.0}


def test_an_owner_may_leave_the_energy() -> None:
    p = program("species Nb\nlet core = lj(rc=4)\nE = core + morse(rc=4, r0=core.sigma)")
    q = check(p, restriction(p, {"core.epsilon": 0.0}))
    assert q.checked.file.source.text == ("species Nb\nlet core = lj(rc=4)\nE = morse(rc=4, r0=core.sigma)\n")
    fixed = check(q, restriction(q, {"core.sigma": 2.5}))
    assert "let core = lj(rc = 4, sigma = fixed 2.5 Å)" in fixed.checked.file.source.text


def test_without_words_for_it_nothing_is_written() -> None:
    p = program("species Nb, O\nE = pair(bessel3, rc=4) + nn(bessel2, hidden=[2])")
    for bad in (
        restriction(p, {"pair.c[O-O,1]": 0.5}),
        restriction(p, {}, (("pair.c[Nb-Nb,0]", "pair.c[O-O,0]"),)),
        restriction(p, {next(n for n in places(p) if n.startswith("nn.W")): 0.0}),
        Restriction(dict.fromkeys(range(len(free(p))), 0.0)),
    ):
        with pytest.raises(InternalError):
            rewritten(p, bad)


def test_restrictions_compose() -> None:
    a = Restriction({0: 1.0}, ((2, 3),))
    b = Restriction({2: 5.0}, ((0, 1), (4, 5)))
    assert combined(a, b) == Restriction({2: 5.0, 3: 5.0, 0: 1.0, 1: 1.0}, ((4, 5),))
    assert combined(a, Restriction(tied=((3, 4),))) == Restriction({0: 1.0}, ((2, 3, 4),))
    left = ReducedParameters.of(Restriction({0: 1.0}, ((2, 3),)), 6)  # φ: 1, 2=3, 4, 5
    assert left.size == 4
    assert left.within(Restriction({3: 0.0, 0: 2.0}, ((1, 4),))) == Restriction({1: 0.0}, ((0, 2),))
    assert left.within(Restriction(tied=((0, 5),))) == Restriction({3: 1.0})
    assert left.within(Restriction({2: 0.0}, ((3, 4),))) == Restriction({1: 0.0, 2: 0.0})
