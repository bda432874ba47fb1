"""Coefficients of pairs of species on atoms: the structure that the pass makes, and that the numbers stay."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler import pipeline
from potentia.compiler.ir import ops
from potentia.compiler.ir.graph import Model
from potentia.compiler.ir.printer import print_model
from potentia.compiler.ir.reader import parse_model
from potentia.compiler.ir.types import NONE, Domain, Kind, KindError
from registry import Evaluator, assert_close, by_reference, compiled, random_theta, structures

SUMMED = """
term summed(rc = 4.5 Å, basis = chebyshev3) {{
  param c[6] = random(0.5) {sharing}
  x(i) = sum(j) mix(c, basis(r_ij, rc)) * smooth(r_ij, rc)
  site(i) = 1 eV * total(tanh(x(i)))
}}
E = summed()
"""
MIXED = """
term mixed(rc = 4.5 Å, basis = chebyshev3) {{
  param c[6] = random(0.5) {sharing}
  A(i) = sum(j) outer(mix(c, basis(r_ij, rc)) * smooth(r_ij, rc), harmonics(u_ij, 1))
  site(i) = 1 eV * total(tanh(invariants(A(i))))
}}
E = mixed()
"""
SPECIES = ("Nb", "O", "Li")


def model(text: str, sharing: str, species: tuple[str, ...] = SPECIES) -> Model:
    return compiled(f"species {', '.join(species)}\n" + text.format(sharing=sharing), optimized=False)


def op_names(model: Model) -> set[str]:
    return {n.op.name for n in model.nodes()}


@pytest.mark.parametrize("sharing", ["per pair", "per ordered pair"])
def test_no_coefficients_are_looked_up_on_neighbours(sharing: str) -> None:
    for text in (SUMMED, MIXED):
        made = pipeline.optimize(model(text, sharing), checked=True)
        assert "rows_of" in op_names(made)
        assert not any(n.op is ops.at and n.kind.domain.name == "edge" and n.kind.shape for n in made.nodes())


def test_functions_are_summed_before_they_are_mixed() -> None:
    made = pipeline.optimize(model(SUMMED, "per ordered pair"))
    (sums,) = (n for n in made.nodes() if n.op is ops.sum_species)
    assert sums.kind.shape == (len(SPECIES), 3)
    one = pipeline.optimize(model(SUMMED, "per ordered pair", ("Nb",)))
    assert "sum_species" not in op_names(one)
    assert any(n.op is ops.sum_i and n.kind.shape == (3,) for n in one.nodes())


def test_of_many_species_coefficients_are_looked_up() -> None:
    many = ("Li", "Nb", "O", "Te", "Zr", "La", "Fe", "Ni", "Cu")
    assert "rows_of" not in op_names(pipeline.optimize(model(MIXED, "per ordered pair", many)))


@pytest.mark.parametrize("sharing", ["per pair", "per ordered pair", "per species", "per model"])
@pytest.mark.parametrize("text", [SUMMED, MIXED], ids=["summed", "mixed"])
def test_the_numbers_stay(text: str, sharing: str) -> None:
    sharing = sharing if "species" not in sharing else "per species"
    text = text.replace("mix(c,", "mix(c(i),") if sharing == "per species" else text
    built = model(text, sharing)
    theta = random_theta(built, 3)
    zoo = structures(SPECIES, 4.5, 5)
    run = Evaluator(pipeline.optimize(built, checked=True))
    for atoms, got in zip(zoo, run(theta, zoo), strict=True):
        assert_close(got, by_reference(built, theta, atoms), 1e-10)


def test_what_is_kept_of_the_coefficients_is_used() -> None:
    text = f"species Nb, O\n{SUMMED.format(sharing='per ordered pair')}".replace(
        "summed()", "summed(c = keep(1, 5))"
    )
    built = compiled(text, optimized=False)
    theta = random_theta(built, 1)
    zoo = structures(("Nb", "O"), 4.5, 2)
    run = Evaluator(pipeline.optimize(built, checked=True))
    for atoms, got in zip(zoo, run(theta, zoo), strict=True):
        assert_close(got, by_reference(built, theta, atoms), 1e-10)


def test_the_printed_model_reads_back() -> None:
    made = pipeline.optimize(model(MIXED, "per ordered pair"))
    assert parse_model(print_model(made)).outputs == dict(made.outputs)


def test_rows_are_of_tables_of_pairs() -> None:
    table = ops.param(name="t.c", kind=Kind(Domain("species"), (2,)))
    with pytest.raises(KindError, match="species is not a table of pairs"):
        ops.rows_of(table, species=2)
    value = ops.param(name="t.d", kind=Kind(NONE, (2,)))
    with pytest.raises(KindError, match="a value for each edge is needed"):
        ops.sum_species(value, within=4.0, species=2)


def test_a_sum_may_end_before_the_term_does() -> None:
    """sum(j, reach) is the sum of a term that reaches so far."""
    text = """species Nb, O
term near(rc = 5 Å) {
  param a = 0.3 eV per species
  site(i) = a(i) * sum(j, 3 Å) smooth(r_ij, 3 Å) * cosine(r_ij, 3 Å)
}
term far(rc = 3 Å) {
  param a = 0.3 eV per species
  site(i) = a(i) * sum(j) smooth(r_ij, rc) * cosine(r_ij, rc)
}
"""
    near, far = (compiled(f"{text}E = {name}()", optimized=False) for name in ("near", "far"))
    assert near.lists() == far.lists()
    theta = np.array([0.3, 0.7])
    for atoms in structures(("Nb", "O"), 4.0, 7):
        assert_close(by_reference(near, theta, atoms), by_reference(far, theta, atoms), 1e-13)
