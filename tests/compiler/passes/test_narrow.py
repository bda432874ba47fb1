"""Which numbers a parameter has (components kept, rows joined, entries fixed), and what kernels do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from potentia.compiler import pipeline
from potentia.compiler.ir.graph import Model
from potentia.compiler.ir.printer import print_model
from potentia.compiler.ir.reader import parse_model
from potentia.compiler.passes.narrow import narrow_components
from potentia.compiler.syntax.formatter import format_source
from registry import Evaluator, assert_close, by_reference, compiled, random_theta, structures


def build(energy: str, species: str = "Nb") -> Model:
    return compiled(f"species {species}\nE = {energy}\n", optimized=False)


def theta_like(whole: Model, kept: Model, theta: np.ndarray) -> np.ndarray:
    """Parameters of the whole model: those of the other by name, every row of a joined one, 0 where it has
    none.
    """
    values = {}
    for name, value in zip(kept.vector.names, theta, strict=True):
        parameter, _, entry = name.partition("[")
        rows, *component = entry.rstrip("]").split(",")
        for row in rows.split("="):
            entry = ",".join([row, *component])
            values[f"{parameter}[{entry}]" if entry else parameter] = value
    return np.array([values.get(name, 0.0) for name in whole.vector.names])


def agree(kept: str, whole: str, species: str, seed: int, rc: float = 4.0) -> None:
    """The optimized kernel of the one gives what the reference says of the other."""
    small, large = build(kept, species), build(whole, species)
    theta = random_theta(small, seed)
    full = theta_like(large, small, theta)
    zoo = [structures(small.species, rc, seed)[k] for k in (0, 5)]
    wanted = [by_reference(large, full, atoms) for atoms in zoo]
    assert_close(by_reference(small, theta, zoo[0]), wanted[0], 1e-11)
    for got, want in zip(Evaluator(pipeline.optimize(small, checked=True))(theta, zoo), wanted, strict=True):
        assert_close(got, want, 1e-10)


# --- numbers -----------------------------------------------------------------------------------


def test_kept_components_are_the_only_numbers_and_keep_their_names() -> None:
    model = build("pair(bessel16, c = keep(7, 0, 3))")
    assert list(model.vector.names) == ["pair.c[0]", "pair.c[3]", "pair.c[7]"]
    assert model.parameters[0].start == (0.0, 0.0, 0.0)


def test_one_kept_component_still_has_its_number() -> None:
    assert list(build("pair(bessel4, c = keep(2))").vector.names) == ["pair.c[2]"]


def test_kept_components_have_the_declared_start_unless_given_another() -> None:
    term = "term t(rc = 4 Å) {\n param c[3] = [1 eV, 2 eV, 3 eV] per model\n"
    term += " pair(r) = total(c) * smooth(r, rc)\n}\nE = "
    choices = ("keep(2, 0)", "keep(2, 0, start = [5, 6])")
    plain, given = (compiled(term + f"t(Nb, c = {c})", False) for c in choices)
    assert plain.parameters[0].start == (1.0, 3.0) and given.parameters[0].start == (6.0, 5.0)


def test_rows_keep_components_of_their_own() -> None:
    model = build("pair(bessel4, c = {Nb-Nb: keep(0, 3), Nb-W: keep(), W-W: keep(3)})", "Nb, W")
    assert list(model.vector.names) == ["pair.c[Nb-Nb,0]", "pair.c[Nb-Nb,3]", "pair.c[W-W,3]"]


def test_nothing_kept_is_no_parameter() -> None:
    assert [p.name for p in build("eam(c = keep())").parameters] == ["eam.beta", "eam.A", "eam.B"]


def test_joined_rows_are_one_number() -> None:
    model = build("morse(D = {Nb-Nb = W-W: 0.4, Nb-W: 0.6})", "Nb, W")
    assert list(model.vector.names[:2]) == ["morse.D[Nb-Nb=W-W]", "morse.D[Nb-W]"]
    assert model.parameters[0].start == (0.4, 0.6) and model.parameters[0].places == (0, 1, 0)


def test_an_entry_may_be_fixed_or_bounded() -> None:
    model = build("morse(D = {Nb-Nb: fixed 0.4, Nb-W: 0.6 in (0.5, 0.7), W-W: 1})", "Nb, W")
    d = model.parameters[0]
    assert d.free == (False, True, True)
    assert d.lower == (0.0, 0.5, 0.0) and d.upper == (10.0, 0.7, 10.0)


def test_a_choice_may_be_bounded_or_fixed() -> None:
    c = build("pair(bessel4, c = fixed keep(1, start = 2) in (0, 3))").parameters[0]
    assert (c.start, c.lower, c.upper, c.free) == ((2.0,), (0.0,), (3.0,), (False,))


def test_what_is_written_is_formatted_and_printed() -> None:
    text = (
        "species Nb, W\n"
        "E = pair(bessel4, c = {Nb-Nb: keep(0, 3), Nb-W = W-W: fixed keep(1, start = 0.5 eV)})\n"
        "  + morse(D = {Nb-Nb = Nb-W: 0.5 in (0, 1), W-W: fixed 0.7})\n"
    )
    assert format_source(text) == text
    model = compiled(text, optimized=False)
    for stage in (model, pipeline.optimize(model)):
        printed = print_model(stage)
        assert print_model(parse_model(printed)) == printed
        assert parse_model(printed).parameters == model.parameters


# --- kernels -----------------------------------------------------------------------------------

CASES = {
    "components": ("pair(bessel6, rc=4, c = keep(1, 4))", "pair(bessel6, rc=4)", "Nb"),
    "rows of components": (
        "pair(gaussian5, rc=4, c = {Nb-Nb: keep(0, 3), Nb-O = O-O: keep(1)})",
        "pair(gaussian5, rc=4)",
        "Nb, O",
    ),
    "joined": (
        "sw(rc = 4.6, lambda = {Nb-Nb-Nb = Nb-Nb-O: 1, Nb-O-O: 2, O-Nb-Nb = O-Nb-O = O-O-O: 3})",
        "sw(rc = 4.6)",
        "Nb, O",
    ),
    "invariants": ("three_body(bessel3, rc=4, c = keep(0, 9, 11, 20))", "three_body(bessel3, rc=4)", "Nb"),
    "triads": (
        "snap(rc=4, twojmax=3, c = keep(2, 4, 7), q = keep(5, 9), form = quadratic)",
        "snap(rc=4, twojmax=3, form = quadratic)",
        "Nb",
    ),
    "one degree of two channels": (
        "three_body(bessel3, rc=4, c = keep(12, 13, 15))",
        "three_body(bessel3, rc=4)",
        "Nb",
    ),
    "part of a term": ("eam(rc=4, c = keep()) + nn(bessel3, hidden=[3], rc=4)",) * 2 + ("Nb",),
    "splines and chebyshev": (
        "pair(spline8, rc=4, c = keep(0, 5)) + pair(chebyshev8, rc=4, c = keep(2, 5))",
        "pair(spline8, rc=4) + pair(chebyshev8, rc=4)",
        "Nb",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_kept_is_nothing(case: str) -> None:
    agree(*CASES[case], seed=3)


@settings(
    max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(kept=st.sets(st.integers(0, 29), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_any_choice_of_invariants(kept: set[int], seed: int) -> None:
    """Two species: 30 invariants of 4 channels and degrees 0, 1, 2, another choice for each species."""
    first, second = sorted(kept), sorted(29 - k for k in kept)
    row = [f"keep({', '.join(map(str, k))})" for k in (first, second)]
    call = "three_body(bessel2, l=2, rc=4"
    agree(f"{call}, c = {{Nb: {row[0]}, O: {row[1]}}})", f"{call})", "Nb, O", seed)


def components(model: Model) -> int:
    """All components that a kernel works out on neighbours."""
    roots = {k: v for k, v in model.outputs.items() if k != "site_energy"}
    nodes = model.with_outputs(roots).nodes()
    return sum(n.kind.components for n in nodes if n.kind.domain.name in ("pair", "edge"))


@pytest.mark.parametrize(
    ("whole", "kept", "like"),
    [
        ("pair(gaussian16)", "pair(gaussian16, c = keep(1, 5))", "pair(gaussian2)"),
        ("pair(bessel16)", "pair(bessel16, c = keep(0, 1))", "pair(bessel2)"),
        (
            "three_body(bessel5)",
            "three_body(bessel5, c = keep(0, 1, 5, 15, 16, 20))",
            "three_body(bessel2, l=1)",
        ),
    ],
)
def test_functions_that_nothing_reads_are_not_worked_out(whole: str, kept: str, like: str) -> None:
    full, small, least = (components(compiled(f"species Nb\nE = {x}")) for x in (whole, kept, like))
    assert small < 0.6 * full and small <= 1.15 * least  # choices of components are counted, and free


def test_a_model_that_keeps_everything_is_left_as_it_is() -> None:
    model = pipeline.optimize(build("three_body()"), until="expand")
    assert narrow_components(model) is model
