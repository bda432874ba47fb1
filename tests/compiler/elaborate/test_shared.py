"""A parameter that is given to another term, `r0 = core.sigma`: one number, of its owner; what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.ir.graph import Model
from potentia.compiler.program import Program
from potentia.compiler.reduction.parameter_groups import blocks
from potentia.compiler.syntax.formatter import format_source
from registry import Labels, assert_close, by_reference, loaded, random_theta, structures

CORE = "species Nb, O\nlet core = lj(rc = 4)\n"


def model(text: str) -> Model:
    return Program.of(text).model


# --- one number ------------------------------------------------------------------------------------


def test_the_owner_has_the_numbers() -> None:
    m = model(
        "species Nb, O\nE = morse(rc=4, r0=core.sigma) + core\n"
        "let core = lj(rc = 4, sigma = {Nb-Nb: 2 in (1, 3), Nb-O = O-O: fixed 3})"
    )
    assert m.vector.names[-5:] == (
        "core.sigma[Nb-Nb]",
        "core.sigma[Nb-O=O-O]",
        "core.epsilon[Nb-Nb]",
        "core.epsilon[Nb-O]",
        "core.epsilon[O-O]",
    )
    sigma = next(p for p in m.parameters if p.name == "core.sigma")
    assert (sigma.term, sigma.start, sigma.upper, sigma.free) == (
        "core",
        (2.0, 3.0),
        (3.0, 6.0),
        (True, False),
    )
    assert not any(p.name == "morse.r0" for p in m.parameters)


@pytest.mark.parametrize(
    ("text", "terms", "parameters"),
    [
        ("E = morse(rc=4, r0=core.sigma)", "morse", "morse.D morse.a core.sigma"),
        (
            "let m = morse(r0 = core.sigma)\nE = born_mayer(rho = m.r0)",
            "born_mayer",
            "born_mayer.A core.sigma",
        ),
        (
            "term two() = lj(sigma = core.sigma) + morse(r0 = core.sigma)\nE = two() + core",
            "two.lj two.morse two core",
            "two.lj.epsilon core.sigma two.morse.D two.morse.a core.epsilon",
        ),
        (
            "let p = pair(bessel4, c = keep(0, 2))\nE = pair(bessel4, rc = 4, c = p.c) + p",
            "pair p",
            "p.c",
        ),
        (
            "let p = pair(bessel4, c = keep())\nE = pair(bessel4, c = p.c) + core",
            "pair core",
            "core.epsilon core.sigma",
        ),
    ],
)
def test_what_is_in_the_model(text: str, terms: str, parameters: str) -> None:
    m = model(CORE + text)
    assert ([t.name for t in m.terms], [p.name for p in m.parameters]) == (terms.split(), parameters.split())
    assert sum(len(b.numbers) for b in blocks(m) if b.kind == "term") >= m.vector.n_trained


def test_only_what_is_written_after_it_is_pinned() -> None:
    m = model(CORE + "E = pin morse(rc=4, r0=core.sigma) + core")
    assert [(t.name, t.pinned) for t in m.terms] == [("morse", True), ("core", False)]


def test_species_of_the_data_are_for_both() -> None:
    program = Program.of("let core = lj()\nE = core + morse(r0 = core.sigma)").for_species(("Nb", "O"))
    assert program.model.vector.n_trained == 12
    text = program.with_reference().self_contained().text
    assert "r0=core.sigma" in text and Program.of(text).model.vector.n_trained == 14


def test_the_layout() -> None:
    text = CORE + "E = core + morse(  rc=4,r0 =core.sigma,D  = 1 eV )  # both\n"
    once = format_source(text)
    assert once.splitlines()[-1] == "E = core + morse(rc = 4, r0 = core.sigma, D = 1 eV)  # both"
    assert format_source(once) == once


# --- the same function -----------------------------------------------------------------------------

APART = "species Nb, O\nlet core = lj(rc = 4)\nE = core + morse(rc = 4)"
SHARED = "species Nb, O\nlet core = lj(rc = 4)\nE = core + morse(rc = 4, r0 = core.sigma)"
OWN = """species Nb, O
term both(rc = 4 Å, inner = 0.8 * rc) {
  param epsilon = 0.1 eV in (0 eV, 10 eV)
  param sigma = 2.5 Å in (0.5 Å, 6 Å)
  param D = 0.5 eV in (0 eV, 10 eV)
  param a = 1.5 /Å in (0.1 /Å, 5 /Å)
  v(r) = 4 * epsilon(i, j) * ((sigma(i, j) / r)^12 - (sigma(i, j) / r)^6)
  u(r) = D(i, j) * ((1 - exp(-a(i, j) * (r - sigma(i, j))))^2 - 1)
  pair(r) = (v(r) + u(r)) * smooth(r, inner, rc)
}
E = both()
"""


def test_energies_and_forces_are_those_of_a_term_with_both_forms() -> None:
    shared, own = model(SHARED), model(OWN)
    theta = random_theta(shared, 3)
    atoms = structures(shared.species, 4.0, 1)[5]
    assert [n.split(".")[1] for n in shared.vector.names] == [n.split(".")[1] for n in own.vector.names]
    assert_close(by_reference(shared, theta, atoms), by_reference(own, theta, atoms), 1e-12)


def test_a_column_of_the_jacobian_is_the_sum_of_those_apart() -> None:
    shared, apart = model(SHARED), model(APART)
    theta = random_theta(shared, 3)
    values = dict(zip(shared.vector.names, theta.tolist(), strict=True))
    twin = {n: n.replace("morse.r0", "core.sigma") for n in apart.vector.names}
    alike = np.array([values[twin[n]] for n in apart.vector.names])
    atoms = structures(shared.species, 4.0, 1)[5]

    def column(m: Model, at: np.ndarray, name: str) -> np.ndarray:
        step = 1e-5 * np.array([n == name for n in m.vector.names])
        high, low = (by_reference(m, at + sign * step, atoms) for sign in (1, -1))
        return (np.append(high.forces, high.energy) - np.append(low.forces, low.energy)) / 2e-5

    for row in ("Nb-Nb", "Nb-O"):
        both = column(apart, alike, f"core.sigma[{row}]") + column(apart, alike, f"morse.r0[{row}]")
        got = column(shared, theta, f"core.sigma[{row}]")
        np.testing.assert_allclose(got, both, rtol=0, atol=1e-6 * float(np.abs(both).max()))
        assert np.abs(both).max() > 0.1


@pytest.mark.parametrize("target", ["cpp", "xla"])
def test_targets_give_the_numbers_of_the_reference(target: str) -> None:
    made = loaded(target, SHARED)
    theta = random_theta(made.model, 4)
    atoms = structures(made.model.species, 4.0, 2)[5]
    (got,) = made(theta, [atoms])
    want: Labels = by_reference(model(SHARED), theta, atoms)
    assert_close(got, want, 1e-10)


# --- refused ---------------------------------------------------------------------------------------

OTHERS = """species Li, O
let core = lj(Li, rc = 4)
let atoms = reference()
let few = pair(bessel4)
let more = pair(bessel5)
let length = 5
let both = lj() + morse()
let twin = core
term two() = lj() + morse()
let pairs = two()
"""
WITHIN = "`core.sigma` is a parameter of another term, which has no place in a formula or a table"
ITS_OWN = "`fixed` and bounds of `core.sigma` are those of its owner"
REFUSED = {
    "morse(r0 = cor.sigma)": ("unknown-name", "there is no `let cor`", "did you mean `core`?"),
    "morse(r0 = x.y)": ("unknown-name", "there is no `let x`", "a term is named by `let core = lj(…)`"),
    "morse(r0 = lj.sigma)": (
        "no-owner",
        "`lj` is a term, of which there may be several",
        "write `let core = lj(…)`, and `core.sigma`",
    ),
    "morse(r0 = length.x)": (
        "no-owner",
        "`length` is not a term, so it has no parameters",
        "give the term a name of its own with `let`",
    ),
    "morse(r0 = both.sigma)": (
        "no-owner",
        "`both` is not a term, so it has no parameters",
        "give the term a name of its own with `let`",
    ),
    "morse(r0 = twin.sigma)": ("no-owner", "`twin` is another name of `core`", "write `core.sigma`"),
    "morse(r0 = pairs.sigma)": (
        "no-owner",
        "`pairs` stands for a formula, and not for one term",
        "give the term a name of its own with `let`",
    ),
    "morse(r0 = pairs.lj.sigma)": (
        "no-owner",
        "`pairs.lj` is within a term",
        "give the term a name of its own with `let`",
    ),
    "morse(r0 = core.sigm)": (
        "unknown-parameter",
        "`core` has no parameter `sigm`",
        "did you mean `sigma`?",
    ),
    "morse(r0 = core.x)": (
        "unknown-parameter",
        "`core` has no parameter `x`",
        "its parameters are epsilon, sigma",
    ),
    "eam(rc = 5, r1 = core.x)": (  # nothing reads r1 of this form
        "unknown-parameter",
        "`core` has no parameter `x`",
        "its parameters are epsilon, sigma",
    ),
    "morse(r0 = core.rc)": (
        "not-a-parameter",
        "`rc` is an argument of `lj`: it is no number of a fit",
        "name its value with `let rc = …`, and give it to both terms",
    ),
    "morse(rc = core.sigma)": (
        "not-a-parameter",
        "`rc` of `morse` is an argument, and `core.sigma` a parameter",
        "a parameter is given to a parameter: arguments are known before a fit",
    ),
    "morse(Li, r0 = core.epsilon)": (
        "wrong-unit",
        "`morse.r0` is in Å, but `core.epsilon` is in eV",
        "terms share parameters of one unit",
    ),
    "morse(D = atoms.e0)": (
        "domain-mismatch",
        "`morse.D` is one value per pair, but `atoms.e0` is one per species",
        "terms share parameters of one `per`",
    ),
    "pair(bessel4, c = more.c)": (
        "shape-mismatch",
        "`pair.c` has 4 components, but `more.c` has 5 components",
        "terms share parameters of one size",
    ),
    "morse(D = few.c)": (
        "shape-mismatch",
        "`morse.D` is one number, but `few.c` has 4 components",
        "terms share parameters of one size",
    ),
    "morse(r0 = core.sigma)": (
        "missing-entry",
        "`core` is for Li alone: it has no `sigma` of Li-O, O-O",
        "give Li to `morse` too, or more species to `core`",
    ),
    "morse(r0 = fixed core.sigma)": ("misplaced-value", ITS_OWN, "write them at `core`"),
    "morse(r0 = core.sigma in (1, 2))": ("misplaced-value", ITS_OWN, "write them at `core`"),
    "morse(r0 = {*-*: core.sigma})": (
        "misplaced-value",
        WITHIN,
        "give it to a parameter of a call as its whole value: `sigma = core.sigma`",
    ),
    "morse(r0 = 2 * core.sigma)": (
        "misplaced-value",
        WITHIN,
        "give it to a parameter of a call as its whole value: `sigma = core.sigma`",
    ),
}


@pytest.mark.parametrize("call", REFUSED)
def test_what_is_refused(call: str) -> None:
    with pytest.raises(SpecError) as caught:
        model(f"{OTHERS}E = {call}")
    (first,) = caught.value.diagnostics
    assert (first.code, first.message, first.help) == REFUSED[call]
    assert first.primary is not None and first.primary.text in call


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "let a = lj(sigma = b.sigma)\nlet b = lj(epsilon = a.epsilon)\nE = a + b",
            "`a` needs itself: a → b → a",
        ),
        ("let a = lj(sigma = a.sigma)\nE = a", "`a` needs itself: a → a"),
    ],
)
def test_circles(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        model(text)
    (first,) = caught.value.diagnostics
    assert (first.code, first.message) == ("cyclic-definition", f"the definition of {message}")


@pytest.mark.parametrize(
    "member", ["param x = core.sigma", "x = core.sigma", "fixed param x[2] = core.sigma per model"]
)
def test_a_term_of_ones_own_is_given_it_by_its_call(member: str) -> None:
    term = f"term t(rc = 5 Å) {{ {member}\n  pair(r) = x * (1 eV / 1 Å) * smooth(r, rc) }}\n"
    with pytest.raises(SpecError) as caught:
        model(f"{CORE}{term}E = t()")
    assert caught.value.diagnostics[0].message == WITHIN
