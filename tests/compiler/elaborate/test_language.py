"""What the language can say, and that two ways of saying it are one model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from potentia.compiler import pipeline
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.ir.graph import Model
from potentia.compiler.ir.parameter import Parameter
from registry import assert_close, by_reference, compiled, random_theta, starts, structures


def build(text: str, species: tuple[str, ...] | None = None) -> Model:
    return compiled(text, optimized=False, species=species)


def parameter(model: Model, name: str) -> Parameter:
    return next(p for p in model.parameters if p.name == name)


def names(text: str) -> list[str]:
    return [p.name for p in build(text).parameters]


def refused(text: str, species: tuple[str, ...] | None = None) -> str:
    """The code of the first thing that is said against a spec."""
    with pytest.raises(SpecError) as caught:
        build(text, species)
    return caught.value.diagnostics[0].code


def same(one: str, other: str) -> None:
    """The two specs are one model: the same node, and the same numbers in the same parameters."""
    a, b = build(one), build(other)
    assert a.outputs["energy"] is b.outputs["energy"]
    assert a.parameters == b.parameters and a.species == b.species


def equal(one: str, other: str, rc: float = 5.0) -> None:
    """The two specs give the same numbers for the same parameters, in some order of operations."""
    a, b = build(one), build(other)
    theta = random_theta(a, 3)
    for atoms in (structures(a.species, rc, 3)[k] for k in (0, 1, 5)):
        assert_close(by_reference(a, theta, atoms), by_reference(b, theta, atoms), 1e-11)


# --- units -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lj(Nb, rc = 0.5 nm)", "lj(Nb, rc = 5 Å)"),
        ("lj(Nb, rc = 5)", "lj(Nb, rc = 5 Å)"),
        ("lj(Nb, rc = 5 A)", "lj(Nb, rc = 5 angstrom)"),
        ("lj(Nb, rc = 500 pm)", "lj(Nb, rc = 5 Å)"),
        ("lj(Nb, rc = 1 bohr)", "lj(Nb, rc = 0.529177210903 Å)"),
        ("lj(Nb, epsilon = 125 meV)", "lj(Nb, epsilon = 0.125 eV)"),
        ("lj(Nb, epsilon = 0.125)", "lj(Nb, epsilon = 0.125 eV)"),
        ("morse(Nb, a = 20 /nm)", "morse(Nb, a = 2 /Å)"),
        ("buckingham(Nb, C = 3 eV*Å^6)", "buckingham(Nb, C = 3)"),
        ("lj(Nb, rc = 2 * 2.5 Å)", "lj(Nb, rc = 5 Å)"),
        ("lj(Nb, rc = 5 Å, inner = 4 Å)", "lj(Nb, 5, 4)"),
        ("lj(Nb, rc = 5 \u212b)", "lj(Nb, rc = 5 Å)"),
        ("nn(Nb, bessel8)", "nn(Nb, bessel(n = 8))"),
        ("nn(Nb, hidden = 8)", "nn(Nb, hidden = [8])"),
    ],
)
def test_two_ways_to_write_one_thing(one: str, other: str) -> None:
    same(f"E = {one}", f"E = {other}")


@pytest.mark.parametrize("name", ["mlp", "shared_mlp"])
def test_a_network_outside_of_a_term_is_refused(name: str) -> None:
    assert refused(f"species Nb, O\nE = {name}(by_species(i), [8], tanh)") == "misplaced-value"


def test_defaults_may_use_other_arguments() -> None:
    same("E = lj(Nb, rc = 5)", "E = lj(Nb, rc = 5, inner = 4)")


def test_precedence_is_that_of_school() -> None:
    model = build("let a = 2 + 3 * 2^2 - 6 / 3 - -1\nE = reference(Nb, e0 = a)")
    assert model.parameters[0].start == (13.0,)
    assert build("E = reference(Nb, e0 = -2^2)").parameters[0].start == (-4.0,)
    assert build("E = reference(Nb, e0 = 2^3^2)").parameters[0].start == (512.0,)


# --- lets, imports, names ----------------------------------------------------------------------


def test_a_let_is_one_instance_and_two_calls_are_two() -> None:
    assert names("let core = lj(Nb)\nE = core + core * gate(core)") == ["core.epsilon", "core.sigma"]
    twice = ["lj.epsilon", "lj.sigma", "lj_2.epsilon", "lj_2.sigma"]
    assert names("E = lj(Nb) + lj(Nb)") == twice


def test_terms_are_named_by_let_and_numbered_by_call() -> None:
    model = build("let short = morse(Nb, rc=3)\nE = short + morse(Nb) + morse(Nb, rc=4)")
    assert [t.name for t in model.terms] == ["short", "morse", "morse_2"]
    assert {t.called for t in model.terms} == {"morse"}


def test_imports_lend_terms_and_lets_but_no_energy(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "base.pes").write_text("let rc = 4.5 Å\nE = zbl(W)\n", encoding="utf-8")
    (tmp_path / "core.pes").write_text(
        'import "deep/base.pes"\nterm core(rc = rc) = lj(rc = rc)\n', encoding="utf-8"
    )
    main = tmp_path / "main.pes"
    main.write_text('import "core.pes"\nE = core(Nb, rc = rc)\n', encoding="utf-8")
    model = pipeline.build(pipeline.check(pipeline.parse(Source(main.read_text("utf-8"), str(main)))))
    assert model.lists()[0].rc == 4.5 and model.species == ("Nb",)


def test_imports_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pes").write_text('import "b.pes"\nE = lj(Nb)\n', encoding="utf-8")
    (tmp_path / "b.pes").write_text('import "a.pes"\nlet rc = 5 Å\n', encoding="utf-8")
    text = (tmp_path / "a.pes").read_text("utf-8")
    with pytest.raises(SpecError) as caught:
        pipeline.check(pipeline.parse(Source(text, str(tmp_path / "a.pes"))))
    assert caught.value.diagnostics[0].code == "import-cycle"


def test_a_diamond_of_imports_is_no_circle(tmp_path: Path) -> None:
    for name, text in {
        "base.pes": "let rc = 5 Å\n",
        "left.pes": 'import "base.pes"\nterm left() = lj(rc = rc)\n',
        "right.pes": 'import "base.pes"\nterm right() = morse(rc = rc)\n',
        "top.pes": 'import "left.pes"\nimport "right.pes"\nspecies Nb\nE = left() + right()\n',
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    top = Source((tmp_path / "top.pes").read_text("utf-8"), str(tmp_path / "top.pes"))
    assert len(pipeline.build(pipeline.check(pipeline.parse(top))).terms) >= 2


def test_a_pinned_term_is_marked_and_no_other() -> None:
    model = build("E = pin zbl(Nb) + lj(Nb)")
    assert {t.name: t.pinned for t in model.terms} == {"zbl": True, "lj": False}
    assert build("E = pin zbl(Nb) + lj(Nb)").outputs == build("E = zbl(Nb) + lj(Nb)").outputs


# --- parameters --------------------------------------------------------------------------------

SHARINGS = {
    "per species": ("species", 2, "D(j)"),
    "per pair": ("species_pair", 3, "D(i, j)"),
    "per ordered pair": ("species_pair_ordered", 4, "D(i, j)"),
    "per model": ("none", 1, "D"),
    "": ("species_pair", 3, "D"),
}


@pytest.mark.parametrize("sharing", SHARINGS)
def test_parameters_are_shared_as_they_say(sharing: str) -> None:
    domain, rows, read = SHARINGS[sharing]
    body = f"param D = 1 eV {sharing}\n pair(r) = {read} * smooth(r, rc)"
    model = build(f"species Nb, O\nterm t(rc = 4 Å) {{\n {body}\n}}\nE = t()")
    assert model.parameters[0].kind.domain.name == domain
    assert model.parameters[0].start == (1.0,) * rows


@pytest.mark.parametrize(("sharing", "rows"), [("per triple", 6), ("per ordered triple", 8)])
def test_parameters_of_triples(sharing: str, rows: int) -> None:
    text = f"""species Nb, O
