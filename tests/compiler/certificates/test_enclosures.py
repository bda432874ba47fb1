"""Enclosures hold the true values: of arithmetic, of functions, and of graphs as the reference has them."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from op_examples import examples, model_of
from potentia.compiler import pipeline
from potentia.compiler.backends.reference import evaluate
from potentia.compiler.certificates import enclosure as arithmetic
from potentia.compiler.certificates import functions
from potentia.compiler.certificates.enclosure import TINY, Enclosure, bounds, exactly
from potentia.compiler.certificates.evaluation import REFUSED, encloses, enclosures
from potentia.compiler.certificates.finiteness import number_of_ranges, ranges
from potentia.compiler.certificates.pairs import pair_curve
from potentia.compiler.certificates.scenes import Dimer, Surroundings, most_neighbors
from potentia.compiler.ir.graph import OPS, Model, topological
from registry import Variant, compiled, random_theta, structure_of, structures, variants

MANY = settings(max_examples=60, deadline=None)
FLOATS = st.floats(-1e6, 1e6) | st.floats(-1e-300, 1e-300) | st.sampled_from([0.0, -0.0, 1.0, TINY, -TINY])


@st.composite
def within(draw: st.DrawFn, numbers: st.SearchStrategy[float] = FLOATS) -> tuple[Enclosure, float]:
    """An interval and a number in it."""
    low, x, high = sorted(draw(numbers) for _ in range(3))
    return bounds(low, high), x


def holds(found: Enclosure, true: Fraction | float) -> None:
    low, high = float(found.low), float(found.high)
    assert low == -math.inf or Fraction(low) <= true
    assert high == math.inf or true <= Fraction(high)


# --- arithmetic -------------------------------------------------------


@MANY
@given(within(), within())
def test_sums_and_products(a: tuple[Enclosure, float], b: tuple[Enclosure, float]) -> None:
    (one, x), (other, y) = a, b
    holds(arithmetic.add(one, other), Fraction(x) + Fraction(y))
    holds(arithmetic.subtract(one, other), Fraction(x) - Fraction(y))
    holds(arithmetic.multiply(one, other), Fraction(x) * Fraction(y))
    holds(arithmetic.maximum(one, other), max(x, y))
    holds(arithmetic.minimum(one, other), min(x, y))
    holds(arithmetic.absolute(one), abs(x))
    holds(arithmetic.select(one, one, other), x if x > 0 else y)


@MANY
@given(within(), st.integers(-7, 9))
def test_whole_powers(a: tuple[Enclosure, float], n: int) -> None:
    one, x = a
    found = functions.whole_power(one, n)
    if x != 0.0 or n >= 0:
        holds(found, Fraction(x) ** n)
    if n < 0 and float(one.low) <= 0.0 <= float(one.high):
        assert not found.finite.any()


@MANY
@given(st.lists(within(), min_size=1, max_size=9), st.data())
def test_long_sums_and_contractions(parts: list[tuple[Enclosure, float]], data: st.DataObject) -> None:
    one = bounds([float(e.low) for e, _ in parts], [float(e.high) for e, _ in parts])
    weights = [data.draw(within()) for _ in parts]
    other = bounds([float(e.low) for e, _ in weights], [float(e.high) for e, _ in weights])
    holds(arithmetic.summed(one, (0,)), sum((Fraction(x) for _, x in parts), Fraction(0)))
    true = sum(
        (Fraction(x) * Fraction(y) for (_, x), (_, y) in zip(parts, weights, strict=True)), Fraction(0)
    )
    holds(arithmetic.contracted("n,n->", one, other, len(parts)), true)
    holds(arithmetic.contracted("n,n->", exactly([x for _, x in parts]), other, len(parts)), true)


@MANY
@given(within())
def test_a_sum_of_any_number(a: tuple[Enclosure, float]) -> None:
    one, x = a
    for k in (0, 1, 7):
        holds(arithmetic.any_number(one, 7.0), k * Fraction(x))


def test_an_exact_zero_stays() -> None:
    zero = exactly(0.0)
    for found in (arithmetic.add(zero, zero), arithmetic.multiply(zero, bounds(-3.0, 5.0))):
        assert float(found.low) == float(found.high) == 0.0
    square = functions.whole_power(bounds(-2.0, 1.0), 2)
    assert float(square.low) == 0.0
    assert float(arithmetic.multiply(bounds(0.0, 2.0), bounds(0.0, 3.0)).low) == 0.0


# --- functions -------------------------------------------------------


def precise(x: float) -> tuple[Fraction, Fraction]:
    """sin x and cos x by their series, to 1e-60."""
    with localcontext() as context:
        context.prec = 90
        t, term, sums = Decimal(x), Decimal(1), [Decimal(1), Decimal(0)]
        for k in range(1, 160):
            term = term * t / k
            sums[k % 2] += term * (-1) ** (k // 2)
        return Fraction(sums[1]), Fraction(sums[0])


def exponential(x: float) -> Fraction:
    with localcontext() as context:
        context.prec = 60
        return Fraction(Decimal(x).exp())


def tangent(x: float) -> Fraction:
    if abs(x) < 1e-20:
        return Fraction(x) * (1 - Fraction(1, 10**40))
    e = exponential(2.0 * x)
    return (e - 1) / (e + 1)


SMALL = st.floats(-30.0, 30.0)
TRUE: dict[str, Callable[[float], Fraction]] = {
    "sin": lambda x: precise(x)[0],
    "cos": lambda x: precise(x)[1],
    "exp": exponential,
    "tanh": tangent,
}


@pytest.mark.parametrize("name", TRUE)
@MANY
@given(a=within(SMALL))
def test_functions(name: str, a: tuple[Enclosure, float]) -> None:
    one, x = a
    holds(getattr(functions, name)(one), TRUE[name](x))


@MANY
@given(within(st.floats(1e-300, 1e6)), within(st.floats(-6.0, 6.0)))
def test_logarithms_and_powers(a: tuple[Enclosure, float], b: tuple[Enclosure, float]) -> None:
    (one, x), (other, p) = a, b
    with localcontext() as context:
        context.prec = 60
        log = Decimal(x).ln()
        holds(functions.log(one), Fraction(log))
        holds(functions.general_power(one, other, 0.0), Fraction((log * Decimal(p)).exp()))


@MANY
@given(within(st.floats(-30.0, 30.0)))
def test_the_complementary_error_function(a: tuple[Enclosure, float]) -> None:
    one, x = a
    holds(functions.erfc(one), math.erfc(x))


@MANY
@given(within(st.floats(-1.0, 1.0) | st.floats(-1.02, 1.02)), st.integers(1, 12))
def test_polynomials_of_chebyshev(a: tuple[Enclosure, float], n: int) -> None:
    one, x = a
    first, second = [Fraction(1), Fraction(x)], [Fraction(1), 2 * Fraction(x)]
    for rows in (first, second):
        while len(rows) < n:
            rows.append(2 * Fraction(x) * rows[-1] - rows[-2])
    for function, rows in ((functions.chebyshev, first), (functions.chebyshev2, second)):
        found = function(one, n)
        for k in range(n):
            holds(found[..., k], rows[k])


@pytest.mark.parametrize("wild", [(-1.0, 2.0), (-3.0, -2.0), (0.0, 1.0)])
def test_no_number_is_everything(wild: tuple[float, float]) -> None:
    assert not functions.log(bounds(*wild)).finite.any()
    if wild[0] < 0.0:
        assert not functions.general_power(bounds(*wild), exactly(0.5), 0.0).finite.any()


# --- graphs -------------------------------------------------------


def test_each_operation_has_a_rule_or_a_reason() -> None:
    assert encloses.lowered | set(REFUSED) == set(OPS.values())
    assert not encloses.lowered & set(REFUSED)


def held(model: Model, theta: np.ndarray, seed: int) -> None:
    """Every value of a model in some structures is within its enclosure."""
    nodes = [n for n in topological(model.outputs.values()) if n.args]
    count = number_of_ranges(model)
    scene = Surroundings(model, theta, lambda cutoff: ranges(cutoff, count))
    known = enclosures(scene, nodes)
    for atoms in structures(model.species, 4.2, seed)[:7]:
        values = evaluate(model, theta, *structure_of(model, atoms), nodes)
        for node, value in zip(nodes, values, strict=True):
            if node.kind.domain.name == "structure" or not len(value):
                continue
            low, high = known[node].low.min(axis=0), known[node].high.max(axis=0)
            slack = 1e-9 * (1.0 + np.abs(value).max())
            assert (low <= value + slack).all() and (value <= high + slack).all(), node


def test_examples_of_operations() -> None:
    able = {
        label: root
        for label, root in examples().items()
        if not any(n.op in REFUSED for n in topological([root])) and root.kind.domain.name != "none"
    }
    model = model_of(able)
    held(model, np.array(model.vector.start), 1)


@pytest.mark.parametrize("variant", [v for v in variants() if v.default], ids=lambda v: v.name)
def test_terms_in_any_surroundings(variant: Variant) -> None:
    model = compiled(variant.spec(), optimized=False)
    written = pipeline.optimize(model, "simplify again")
    energy = written.with_outputs({"site_energy": written.outputs["site_energy"]})
    held(energy, random_theta(model, 2), 2)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(variants()), st.integers(0, 50), st.floats(0.4, 6.0), st.floats(0.0, 0.3))
def test_terms_of_a_pair(variant: Variant, seed: int, r: float, width: float) -> None:
    """Energy and slope of a pair at both ends and in the middle of a range of distances."""
    model = compiled(variant.spec(), optimized=False)
    theta = random_theta(model, seed)
    curve = pair_curve(model)
    scene = Dimer(curve, theta, [(0, 1)], bounds([r], [r + width]))
    known = enclosures(scene, curve.outputs.values())
    energy, slope = (scene.of_both(known[curve.outputs[k]]) for k in ("energy", "slope"))
    for x in (r, r + 0.5 * width, r + width):
        value, rise = reference_pair(model, theta, x)
        assert energy.low[0] - 1e-9 * (1 + abs(value)) <= value <= energy.high[0] + 1e-9 * (1 + abs(value))
        assert slope.low[0] - 1e-8 * (1 + abs(rise)) <= rise <= slope.high[0] + 1e-8 * (1 + abs(rise))


def reference_pair(model: Model, theta: np.ndarray, r: float) -> tuple[float, float]:
    from potentia.compiler.backends.reference import predict

    positions = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, r]])
    found = predict(model, theta, positions, 99.0 * np.eye(3), np.zeros(3, dtype=bool), np.array([0, 1]))
    return float(found.energy), float(-found.forces[1, 2])


def test_how_many_neighbours_there_can_be() -> None:
    assert most_neighbors(5.0) == 101.0**3
