"""Operations per atom, counted on the optimized IR."""

from __future__ import annotations

import pytest
from potentia.compiler import pipeline
from potentia.compiler.analysis.flops import operations_per_atom


def cost(energy: str, density: float = 0.05) -> float:
    model = pipeline.build(pipeline.check(pipeline.parse(f"species Nb\nE = {energy}\n")))
    return operations_per_atom(pipeline.optimize(model), density)


def test_work_goes_with_the_number_of_neighbours() -> None:
    near, far = cost("lj(rc = 4)"), cost("lj(rc = 8)")
    assert far / near == pytest.approx(8.0, rel=0.02)
    assert cost("lj(rc = 4)", 0.1) / near == pytest.approx(2.0, rel=0.02)


def test_triples_go_with_its_square() -> None:  # far out, where pairs are next to nothing
    assert cost("sw(rc = 16)") / cost("sw(rc = 8)") == pytest.approx(64.0, rel=0.1)


def test_an_energy_of_atoms_alone_costs_next_to_nothing() -> None:
    assert cost("reference()") < 10


def test_what_is_not_kept_costs_nothing() -> None:
    whole = cost("three_body(bessel4, l = 4, rc = 5)")
    assert cost("three_body(bessel4, l = 4, rc = 5, c = keep(0, 1))") < 0.2 * whole
