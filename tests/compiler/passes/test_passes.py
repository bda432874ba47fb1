"""Each pass makes the structure it is for, and leaves the numbers as they were."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from potentia.compiler import pipeline
from potentia.compiler.backends.reference.harmonics import harmonics as textbook_harmonics
from potentia.compiler.chemistry.units import EV, ONE
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.ir import ops
from potentia.compiler.ir.graph import Model, Node, topological
from potentia.compiler.ir.types import NONE, SITE, Domain, Kind
from potentia.compiler.ir.verify import verify
from potentia.compiler.passes.cse import ordered, share_subexpressions
from potentia.compiler.passes.drop_dead import drop_dead_parts
from potentia.compiler.passes.expand import _expand as expanded
from potentia.compiler.passes.simplify import simplify_model
from registry import (
    Evaluator,
    assert_close,
    by_reference,
    compiled,
    defaults,
    dimer,
    random_theta,
    structures,
)

EDGE = Domain("edge", 5.0)
PAIRS = ("lj", "morse", "buckingham", "born_mayer", "coulomb_cut", "pair", "zbl", "fs", "eam")


def until(text: str, step: str) -> Model:
    return pipeline.optimize(compiled(text, optimized=False), until=step, checked=True)


def op_names(model: Model) -> set[str]:
    return {n.op.name for n in model.nodes()}


def domains(model: Model) -> set[str]:
    return {n.kind.domain.name for n in model.nodes()}


# --- structure ---------------------------------------------------------------------------------


@pytest.mark.parametrize("term", PAIRS)
def test_symmetrize_leaves_no_directed_neighbours_of_pair_terms(term: str) -> None:
    assert "edge" in domains(until(f"species Nb, O\nE = {term}()", "cse"))
    assert not {"edge", "triple"} & domains(until(f"species Nb, O\nE = {term}()", "symmetrize"))


@pytest.mark.parametrize("term", ["sw", "tersoff", "three_body", "nn"])
def test_symmetrize_leaves_directions_and_wide_rows_on_the_dense_list(term: str) -> None:
    assert "edge" in domains(until(f"species Nb, O\nE = {term}()", "symmetrize"))


def test_a_symmetric_pair_is_computed_once() -> None:
    """sum_i and sum_j of one node, not of two."""
    sums = [n for n in until("E = lj(Nb)", "symmetrize").nodes() if n.op in (ops.sum_i, ops.sum_j)]
    assert len({n.args[0] for n in sums}) == 1 and {n.op.name for n in sums} == {"sum_i", "sum_j"}


def test_a_pair_that_is_not_symmetric_keeps_both_directions() -> None:
    body = "param q = 1 eV per species\n pair(r) = q(j) * smooth(r, rc)"
    text = f"species Nb, O\nterm t(rc = 4 Å) {{\n {body}\n}}\nE = t()"
    sums = [n for n in until(text, "symmetrize").nodes() if n.op in (ops.sum_i, ops.sum_j)]
    assert len({n.args[0] for n in sums}) == 2


@pytest.mark.parametrize("basis", ["bessel(6)", "chebyshev(6)"])
def test_recur_leaves_no_families(basis: str) -> None:
    model = compiled(f"species Nb, O\nE = pair({basis}) + nn({basis})")
    assert not {"sines", "cosines", "chebyshev", "chebyshev2"} & op_names(model)
    assert "chain" in op_names(model)


def test_recur_shares_one_sine_and_cosine() -> None:
    """All orders and all slopes of the family of one distance."""
    model = compiled("E = pair(Nb, bessel(8))")
    assert sum(n.op is ops.sin for n in model.nodes()) == 1
    assert sum(n.op is ops.cos for n in model.nodes()) == 1


def test_lists_of_near_cutoffs_are_shared() -> None:
    def lists(text: str) -> tuple[Domain, ...]:
        return compiled(text).lists()

    assert lists("E = morse(Nb, rc=5) + lj(Nb, rc=4.8)") == (Domain("pair", 5.0),)
    assert lists("E = lj(Nb, rc=5) + zbl(Nb, outer=1.8)") == (Domain("pair", 1.8), Domain("pair", 5.0))
    assert lists("E = nn(Nb, rc=5) + three_body(Nb, rc=4.8)") == (Domain("edge", 5.0),)


def test_atoms_between_two_cutoffs_count_for_one_term_only() -> None:
    text = "E = morse(Nb, rc=4.5) + lj(Nb, rc=5) + eam(Nb, rc=4.3)"
    run, built = Evaluator(compiled(text)), compiled(text, optimized=False)
    assert run.model.lists() == (Domain("pair", 5.0),)
    between(run, built)


def test_a_term_that_is_no_number_beyond_its_cutoff_keeps_its_list() -> None:
    """What is masked is 0, but its derivative would be 0 times infinity."""
    steep = "term steep(rc = 4.5 Å) { pair(r) = 1 eV * exp(1 Å / (r - rc)) * sqrt((rc - r) / rc) }\n"
    text = steep + "E = steep(Nb) + lj(Nb, rc=5)"
    run, built = Evaluator(compiled(text)), compiled(text, optimized=False)
    assert run.model.lists() == (Domain("pair", 4.5), Domain("pair", 5.0))
    between(run, built)


def between(run: Evaluator, built: Model) -> None:
    """The reference, which has a list for each cutoff, on atoms on both sides of 4.5 Å."""
    zoo = [structures(("Nb",), 4.6, 2)[k] for k in (0, 4, 5)]
    zoo += [dimer("Nb", "Nb", r) for r in (3.0, 4.4999, 4.5, 4.5001, 4.501, 4.9, 5.0)]
    theta = random_theta(built, 1)
    for atoms, got in zip(zoo, run(theta, zoo), strict=True):
        assert np.isfinite(got.forces).all()
        assert_close(got, by_reference(built, theta, atoms), 1e-10)


def test_expand_gives_the_textbook_harmonics_and_their_slopes() -> None:
    """Slopes by the complex step, which is exact, of the textbook's polynomials."""
    rng = np.random.default_rng(0)
    u = rng.normal(size=(3, 50))
    u /= np.linalg.norm(u, axis=0)
    direction = ops.param(name="u", kind=Kind(NONE, (3,), ONE))
    for degree in range(5):
        many = (degree + 1) ** 2
        got = number(expanded(ops.sphericals(direction, l=degree)), {"u": u}) + 0 * u[0]
        np.testing.assert_allclose(got, np.broadcast_arrays(*textbook_harmonics(*u))[:many], atol=1e-14)
        slopes = number(expanded(ops.spherical_slopes(direction, l=degree)), {"u": u}) + 0 * u[0]
        for axis in range(3):
            moved = u + 1e-30j * np.eye(3)[:, axis : axis + 1]
            want = [y.imag / 1e-30 for y in np.broadcast_arrays(*textbook_harmonics(*moved))[:many]]
            np.testing.assert_allclose(slopes[:, axis], want, atol=1e-13)