term t(rc = 4 Å) {{
  param L = 1 eV {sharing}
  triple(a, b, c) = L * (c + 1 / 3)^2 * smooth(a, rc) * smooth(b, rc)
}}
E = t()"""
    assert len(build(text).parameters[0].start) == rows


def test_a_fixed_parameter_is_not_free_and_keeps_its_value() -> None:
    model = build("E = lj(Nb, epsilon = fixed 0.2 eV, sigma = 2.4 in (2, 3))")
    epsilon, sigma = model.parameters
    assert epsilon.start == (0.2,) and epsilon.free == (False,)
    assert (sigma.start, sigma.lower, sigma.upper, sigma.free) == ((2.4,), (2.0,), (3.0,), (True,))


@pytest.mark.parametrize("given", ["1.7", "1.7 in (1.5, 2)", "{Si-Si: 1.7 in (1.5, 2)}", "fixed 1.7"])
def test_a_parameter_that_its_term_declares_fixed_stays_fixed_with_another_value(given: str) -> None:
    a = parameter(build(f"E = sw(Si, a = {given})"), "sw.a")
    assert (a.start, a.free) == ((1.7,), (False,))


def test_a_table_gives_each_pair_its_value() -> None:
    model = build("species Nb, O\nE = lj(epsilon = {O-Nb: 2, Nb-Nb: 1, O-O: 3000 meV})")
    assert parameter(model, "lj.epsilon").start == (1.0, 2.0, 3.0)


def test_tables_name_the_species() -> None:
    assert build("E = lj(epsilon = {W-W: 1, W-Nb: 2, Nb-Nb: 3})").species == ("W", "Nb")


def test_a_row_of_components_per_pair() -> None:
    model = build("species Nb, O\nE = pair(bessel3, c = {Nb-Nb: [1, 2, 3], Nb-O: 0, O-O: [4, 5, 6]})")
    assert parameter(model, "pair.c").start == (1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 4.0, 5.0, 6.0)


def test_parameters_of_a_nested_term_carry_both_names() -> None:
    text = "term both() = lj() + morse()\nE = both(Nb)"
    assert names(text) == [
        "both.lj.epsilon",
        "both.lj.sigma",
        "both.morse.D",
        "both.morse.a",
        "both.morse.r0",
    ]


# --- species -----------------------------------------------------------------------------------


def test_species_come_from_arguments_then_from_the_data() -> None:
    assert build("E = zbl(Nb) + lj(W)").species == ("Nb", "W")
    assert build("species W, Nb\nE = zbl(Nb)").species == ("W", "Nb")
    open_spec = build("E = lj()")
    assert open_spec.open_species
    assert build("E = lj()", ("Cu", "Zr")).species == ("Cu", "Zr")
    assert not build("E = lj()", ("Cu", "Zr")).open_species


def test_species_of_data_and_spec_may_not_differ() -> None:
    assert refused("E = lj(Nb)", ("Nb", "W")) == "species-conflict"
    assert build("species Nb, W\nE = lj()", ("Nb",)).species == ("Nb", "W")


def test_a_term_limited_to_a_species_sees_no_other() -> None:
    from ase import Atoms

    model = build("species Nb, O\nE = lj(Nb)")
    line = [[0, 0, 0], [2.6, 0, 0], [5.2, 0, 0]]
    theta = starts(model)
    mixed = by_reference(model, theta, Atoms("NbONb", line))
    alone = by_reference(model, theta, Atoms("Nb2", [line[0], line[2]]))
    assert mixed.energy == pytest.approx(alone.energy, rel=1e-12) and alone.energy != 0.0
    assert not mixed.forces[1].any()
    assert parameter(model, "lj.epsilon").free == (True, False, False)


def test_a_limit_to_all_species_is_none() -> None:
    same("species Nb, O\nE = lj(Nb, O)", "species Nb, O\nE = lj()")


# --- composition -------------------------------------------------------------------------------


def test_an_alias_is_what_it_stands_for() -> None:
    alias = "species Nb, O\nterm core(rc = 5 Å) = zbl() + morse(rc = rc)\nE = core(rc = 4)"
    equal(alias, "species Nb, O\nE = zbl() + morse(rc = 4)")


COMPOSED = {
    "lj() * gate(morse()) + zbl()": lambda lj, morse: lj / (1 + np.exp(-morse)),
    "lj() / (2 + gate(morse()))": lambda lj, morse: lj / (2 + 1 / (1 + np.exp(-morse))),
    "1 eV * tanh(lj() * morse() / 1 eV^2)": lambda lj, morse: np.tanh(lj * morse),
    "-lj() - 3 * morse()": lambda lj, morse: -lj - 3 * morse,
    "(lj() / 1 eV)^2 * 1 eV": lambda lj, morse: lj**2,
    "where(lj(), morse(), 0)": lambda lj, morse: np.where(lj > 0, morse, 0.0),
    "max(lj(), morse())": np.maximum,
    "1 eV * softplus(lj() / 1 eV)": lambda lj, morse: np.log1p(np.exp(lj)),
}


@pytest.mark.parametrize("formula", COMPOSED)
def test_functions_of_site_energies_act_atom_by_atom(formula: str) -> None:
    """Checked on site energies of the parts, far from the reach of zbl."""
    head = "species Nb\nE = "
    whole, first, second = (build(head + x) for x in (formula, "lj()", "morse()"))
    for atoms in (structures(("Nb",), 6.0, 4)[k] for k in (0, 5)):
        parts = [by_reference(m, starts(m), atoms).site_energy for m in (first, second)]
        got = by_reference(whole, starts(whole), atoms).site_energy
        np.testing.assert_allclose(got, COMPOSED[formula](*parts), rtol=1e-12, atol=1e-14)


MORSE = """term mine(rc = 6 Å, inner = 0.8 * rc) {
  param D = 0.5 eV in (0 eV, 10 eV)
  param a = 1.5 /Å in (0.1 /Å, 5 /Å)
  param r0 = 2.8 Å in (0.5 Å, 6 Å)
  pair(r) = D * ((1 - exp(-a * (r - r0)))^2 - 1) * smooth(r, inner, rc)
}
"""


def test_a_users_pair_term_is_as_good_as_the_librarys() -> None:
    equal(f"species Nb, O\n{MORSE}E = mine()", "species Nb, O\nE = morse()", 6.0)


def test_a_users_density_is_a_sum_over_neighbours() -> None:
    """Sums by pair(r) and by site(i) = sum(j) are the same energy: half of a pair to each of its atoms."""
    head = "species Nb, O\nterm t(rc = 5 Å) {\n  param D = 1 eV\n"
    by_pair = head + "  pair(r) = D * smooth(r, rc)\n}\nE = t()"
    by_site = head + "  site(i) = 0.5 * sum(j) D(i, j) * smooth(r_ij, rc)\n}\nE = t()"
    equal(by_pair, by_site)


def test_a_users_triple_counts_each_triple_once() -> None:
    """Also as a double sum over neighbours, which meets j, k and k, j."""
    head = "species Nb, O\nterm t(rc = 4 Å) {\n  param L = 1 eV per model\n"
    triple = head + "  triple(a, b, c) = L * (c + 1 / 3)^2 * smooth(a, rc) * smooth(b, rc)\n}\nE = t()"
    double = head + (
        "  inner(i, j) = sum(k) (cos_jik + 1 / 3)^2 * smooth(r_ik, rc)\n"
        "  site(i) = 0.5 * L * sum(j) inner(i, j) * smooth(r_ij, rc)\n}\nE = t()"
    )
    equal(triple, double, 4.0)


def test_the_far_side_of_a_triangle() -> None:
    """r_jk by the law of cosines: a three-body term of the far side alone, against plain distances."""
    from ase import Atoms

    text = """species Nb
