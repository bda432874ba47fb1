"""Formulas that random specs found hard for generated C++, and those at the edges of the language."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler.backends.cpp.emit import emit
from potentia.compiler.backends.targets import TARGETS
from potentia.compiler.diagnostics.diagnostic import Diagnostic, ToolError
from potentia.runtime.potential.evaluators import evaluator
from registry import SPECIES, Loaded, assert_close, by_reference, compiled, random_theta, structures


def own(*members: str) -> str:
    lines = "\n  ".join(members)
    return f"species Nb, O\nterm own(rc = 4 Å) {{\n  {lines}\n}}\nE = own(rc = 2.9)\n"


FORMULAS = {
    "a sum of sums alone": own(
        "d(i) = sum(j) sum(k) 1.9 * smooth(r_ij, rc) * smooth(r_ik, rc)", "site(i) = 1 eV * tanh(d(i))"
    ),
    "numbers of neighbours": own(
        "param p = 0.3 per species",
        "n(i) = sum(j) p(j)",
        "m(i) = sum(j, 2 Å) 2",
        "site(i) = 1 eV * n(i) * m(i)",
    ),
    "values of neighbours in a sum of sums": own(
        "zeta(i, j) = sum(k) (1.2 + cos_jik^2)^-1 * smooth(r_ik, rc)",
        "triple(a, b, x) = 1 eV * min(x, zeta(i, j)) * smooth(a, rc) * smooth(b, rc)",
    ),
    "equal and nested cutoffs": own(
        "rho(i) = sum(j, 2.9 Å) smooth(r_ij, 2.9 Å)",
        "near(i) = sum(j, 1.7 Å) smooth(r_ij, 1.7 Å) * rho(i)",
        "site(i) = 1 eV * rho(i) * near(i)",
        "pair(r) = 1 eV * smooth(r, rc) * rho(i)",
    ),
    "a sum farther than the term": own(
        "rho(i) = sum(j, 4 Å) smooth(r_ij, 4 Å)", "pair(r) = 1 eV * smooth(r, rc) * rho(i)"
    ),
    "no neighbours": "species Nb, O\nE = reference()\n",
    "no parameters": "species Nb, O\nE = zbl()\n",
    "species that never meet": "species Nb, O\nE = lj(Nb, rc = 3) + zbl(O)\n",
    "an atom's number alone": own("site(i) = 1 eV * atomic_number(i) / 50"),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_as_the_reference_has_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTENTIA_CXXFLAGS", "-O0")
    model = compiled(FORMULAS[name], optimized=False, species=SPECIES[:2])
    zoo, theta = structures(SPECIES[:2], 2.9, 1), random_theta(model, 1)
    run = Loaded(model, TARGETS["cpp"](), usual=True)
    for atoms, got in zip(zoo, run(theta, zoo), strict=True):
        assert_close(got, by_reference(model, theta, atoms), 1e-9)


BEYOND = own("rho(i) = sum(j) smooth(r_ij, rc)", "pair(r) = 1 eV * rho(j) * smooth(r, rc)").replace(
    "E = ", "E = zbl() + "
)


def test_a_term_that_reads_sums_of_neighbours_is_named() -> None:
    with pytest.raises(ToolError) as caught:
        emit(compiled(BEYOND, optimized=False))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "reads-beyond-neighbours"
    assert diagnostic.message.startswith("`own` reads sums of a neighbour")
    assert "--target xla" in (diagnostic.help or "")


def test_xla_takes_what_is_refused() -> None:
    said: list[Diagnostic] = []
    found = evaluator(compiled(BEYOND, optimized=False), lambda dtype: object(), on_warning=said.append)  # type: ignore[arg-type,return-value]
    assert found.target == "xla"
    assert [(d.code, d.severity) for d in said] == [("reads-beyond-neighbours", "warning")]


def test_a_value_of_the_neighbours_species_is_no_value_beyond() -> None:
    text = own("param p = 0.3 eV per species", "pair(r) = p(j) * smooth(r, rc)")
    assert np.isfinite(emit(compiled(text, optimized=False)).cutoff)
