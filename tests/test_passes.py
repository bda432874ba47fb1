"""Each pass makes the structure it is for, and leaves the numbers as they were."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from potentia.compiler import pipeline
from potentia.compiler.backends.reference import _textbook_harmonics
from potentia.compiler.diagnostics import SpecError
from potentia.compiler.ir import Model, Node, topological
from potentia.compiler.kinds import NONE, SITE, Domain, Kind
from potentia.compiler.ops import const, make
from potentia.compiler.passes import simplify
from potentia.compiler.passes.cse import ordered, share_subexpressions
from potentia.compiler.passes.drop_dead import drop_dead_parts
from potentia.compiler.passes.expand import _degree
from potentia.compiler.passes.fold import fold_constants
from potentia.compiler.passes.simplify import RULES, simplify_model
from potentia.compiler.units import ANGSTROM, EV, ONE
from potentia.compiler.verifier import verify
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


def ops(model: Model) -> set[str]:
    return {n.op for n in model.nodes()}


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
    sums = [n for n in until("E = lj(Nb)", "symmetrize").nodes() if n.op in ("sum_i", "sum_j")]
    assert len({n.args[0] for n in sums}) == 1 and {n.op for n in sums} == {"sum_i", "sum_j"}


def test_a_pair_that_is_not_symmetric_keeps_both_directions() -> None:
    body = "param q = 1 eV per species\n pair(r) = q(j) * smooth(r, rc)"
    text = f"species Nb, O\nterm t(rc = 4 Å) {{\n {body}\n}}\nE = t()"
    sums = [n for n in until(text, "symmetrize").nodes() if n.op in ("sum_i", "sum_j")]
    assert len({n.args[0] for n in sums}) == 2


@pytest.mark.parametrize("basis", ["bessel(6)", "chebyshev(6)"])
def test_recur_leaves_no_families(basis: str) -> None:
    model = compiled(f"species Nb, O\nE = pair({basis}) + nn({basis})")
    assert not {"sines", "cosines", "chebyshev", "chebyshev2"} & ops(model)
    assert "chain" in ops(model)


def test_recur_shares_one_sine_and_cosine() -> None:
    """All orders and all slopes of the family of one distance."""
    model = compiled("E = pair(Nb, bessel(8))")
    assert sum(n.op == "sin" for n in model.nodes()) == 1
    assert sum(n.op == "cos" for n in model.nodes()) == 1


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


def test_expand_gives_the_textbook_harmonics() -> None:
    rng = np.random.default_rng(0)
    u = rng.normal(size=(50, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    x, y, z = (make("param", name=n, kind=Kind(NONE, (), ONE)) for n in "xyz")
    values = {"x": u[:, 0], "y": u[:, 1], "z": u[:, 2]}
    got = [number(p, values) for degree in range(5) for p in _degree(degree, x, y, z)]
    want = _textbook_harmonics(u[:, 0], u[:, 1], u[:, 2])
    for mine, textbook in zip(got, want, strict=True):
        np.testing.assert_allclose(mine + 0 * u[:, 0], textbook, atol=1e-14)


def test_expand_leaves_no_harmonics() -> None:
    assert "sphericals" not in ops(until("E = three_body(Nb, l=4)", "expand"))


def test_drop_dead_drops_what_nothing_reads() -> None:
    model = compiled("E = eam(Nb)", optimized=False)
    assert {p.name for p in model.parameters} == {"eam.c", "eam.beta", "eam.A", "eam.B"}
    nothing = model.with_outputs({"energy": const(0.0, EV, SITE)})
    assert drop_dead_parts(nothing).parameters == ()


def test_cse_merges_products_in_any_order() -> None:
    a, b, c = (make("param", name=n, kind=Kind(NONE, (), ONE)) for n in "abc")
    one = ordered(make("mul", ordered(make("mul", a, b)), c))
    other = ordered(make("mul", ordered(make("mul", c, b)), a))
    assert one is other
    assert ordered(make("max", a, b)) is ordered(make("max", b, a))


def test_differentiate_gives_forces_and_virial() -> None:
    model = until("E = lj(Nb)", "differentiate")
    assert set(model.outputs) == {"energy", "site_energy", "forces", "virial"}


def test_optimizing_twice_what_is_simple_changes_nothing() -> None:
    for variant in defaults():
        model = until(variant.spec(), "simplify again")
        assert simplify_model(model).outputs == model.outputs, variant.name


# --- rules -------------------------------------------------------------------------------------

X, Y = (make("param", name=n, kind=Kind(NONE, (), ONE)) for n in "xy")
V = make("param", name="v", kind=Kind(NONE, (3,), ONE))
R = make("distance", domain=EDGE)
AT_I = make("param", name="s", kind=Kind(SITE, (), ONE))
ONES = const(1.0, domain=EDGE)
SPREAD = make("mul", ONES, X)


def product(a: Node, b: Node) -> Node:
    return make("mul", a, b)


def power(x: Node, exponent: float) -> Node:
    return make("pow", x, exponent=exponent)


Case = tuple[Callable[[Node], Node | None], Node, Node | None]
RULE_CASES: dict[str, Case] = {
    "x + 0": (simplify.add_zero, make("add", X, const(0.0)), X),
    "0 + x": (simplify.add_zero, make("add", const(0.0), X), X),
    "x + 0 over more atoms stays": (simplify.add_zero, make("add", X, const(0.0, domain=SITE)), None),
    "1·x": (simplify.mul_one, product(const(1.0), X), X),
    "1·x in a unit stays": (simplify.mul_one, product(const(1.0, EV), X), None),
    "1·x over more atoms stays": (simplify.mul_one, product(const(1.0, domain=SITE), X), None),
    "2·x stays": (simplify.mul_one, product(const(2.0), X), None),
    "0·x": (simplify.mul_zero, product(const(0.0), X), const(0.0)),
    "0·x keeps unit and domain": (
        simplify.mul_zero,
        product(const(0.0, EV), R),
        const(0.0, EV * ANGSTROM, EDGE),
    ),
    "x·y stays": (simplify.mul_zero, product(X, Y), None),
    "a sum of 0": (
        simplify.carry_zero,
        make("sum_i", const(0.0, domain=EDGE), within=5.0),
        const(0.0, domain=SITE),
    ),
    "a sum of 1 stays": (simplify.carry_zero, make("sum_i", ONES, within=5.0), None),
    "exp of 0 stays": (simplify.carry_zero, make("exp", const(0.0)), None),
    "−−x": (simplify.neg_neg, make("neg", make("neg", X)), X),
    "−x stays": (simplify.neg_neg, make("neg", X), None),
    "−(c·x)": (simplify.neg_const_product, make("neg", product(const(2.0), X)), product(const(-2.0), X)),
    "−(x·y) stays": (simplify.neg_const_product, make("neg", product(X, Y)), None),
    "x·(−y)": (simplify.mul_neg, product(X, make("neg", Y)), make("neg", product(X, Y))),
    "x·c": (simplify.constants_first, product(X, const(2.0)), product(const(2.0), X)),
    "c·x stays": (simplify.constants_first, product(const(2.0), X), None),
    "1·x with a value there": (simplify.ones_in_product, product(SPREAD, R), product(X, R)),
    "1·x alone stays": (simplify.ones_in_product, SPREAD, None),
    "carrying 1·x": (
        simplify.carry_spread,
        make("to_i", make("mul", const(1.0, domain=SITE), X), domain=EDGE),
        SPREAD,
    ),
    "carrying a site's value stays": (simplify.carry_spread, make("to_i", AT_I, domain=EDGE), None),
    "x^1": (simplify.pow_of, power(X, 1.0), X),
    "x^0": (simplify.pow_of, power(X, 0.0), const(1.0)),
    "(x^2)^3": (simplify.pow_of, power(power(X, 2.0), 3.0), power(X, 6.0)),
    "(x^2)^½ stays, it is |x|": (simplify.pow_of, power(power(X, 2.0), 0.5), None),
    "x²·x³": (simplify.mul_powers, product(power(X, 2.0), power(X, 3.0)), power(X, 5.0)),
    "x·x": (simplify.mul_powers, product(X, X), power(X, 2.0)),
    "x·x⁻¹ stays, x may be 0": (simplify.mul_powers, product(X, power(X, -1.0)), None),
    "x²·y² stays": (simplify.mul_powers, product(power(X, 2.0), power(Y, 2.0)), None),
    "taking all": (simplify.take_put, make("take", V, indices=(0, 1, 2)), V),
    "taking of a stack": (
        simplify.take_put,
        make("take", make("stack", X, Y), indices=(1,)),
        make("stack", Y),
    ),
    "taking some stays": (simplify.take_put, make("take", V, indices=(2, 1)), None),
    "reshape to the same": (simplify.reshape_of, make("reshape", V, shape=(3,)), V),
    "reshape to another stays": (simplify.reshape_of, make("reshape", V, shape=(3, 1)), None),
    "where(c, x, x)": (simplify.select_same, make("select", Y, X, X), X),
    "where(c, x, y) stays": (simplify.select_same, make("select", Y, X, Y), None),
    "2 + 3": (fold_constants, make("add", const(2.0), const(3.0)), const(5.0)),
    "1/0 stays": (fold_constants, power(const(0.0), -1.0), None),
    "exp of much stays": (fold_constants, make("exp", const(1e4)), None),
    "2 + x stays": (fold_constants, make("add", const(2.0), X), None),
    "log of −1 stays": (fold_constants, make("log", const(-1.0)), None),
    "(−8)^⅓ stays, it is complex": (fold_constants, power(const(-8.0), 1 / 3), None),
    "0^½": (fold_constants, power(const(0.0), 0.5), const(0.0)),
    "a table times a number": (
        fold_constants,
        product(const((1.0, 2.0), domain=Domain("species")), const(3.0)),
        const((3.0, 6.0), domain=Domain("species")),
    ),
    "a table times a row of components is a table of rows": (
        fold_constants,
        product(const((1.0, 2.0), domain=Domain("species")), const((3.0, 4.0), shape=(2,))),
        None,
    ),
    "x^−½·x^−½ stays, it is 0 at 0": (
        simplify.mul_powers,
        product(power(X, -0.5), power(X, -0.5)),
        None,
    ),
}


@pytest.mark.parametrize("name", RULE_CASES)
def test_a_rule_fires_where_it_should_and_not_elsewhere(name: str) -> None:
    rule, node, want = RULE_CASES[name]
    assert rule(node) is want


def test_every_rule_is_in_the_table() -> None:
    tried = {rule for rule, _, _ in RULE_CASES.values()}
    assert set(RULES) <= tried


def number(node: Node, values: dict[str, np.ndarray]) -> np.ndarray:
    """A plain formula of parameters, by NumPy."""
    found: dict[Node, np.ndarray] = {}
    binary = {"add": np.add, "mul": np.multiply}
    for n in topological([node]):
        args = [found[a] for a in n.args]
        if n.op == "param":
            found[n] = values[n["name"]]
        elif n.op == "const":
            found[n] = np.array(n["values"][0])
        elif n.op == "pow":
            found[n] = args[0] ** n["exponent"]
        else:
            found[n] = -args[0] if n.op == "neg" else binary[n.op](*args)
    return found[node]


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


REFERENCE_STEPS = ("expand", "simplify", "cse")


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