def number(node: Node, values: dict[str, np.ndarray]) -> np.ndarray:
    """A formula of parameters by NumPy; feature axes first, then points."""
    found: dict[Node, np.ndarray] = {}
    for n in topological([node]):
        args = [found[a] for a in n.args]
        found[n] = _ONE_STEP[n.op.name](n, args, values)
    return found[node]


_ONE_STEP: dict[str, Callable[[Node, list[np.ndarray], dict[str, np.ndarray]], np.ndarray]] = {
    "param": lambda n, args, values: values[n["name"]],
    "const": lambda n, args, values: np.array(n["values"]).reshape(*n.kind.shape, 1),
    "pow": lambda n, args, values: args[0] ** n["exponent"],
    "neg": lambda n, args, values: -args[0],
    "add": lambda n, args, values: args[0] + args[1],
    "mul": lambda n, args, values: args[0] * args[1],
    "take": lambda n, args, values: args[0][list(n["indices"])],
    "stack": lambda n, args, values: np.stack(np.broadcast_arrays(*args)),
    "reshape": lambda n, args, values: args[0].reshape(*n["shape"], -1),
}


def test_expand_leaves_no_harmonics() -> None:
    assert "sphericals" not in op_names(until("E = three_body(Nb, l=4)", "expand"))


def test_drop_dead_drops_what_nothing_reads() -> None:
    model = compiled("E = eam(Nb)", optimized=False)
    assert {p.name for p in model.parameters} == {"eam.c", "eam.beta", "eam.A", "eam.B"}
    nothing = model.with_outputs({"energy": ops.constant(0.0, EV, SITE)})
    assert drop_dead_parts(nothing).parameters == ()