term t(rc = 4 Å) {
  site(i) = 1 eV * sum(j) sum(k) r_jk / 1 Å
}
E = t()"""
    corners = np.array([[0, 0, 0], [2.0, 0.3, 0], [0.4, 2.5, 0.1]])
    far = np.linalg.norm(corners[1] - corners[2])
    got = by_reference(build(text), np.zeros(0), Atoms("Nb3", corners))
    assert got.site_energy[0] == pytest.approx(2 * far, rel=1e-12)


def test_a_switch_may_be_passed_by_name_to_a_users_term() -> None:
    text = """species Nb
term t(rc = 5 Å, fade = quick) {
  quick(r) = cosine(r, rc)
  slow(r) = smooth(r, rc)
  pair(r) = 1 eV * fade(r)
}
E = """
    same(text + "t(fade = quick)", text + "t()")
    assert build(text + "t(fade = slow)").outputs != build(text + "t()").outputs


def test_comments_and_lines_carry_no_meaning() -> None:
    same("E = lj(Nb) + zbl(Nb)", "# a comment\nE =   # here\n  lj(\n Nb,\n )\n + zbl(Nb) # there\n")


def test_the_one_line_of_the_readme() -> None:
    model = build("E = zbl(Nb) + eam(rc=5) + nn(bessel8)")
    assert model.species == ("Nb",) and [t.name for t in model.terms] == ["zbl", "eam", "nn"]
