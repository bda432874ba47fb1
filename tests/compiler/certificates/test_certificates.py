"""What is proved of good models, and what is not of bad ones, with the place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from places import ROOT
from potentia.compiler.certificates.certificate import Certificate, Verdict
from potentia.compiler.certificates.certify import BROKEN, as_text, certify
from potentia.compiler.certificates.continuity import continuity
from potentia.compiler.certificates.finiteness import finiteness
from potentia.compiler.certificates.invariance import invariance
from potentia.compiler.certificates.repulsion import repulsion
from potentia.compiler.certificates.rotations import couples, generators
from potentia.compiler.elaborate.gaunt import gaunt, gaunt_degrees
from potentia.compiler.ir.graph import Model
from registry import Variant, compiled, random_theta, starts, variants

SPECS = sorted((ROOT / "specs").glob("*.pes"))


def model_of(text: str) -> tuple[Model, np.ndarray]:
    model = compiled(text, optimized=False, species=None if "species" in text else ("Nb",))
    return model, np.array(model.vector.start)


def fitted(model: Model) -> np.ndarray:
    """Random values of the trained parameters."""
    return np.where(model.vector.free, random_theta(model, 3), model.vector.start)


def term(body: str) -> str:
    return f"term own(rc = 5 Å, basis = bessel(2)) {{\n{body}\n}}\nE = own()"


def worst(certificate: Certificate) -> tuple[str, str]:
    found = max(certificate.findings, key=lambda f: tuple(Verdict).index(f.verdict))
    return str(certificate.verdict), f"{found.subject}: {found.sentence}"


# --- shipped specs -------------------------------------------------------


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_shipped_specs(path: Path) -> None:
    model = compiled(path.read_text(encoding="utf-8"), optimized=False)
    certificates = certify(model, fitted(model))
    found = {c.name: c.verdict for c in certificates.certificates}
    if path.stem == "nb_linear":  # it has no core
        found.pop("repulsion")
    assert set(found.values()) == {Verdict.PROVED}
    assert BROKEN not in as_text(certificates)


@pytest.mark.parametrize("variant", variants(), ids=lambda v: v.name)
def test_terms(variant: Variant) -> None:
    """All are finite and invariant, and continuous unless they are cut on purpose."""
    model = compiled(variant.spec(), optimized=False)
    theta = starts(model) if variant.term == "fs" else fitted(model)  # its density may be negative
    assert invariance(model).verdict is Verdict.PROVED
    assert finiteness(model, theta).verdict is Verdict.PROVED
    found = continuity(model, theta)
    is_zero = variant.term.endswith("_table")  # the numbers of a table are in a run
    if variant.name.endswith(("-v", "-u", "-join", "-wolf", "-shifted", "-hard")) and not is_zero:
        assert found.verdict is Verdict.FAILS
    else:
        assert found.verdict is (Verdict.OPEN if variant.term == "fs" else Verdict.PROVED)


@pytest.mark.parametrize(("factor", "verdict"), [("2", Verdict.PROVED), ("2.1", Verdict.OPEN)])
def test_two_neighbours_of_an_atom_are_two_atoms(factor: str, verdict: Verdict) -> None:
    """The far side of a triangle, however it is written, has a slope; a root that may vanish has none."""
    side = f"sqrt(r_ik * r_ik - ({factor} * r_ij) * (cos_jik * r_ik) + r_ij^2)"
    body = f"site(i) = sum(j) sum(k) 1 eV/Å * {side} * smooth(r_ij, rc) * smooth(r_ik, rc)"
    assert finiteness(*model_of(term(body))).verdict is verdict


# --- repulsion -------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verdict", "sentence"),
    [
        ("species Nb\nE = zbl()", "proved", "Nb-Nb: repulsive from 1.799 Å down to 0.1 Å"),
        ("species Ar\nE = lj(rc=6)", "proved", "Ar-Ar: repulsive from 2.805 Å down to 0.1 Å"),
        (
            "species Ar\nE = buckingham()",
            "fails",
            "Ar-Ar: not repulsive at 0.1 Å: dE/dr is",
        ),
        ("species Nb\nE = reference()", "proved", ""),
    ],
)
def test_repulsion(text: str, verdict: str, sentence: str) -> None:
    found = repulsion(*model_of(text))
    assert str(found.verdict) == verdict
    if sentence:
        assert worst(found)[1].startswith(sentence)


def test_the_distance_is_that_of_the_minimum() -> None:
    """Of LJ, r = 2^(1/6) σ, and never beyond it."""
    found = repulsion(*model_of("species Ar\nE = lj(rc=6)")).findings[0]
    reached = found.facts["to_ang"]
    assert isinstance(reached, float)
    assert 2.5 * 2 ** (1 / 6) - 2e-3 < reached <= 2.5 * 2 ** (1 / 6)


def test_an_attractive_core_far_inside_is_seen() -> None:
    """A pit of 0.02 Å that no sampling of a hundred places meets."""
    pit = "pair(r) = 1 eV * (1 Å / r) * smooth(r, rc) - 2 eV * exp(-((r - 0.7123 Å) / 0.01 Å)^2)"
    found = repulsion(*model_of(term(pit))).findings[0]
    assert found.facts["to_ang"] is not None and float(str(found.facts["to_ang"])) < 0.7124


# --- continuity -------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verdict", "sentence"),
    [
        ("species Nb\nE = zbl() + eam(rc=5) + nn(bessel8)", "proved", ""),
        (
            "species Ar\nE = lj(rc=5 Å, switch=hard)",
            "fails",
            "lj at 5 Å: the energy of Ar-Ar jumps by 0.006152 eV",
        ),
        (
            "species Ar\nE = lj(rc=5 Å, switch=shifted)",
            "fails",
            "lj at 5 Å: the force of Ar-Ar jumps by 0.007266 eV/Å",
        ),
        ("species Ar\nE = lj(rc=5 Å)", "proved", ""),
        ("species Si\nE = sw() + tersoff()", "proved", ""),
        ("species Na, Cl\nE = coulomb_cut()", "proved", ""),
        ("species Nb\nE = zbl(switch = lammps) + pair(spline(9))", "proved", ""),
        (
            term("pair(r) = where(r - 3 Å, 1 eV * (1 - r / rc)^2, 2 eV)"),
            "fails",
            "own at 3 Å: the energy of Nb-Nb jumps by 1.84 eV",
        ),
        (
            term("pair(r) = 1 eV * max(3 Å - r, 0 Å) / 1 Å"),
            "fails",
            "own at 3 Å: the force of Nb-Nb jumps by 1 eV/Å",
        ),
        (term("pair(r) = 1 eV * max(3 Å - r, 0 Å)^2 / 1 Å^2"), "proved", ""),
        (
            term("x(i) = sum(j) 1\nsite(i) = 1 eV * x(i)"),
            "fails",
            "own at 5 Å: the energy of Nb-Nb jumps by 2 eV",
        ),
        (
            term("triple(r_ij, r_ik, cos_jik) = 1 eV * cos_jik * smooth(r_ij, rc)"),
            "not provable",
            "own at 5 Å: its value may jump by up to 1",
        ),
        (
            term("x(i) = sum(j) cosine(r_ij, rc)\nsite(i) = 1 eV * sqrt(x(i))"),
            "not provable",
            "own: `sqrt` has no slope where its argument is 0, and its argument does not vanish fast enough",
        ),
        (term("x(i) = sum(j) smooth(r_ij, rc)\nsite(i) = 1 eV * sqrt(x(i))"), "proved", ""),
        (
            term("x(i) = sum(j) smooth(r_ij, rc)\nsite(i) = 1 eV * max(x(i) - 2, 0)"),
            "not provable",
            "own: `max` has a kink or a jump where its argument, which is no single distance, is 0",
        ),
        (term("x(i) = sum(j) smooth(r_ij, rc)\nsite(i) = 1 eV * softplus(x(i) - 2)"), "proved", ""),
    ],
)
def test_continuity(text: str, verdict: str, sentence: str) -> None:
    found = continuity(*model_of(text))
    assert str(found.verdict) == verdict
    if sentence:
        assert worst(found)[1].startswith(sentence)


def test_a_kink_within_a_millionth_of_the_cutoff_is_seen() -> None:
    found = continuity(*model_of(term("pair(r) = 1 eV * step(4.999999 Å - r)")))
    assert worst(found)[1] == "own at 5 Å: the energy of Nb-Nb jumps by 1 eV"
    assert abs(float(str(found.findings[0].facts["at_ang"])) - 4.999999) < 1e-9


# --- finiteness -------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verdict", "sentence"),
    [
        ("species Nb\nE = zbl() + eam(rc=5, embedding = logarithmic)", "proved", ""),
        (
            term("x(i) = sum(j) smooth(r_ij, rc)\nsite(i) = 1 eV * log(x(i))"),
            "fails",
            "own: `log` has no finite value for an isolated atom of Nb",
        ),
        (
            term("pair(r) = 1 eV * log(r / 1 Å - 2) * smooth(r, rc)"),
            "fails",
            "own: `log` has no finite value for Nb-Nb at 0.1 Å",
        ),
        (
            term("x(i) = sum(j) (r_ij / 1 Å - 3) * smooth(r_ij, rc)\nsite(i) = 1 eV * sqrt(x(i))"),
            "fails",
            "own: `sqrt` has no finite value for Nb-Nb at 0.1 Å",
        ),
        (
            term("pair(r) = 1 eV * exp(1000 Å / r) * smooth(r, rc)"),
            "fails",
            "own: `exp` has no finite value for Nb-Nb at 0.1 Å",
        ),
        (
            term("pair(r) = 1 eV / (r / 1 Å - 2) * smooth(r, rc)"),
            "not provable",
            "own: `power -1` of a value between",
        ),
    ],
)
def test_finiteness(text: str, verdict: str, sentence: str) -> None:
    found = finiteness(*model_of(text))
    assert str(found.verdict) == verdict
    if sentence:
        assert worst(found)[1].startswith(sentence)


# --- invariance -------------------------------------------------------

HYPER = "a(i) = sum(j) smooth(r_ij, rc) * hyperharmonics(u_ij, 3 * r_ij / rc, 2)\n"
TENSOR = "b(r) = basis(r, rc)\nv(i) = sum(j) outer(b(r_ij), harmonics(u_ij, 2)) * smooth(r_ij, rc)\n"


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (TENSOR + "site(i) = 1 eV * total(invariants(v(i)))", "proved"),
        (TENSOR + "site(i) = 1 eV * total(bispectrum(v(i)))", "proved"),
        (TENSOR + "w(i) = pick(flat(v(i)), [1, 2, 3])\nsite(i) = 1 eV * dot(w(i), w(i))", "proved"),
        (TENSOR + "w(i) = pick(flat(v(i)), [1, 2, 4])\nsite(i) = 1 eV * dot(w(i), w(i))", "not provable"),
        (TENSOR + "w(i) = pick(flat(v(i)), [0, 9])\nsite(i) = 1 eV * tanh(total(w(i)))", "proved"),
        (TENSOR + "site(i) = 1 eV * total(flat(v(i)))", "not provable"),
        (HYPER + "site(i) = 1 eV * total(hyperbispectrum(a(i)))", "proved"),
        (HYPER + "site(i) = 1 eV * total(hyperbispectrum(2 * a(i) + hyperpole(2)))", "proved"),
        (HYPER + "site(i) = 1 eV * total(hyperbispectrum(1 + a(i)))", "not provable"),
        (HYPER + "site(i) = 1 eV * total(a(i))", "not provable"),
    ],
)
def test_invariance(body: str, verdict: str) -> None:
    model, _ = model_of(term(body))
    found = {f.subject: str(f.verdict) for f in invariance(model).findings}
    assert found["rotation"] == found["mirror image"] == verdict
    assert found["translation"] == found["exchange of like atoms"] == "proved"


def test_generators_turn_lengths_into_nothing() -> None:
    for degree in range(5):
        for g in generators("harmonics", degree):
            assert np.allclose(g, -g.T)


def test_couplings() -> None:
    for a, b, c in gaunt_degrees(4):
        table = np.array(gaunt(a, b, c)).reshape(-1, 2 * c + 1)
        assert couples(table, (a, b), c)
    wrong = np.array(gaunt(2, 2, 2)).reshape(-1, 5)
    wrong[3, 1] += 1e-6
    assert not couples(wrong, (2, 2), 2)


# --- JSON -------------------------------------------------------


def test_the_json() -> None:
    content = json.loads(as_text(certify(*model_of("species Ar\nE = lj(rc=5 Å, switch=hard)"))))
    assert {k: v for k, v in content.items() if k != "certificates"} == {
        "format": 1,
        "species": ["Ar"],
        "status": "fails",
    }
    assert list(content["certificates"]) == ["repulsion", "continuity", "finiteness", "invariance"]
    assert content["certificates"]["continuity"]["findings"] == [
        {
            "subject": "lj at 5 Å",
            "status": "fails",
            "text": "the energy of Ar-Ar jumps by 0.006152 eV",
            "term": "lj",
            "at_ang": 5.0,
            "is_cutoff": True,
            "species": ["Ar", "Ar"],
            "quantity": "energy",
            "jump": pytest.approx(0.006152, rel=1e-3),
        }
    ]