def test_cse_merges_products_in_any_order() -> None:
    a, b, c = (ops.param(name=n, kind=Kind(NONE, (), ONE)) for n in "abc")
    one = ordered(ops.mul(ordered(ops.mul(a, b)), c))
    other = ordered(ops.mul(ordered(ops.mul(c, b)), a))
    assert one is other
    assert ordered(ops.max(a, b)) is ordered(ops.max(b, a))


def test_differentiate_gives_forces_and_virial() -> None:
    model = until("E = lj(Nb)", "differentiate")
    assert set(model.outputs) == {"energy", "site_energy", "forces", "virial"}


def test_optimizing_twice_what_is_simple_changes_nothing() -> None:
    for variant in defaults():
        model = until(variant.spec(), "simplify again")
        assert simplify_model(model).outputs == model.outputs, variant.name


# --- numbers -----------------------------------------------------------------------------------

NUMBERS = st.sampled_from(["0", "1", "0.5", "-2", "3"])
EDGE_LEAVES = st.sampled_from(
    [
        "r_ij / 1 Å",
        "smooth(r_ij, rc)",
        "q(i)",
        "q(j)",
        "w",
        "rho(i)",
        "rho(j)",
        "atomic_number(j) / 41",
        "cosine(r_ij, 1, rc)",
    ]
)
FUNCTIONS = st.sampled_from(
    ["exp(-({0})^2)", "tanh({0})", "gate({0})", "sqrt(abs({0}))", "softplus({0})", "sin({0})"]
)
BINARY = st.sampled_from(
    [
        "({0} + {1})",
        "({0} - {1})",
        "({0} * {1})",
        "max({0}, {1})",
        "min({0}, {1})",
        "{0} / (1 + ({1})^2)",
        "where({0}, {1}, 2)",
    ]
)


def grown(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        leaves | NUMBERS,
        lambda inner: (
            st.builds(str.format, FUNCTIONS, inner)
            | st.builds(str.format, BINARY, inner, inner)
            | inner.map(lambda x: f"({x})^2")
        ),
        max_leaves=7,
    )


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A term with a density, a pair body, and a site body with a second sum over neighbours."""
    pair = draw(grown(EDGE_LEAVES)).replace("r_ij", "r")
    return f"""species Nb, O
term t(rc = 4 Å) {{
  param q = 0.7 per species
  param w = 0.4
  rho(i) = sum(j) q(j) * smooth(r_ij, rc)
  f(i, j) = {draw(grown(EDGE_LEAVES))}
  g(i) = sum(j) f(i, j) * smooth(r_ij, rc)
  pair(r) = 1 eV * ({pair}) * smooth(r, rc)
  site(i) = 1 eV * ({draw(grown(st.sampled_from(["g(i)", "rho(i)", "q(i)"])))})
}}
E = t() + lj(rc = 3.8)
"""


@settings(
    max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(text=specs(), seed=st.integers(0, 99))
def test_passes_leave_the_numbers_of_random_formulas(text: str, seed: int) -> None:
    try:
        built = compiled(text, optimized=False)
    except SpecError as error:
        assume(error.diagnostics[0].code in ("division-by-zero",))
        raise
    theta = random_theta(built, seed)
    zoo = [structures(("Nb", "O"), 4.0, seed)[k] for k in (1, 5, 6, 8)]
    for atoms, got in zip(zoo, Evaluator(pipeline.optimize(built, checked=True))(theta, zoo), strict=True):
        assert_close(got, by_reference(built, theta, atoms), 1e-9)


REFERENCE_STEPS = ("simplify", "cse")


@pytest.mark.parametrize("variant", defaults(), ids=lambda v: v.name)
def test_local_passes_leave_the_numbers_of_the_reference(variant: object) -> None:
    """What the reference can evaluate (sums over directed neighbours) it evaluates before and after."""
    text = variant.spec()  # type: ignore[attr-defined]
    built = compiled(text, optimized=False)
    rc = max((d.rc or 0.0 for d in built.lists()), default=0.0)
    theta, zoo = random_theta(built, 4), structures(("Nb", "O"), rc, 4)
    for step in REFERENCE_STEPS:
        after = share_subexpressions(until(text, step))
        verify(after)
        for atoms in (zoo[1], zoo[5]):
            assert_close(by_reference(after, theta, atoms), by_reference(built, theta, atoms), 1e-11)
