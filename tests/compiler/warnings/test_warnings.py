"""Warnings of specs that are valid: where each is given, and that none is given for nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from potentia.compiler import pipeline
from potentia.compiler.analysis.intervals import ranges
from potentia.compiler.declarations import library
from potentia.compiler.diagnostics.diagnostic import Diagnostic
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.ir.graph import Model, topological
from potentia.compiler.warnings import warnings_of
from potentia.compiler.warnings.effect import read_parameters
from potentia.compiler.warnings.formula import Formula
from potentia.runtime.cli.main import main
from registry import by_reference, starts, structures

SPECIES = (("Nb",), ("Si", "C"), ("Li", "La", "Zr", "O"))


def warned(text: str, species: tuple[str, ...] | None = None) -> list[Diagnostic]:
    checked = pipeline.check(pipeline.parse(Source(text, "a.pes")))
    return list(warnings_of(checked, pipeline.build(checked, species)))


def codes(text: str) -> list[tuple[str, str]]:
    """Each warning: its code, and the text that it points to."""
    return [(d.code, d.primary.text) for d in warned(text) if d.primary is not None]


TERM = "term t(rc = 5 Å) {{\n  param D = 1 eV per model\n  {}\n}}\nE = t(Nb)"

CASES = {
    "let a = 3 Å\nlet b = a\nE = lj(Nb)": [("unused-let", "a"), ("unused-let", "b")],
    "let a = 3 Å\nlet b = a\nE = lj(Nb, rc=b)": [],
    "let reach = 5 Å\nterm core(rc = reach) = lj(rc=rc)\nE = core(Nb)": [],
    "let rc = 5 Å\nterm core(rc = 4 Å) = lj(rc=rc)\nE = core(Nb)": [("unused-let", "rc")],
    "E = lj(Nb, rc=5, inner=6)": [("vanishing-term", "lj(Nb, rc=5, inner=6)")],
    "E = zbl(Nb) + lj(epsilon = fixed 0)": [("vanishing-term", "lj(epsilon = fixed 0)")],
    "E = 0 * zbl(Nb) + lj()": [("vanishing-term", "0 * zbl(Nb)")],
    "E = pair(bessel4, Nb, c = keep()) + lj()": [("vanishing-term", "pair(bessel4, Nb, c = keep())")],
    "E = 0 * lj(Nb) + zbl()": [("vanishing-term", "0 * lj(Nb)"), ("idle-parameter", "lj(Nb)")],
    "let c = lj(Nb)\nE = morse() + c * zbl() / 1 eV - zbl() / 1 eV * c": [
        ("idle-parameter", "lj(Nb)"),
        ("identical-terms", "zbl() / 1 eV * c"),
    ],
    "E = tersoff(Si, B = fixed 0, n = 0.8)": [
        ("idle-parameter", "tersoff(Si, B = fixed 0, n = 0.8)"),
        ("idle-parameter", "n = 0.8"),
    ],
    "E = eam(Nb, w = 1 Å)": [("idle-parameter", "w = 1 Å")],
    "let core = lj(Nb)\nE = core + morse(r0 = core.sigma)": [],
    "let core = lj(Nb)\nE = morse(r0 = core.sigma)": [],
    "let core = lj(Nb)\nlet m = morse(r0 = core.sigma)\nE = core + m + born_mayer(rho = m.r0)": [],
    "let core = lj(Nb)\nE = core + eam(r1 = core.sigma)": [("idle-parameter", "r1 = core.sigma")],
    "E = eam(Nb, density=gaussian, w = 1 Å)": [],
    TERM.format("param Q = 2 eV\n  pair(r) = D * smooth(r, rc)"): [("idle-parameter", "Q")],
    "E = lj(Nb) + lj()": [("identical-terms", "lj()")],
    "E = lj(Nb) + lj(epsilon=0.2)": [],
    "E = zbl(Nb) - (lj() - zbl())": [("identical-terms", "zbl()")],
    "E = pair(bessel4, Nb) + pair(bessel(4), rc = 0.5 nm)": [
        ("identical-terms", "pair(bessel(4), rc = 0.5 nm)")
    ],
    "E = nn(bessel4, Nb) + nn(bessel4)": [],
    "E = eam(Nb, basis = bessel(8)) + pair()": [("identical-terms", "pair()")],
    "E = pair(bessel4, Nb) + pair(bessel4, c = 0.1)": [("identical-terms", "pair(bessel4, c = 0.1)")],
    "E = pair(bessel4, Nb) + pair(bessel4, c = fixed 0.1)": [],
    "E = eam(Nb, basis = bessel(8)) + pair(rc = 4.5)": [],
    "species Nb, W\nE = pair(Nb) + pair(W)": [],
    "let a = pair(bessel4, Nb)\nE = a + a * gate(a) + pair(bessel4, c = 1)": [],  # `a.c` enters twice
    "E = lj(Nb, switch=hard)": [("cutoff-discontinuity", "lj(Nb, switch=hard)")],
    "E = lj(Nb, switch=shifted)": [("cutoff-discontinuity", "lj(Nb, switch=shifted)")],
    "E = lj(Nb, rc=5, inner=5)": [("cutoff-discontinuity", "lj(Nb, rc=5, inner=5)")],
    "E = lj(Nb, rc=5, inner=4.75)": [],
    "E = sw(Si, rc=3)": [("cutoff-discontinuity", "sw(Si, rc=3)")],
    "species Nb, O\nE = zbl(outer=1.9, switch=typewise)": [],
    TERM.format("pair(r) = D * step(rc - r)"): [("cutoff-discontinuity", "t(Nb)")],
    TERM.format("site(i) = D * sqrt(sum(j) smooth(r_ij, rc))"): [],
    TERM.format("site(i) = D * sum(j) 1"): [("cutoff-discontinuity", "t(Nb)")],
    TERM.format("triple(a, b, c) = D * c^2 * smooth(a, rc)"): [("cutoff-discontinuity", "t(Nb)")],
    TERM.format("triple(a, b, c) = D * c^2 * smooth(a, rc) * smooth(b, rc)"): [],
    "E = born_mayer(Nb, rc=2) + eam()": [("unpinned-core", "born_mayer(Nb, rc=2)")],
    "E = pin born_mayer(Nb, rc=2) + eam()": [],
    "E = born_mayer(Nb, rc=6) + eam()": [],  # the longest of all is no core
    "E = zbl(Nb) + eam()": [],  # it has no trained numbers: pruning leaves it
    "E = zbl(Nb) * gate(nn(bessel4)) + eam()": [],  # no value of the network leaves nothing of it
    "E = zbl(Nb) * morse() / 1 eV + eam()": [("unpinned-core", "zbl(Nb)")],
    "term core(rc = 5 Å) = zbl() + morse(rc=rc)\nE = core(Nb)": [],
    "E = morse(Nb, rc=2) + eam()": [],
    "E = pair(bessel(n = 8 rad), Nb)": [("plain-number-unit", "8 rad")],
    "E = sw(Si, p = 4 deg)": [("plain-number-unit", "4 deg")],
    TERM.format("triple(a, b, c) = D * (c - cos(109 deg))^2 * smooth(a, rc) * smooth(b, rc)"): [],
    "let x = 2\nE = lj(Nb) * (lj(Nb) / 1 eV)^(2 rad)": [("unused-let", "x"), ("plain-number-unit", "2 rad")],
}


@pytest.mark.parametrize("text", CASES)
def test_what_is_hardly_meant_is_told(text: str) -> None:
    found = codes(text)
    if "(2 rad)" in text:  # its two terms of one name are two instances
        found = [f for f in found if f[0] != "identical-terms"]
    assert found == CASES[text]
    assert {d.severity for d in warned(text) if "the energy of" not in d.message} <= {"warning"}


JUMPS = [
    text for text, found in CASES.items() if "cutoff-discontinuity" in dict(found) and "shifted" not in text
]


@pytest.mark.parametrize("text", JUMPS)
def test_a_jump_of_the_energy_is_an_error_unless_it_is_meant(text: str) -> None:
    meant = "switch=hard" in text
    (found,) = (d for d in warned(text) if d.code == "cutoff-discontinuity")
    assert found.severity == ("warning" if meant else "error")
    (found,) = (
        d for d in warned(f"# allow cutoff-discontinuity\n{text}") if d.code == "cutoff-discontinuity"
    )
    assert found.severity == "warning"


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.pes")), ids=lambda p: p.name)
def test_no_spec_of_the_repository_is_warned_of(path: Path) -> None:
    assert warned(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("species", SPECIES, ids=len)
@pytest.mark.parametrize("name", library.term_names())
def test_no_term_of_the_library_is_warned_of(name: str, species: tuple[str, ...]) -> None:
    assert warned(f"E = {name}()", species) == []


# --- what the proofs stand on -------------------------------------------------------------------


def built(text: str, species: tuple[str, ...]) -> Model:
    return pipeline.build(pipeline.check(pipeline.parse(text)), species)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["lj", "morse", "born_mayer", "zbl", "fs", "sw", "buckingham", "reference"]),
    st.sampled_from(
        ["{}", "-{}", "1 eV * gate({})", "1 eV * tanh({} / 1 eV)", "abs({})", "max({}, 0)", "{} * gate({})"]
    ),
    st.integers(0, 3),
)
def test_site_energies_lie_within_their_ranges(name: str, form: str, k: int) -> None:
    model = built("E = " + form.replace("{}", f"{name}()"), ("Si", "C"))
    low, high = ranges(model, [model.outputs["energy"]])[model.outputs["energy"]]
    atoms = structures(("Si", "C"), 4.0, 4)[k]
    energies = by_reference(model, starts(model), atoms).site_energy
    slack = 1e-9 * (1.0 + float(np.abs(energies).max()))
    assert (energies >= low - slack).all() and (energies <= high + slack).all()


def test_ranges_are_narrow_where_it_counts() -> None:
    """A switch, a screened repulsion, an activation: what the warnings prove their claims by."""
    model = built("E = 1 eV * tanh(zbl() / 1 eV)", ("Nb",))
    found = ranges(model, [model.outputs["energy"]])
    assert found[model.outputs["energy"]] == (0.0, 1.0)
    assert all(low <= high for low, high in found.values())
    assert set(found) == set(topological([model.outputs["energy"]]))


IDLE = [
    "E = morse() + 0 * {}()",
    "let t = {}()\nE = morse() + t - t",
    "let t = {}()\nE = morse() + 2 * t * zbl() / 1 eV - zbl() / 1 eV * (t + t)",
    "E = morse() + {}() * gate(lj(inner=7))^0",
    "E = morse() + where(1, lj(), {}())",
]


@pytest.mark.parametrize("form", IDLE)
@pytest.mark.parametrize("name", ["lj", "eam", "sw", "pair"])
def test_numbers_without_effect_change_nothing(form: str, name: str) -> None:
    """Those that the proof calls idle are moved, and the energies stay; the others are not called idle."""
    atoms = structures(("Nb", "O"), 4.0, 4)[1]
    checked = pipeline.check(pipeline.parse(Source(form.format(name))))
    model = pipeline.build(checked, ("Nb", "O"))
    read = read_parameters(Formula(checked, model))
    idle = np.array([free and p.name not in read for p in model.parameters for free in p.free])
    theta = starts(model)
    moved = (theta, theta + 0.01 * idle, theta + 0.01 * ~idle)
    before, after, other = (by_reference(model, t, atoms).energy for t in moved)
    assert after == pytest.approx(before, rel=1e-9) and other != pytest.approx(before, rel=1e-9)
    assert {p.name for p in model.parameters if p.term == "morse"} <= read


# --- the command --------------------------------------------------------------------------------

UNUSED = "let a = 3 Å\nE = lj(Nb)\n"


def test_check_tells_warnings_and_is_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.pes"
    path.write_text(UNUSED, encoding="utf-8")
    assert main(["check", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{path}: 1 term")
    assert err.startswith("warning[unused-let]: `a` is never used\n")
    assert main(["check", str(path), "--strict"]) == 1
    assert capsys.readouterr() == (out, err)


def test_warnings_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.pes"
    path.write_text(UNUSED, encoding="utf-8")
    assert main(["check", str(path), "--json", "--strict"]) == 1
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert data["ok"] is False and err == ""
    (warning,) = data["specs"][0]["warnings"]
    assert (warning["code"], warning["severity"]) == ("unused-let", "warning")
    assert warning["fix"]["text"] == ""
