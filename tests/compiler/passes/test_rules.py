"""The rules of local algebra, one by one: an input that fires each, and one that looks alike and must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from potentia.compiler.chemistry.units import ANGSTROM, EV, ONE
from potentia.compiler.ir import ops
from potentia.compiler.ir.graph import Node
from potentia.compiler.ir.types import NONE, SITE, Domain, Kind
from potentia.compiler.passes import simplify
from potentia.compiler.passes.fold import fold_constants
from potentia.compiler.passes.simplify import RULES

EDGE = Domain("edge", 5.0)
X, Y = (ops.param(name=n, kind=Kind(NONE, (), ONE)) for n in "xy")
V = ops.param(name="v", kind=Kind(NONE, (3,), ONE))
W = ops.param(name="w", kind=Kind(NONE, (2,), ONE))
R = ops.distance(domain=EDGE)
PLACE = ops.mul(ops.constant(0.2, ONE / ANGSTROM), R)
KNOTS = ops.param(name="k", kind=Kind(NONE, (4,), EV))
AT_I = ops.param(name="s", kind=Kind(SITE, (), ONE))
EVEN = (0.0, 1.0, 2.0, 3.0, 4.0)
ONES = ops.constant(1.0, domain=EDGE)
SPREAD = ops.mul(ONES, X)


def product(a: Node, b: Node) -> Node:
    return ops.mul(a, b)


def power(x: Node, exponent: float) -> Node:
    return ops.pow(x, exponent=exponent)


Case = tuple[Callable[[Node], Node | None], Node, Node | None]
RULE_CASES: dict[str, Case] = {
    "x + 0": (simplify.add_zero, ops.add(X, ops.constant(0.0)), X),
    "0 + x": (simplify.add_zero, ops.add(ops.constant(0.0), X), X),
    "x + 0 over more atoms stays": (simplify.add_zero, ops.add(X, ops.constant(0.0, domain=SITE)), None),
    "1·x": (simplify.mul_one, product(ops.constant(1.0), X), X),
    "1·x in a unit stays": (simplify.mul_one, product(ops.constant(1.0, EV), X), None),
    "1·x over more atoms stays": (simplify.mul_one, product(ops.constant(1.0, domain=SITE), X), None),
    "2·x stays": (simplify.mul_one, product(ops.constant(2.0), X), None),
    "0·x": (simplify.mul_zero, product(ops.constant(0.0), X), ops.constant(0.0)),
    "0·x keeps unit and domain": (
        simplify.mul_zero,
        product(ops.constant(0.0, EV), R),
        ops.constant(0.0, EV * ANGSTROM, EDGE),
    ),
    "x·y stays": (simplify.mul_zero, product(X, Y), None),
    "a sum of 0": (
        simplify.move_zero,
        ops.sum_i(ops.constant(0.0, domain=EDGE), within=5.0),
        ops.constant(0.0, domain=SITE),
    ),
    "a sum of 1 stays": (simplify.move_zero, ops.sum_i(ONES, within=5.0), None),
    "knots that are spread": (
        simplify.same_knots,
        ops.interpolate(PLACE, product(ONES, KNOTS), order=0),
        ops.interpolate(PLACE, KNOTS, order=0),
    ),
    "coefficients of one place": (
        simplify.same_knots,
        ops.bspline(PLACE, product(ONES, KNOTS), knots=(EVEN,), orders=(0,)),
        ops.bspline(PLACE, KNOTS, knots=(EVEN,), orders=(0,)),
    ),
    "knots of one place stay": (simplify.same_knots, ops.interpolate(X, KNOTS, order=0), None),
    "exp of 0 stays": (simplify.move_zero, ops.exp(ops.constant(0.0)), None),
    "−−x": (simplify.neg_neg, ops.neg(ops.neg(X)), X),
    "−x stays": (simplify.neg_neg, ops.neg(X), None),
    "−(c·x)": (
        simplify.neg_const_product,
        ops.neg(product(ops.constant(2.0), X)),
        product(ops.constant(-2.0), X),
    ),
    "−(x·y) stays": (simplify.neg_const_product, ops.neg(product(X, Y)), None),
    "x·(−y)": (simplify.mul_neg, product(X, ops.neg(Y)), ops.neg(product(X, Y))),
    "x·c": (simplify.constants_first, product(X, ops.constant(2.0)), product(ops.constant(2.0), X)),
    "c·x stays": (simplify.constants_first, product(ops.constant(2.0), X), None),
    "1·x with a value there": (simplify.ones_in_product, product(SPREAD, R), product(X, R)),
    "1·x alone stays": (simplify.ones_in_product, SPREAD, None),
    "carrying 1·x": (
        simplify.move_spread,
        ops.to_i(ops.mul(ops.constant(1.0, domain=SITE), X), domain=EDGE),
        SPREAD,
    ),
    "carrying a site's value stays": (simplify.move_spread, ops.to_i(AT_I, domain=EDGE), None),
    "x^1": (simplify.pow_of, power(X, 1.0), X),
    "x^0": (simplify.pow_of, power(X, 0.0), ops.constant(1.0)),
    "(x^2)^3": (simplify.pow_of, power(power(X, 2.0), 3.0), power(X, 6.0)),
    "(x^2)^½ stays, it is |x|": (simplify.pow_of, power(power(X, 2.0), 0.5), None),
    "x²·x³": (simplify.mul_powers, product(power(X, 2.0), power(X, 3.0)), power(X, 5.0)),
    "x·x": (simplify.mul_powers, product(X, X), power(X, 2.0)),
    "x·x⁻¹ stays, x may be 0": (simplify.mul_powers, product(X, power(X, -1.0)), None),
    "x²·y² stays": (simplify.mul_powers, product(power(X, 2.0), power(Y, 2.0)), None),
    "s·(x ⊗ y)": (
        simplify.factor_into_product,
        product(X, ops.einsum(V, W, spec="m,n->mn")),
        ops.einsum(V, product(X, W), spec="m,n->mn"),
    ),
    "x·v stays": (simplify.factor_into_product, product(X, V), None),
    "a number times a dot product stays": (
        simplify.factor_into_product,
        product(X, ops.einsum(V, V, spec="n,n->")),
        None,
    ),
    "taking all": (simplify.take_put, ops.take(V, indices=(0, 1, 2)), V),
    "taking of a stack": (
        simplify.take_put,
        ops.take(ops.stack(X, Y), indices=(1,)),
        ops.stack(Y),
    ),
    "taking some stays": (simplify.take_put, ops.take(V, indices=(2, 1)), None),
    "reshape to the same": (simplify.reshape_of, ops.reshape(V, shape=(3,)), V),
    "reshape to another stays": (simplify.reshape_of, ops.reshape(V, shape=(3, 1)), None),
    "where(c, x, x)": (simplify.select_same, ops.select(Y, X, X), X),
    "where(c, x, y) stays": (simplify.select_same, ops.select(Y, X, Y), None),
    "2 + 3": (fold_constants, ops.add(ops.constant(2.0), ops.constant(3.0)), ops.constant(5.0)),
    "1/0 stays": (fold_constants, power(ops.constant(0.0), -1.0), None),
    "exp of much stays": (fold_constants, ops.exp(ops.constant(1e4)), None),
    "2 + x stays": (fold_constants, ops.add(ops.constant(2.0), X), None),
    "log of −1 stays": (fold_constants, ops.log(ops.constant(-1.0)), None),
    "(−8)^⅓ stays, it is complex": (fold_constants, power(ops.constant(-8.0), 1 / 3), None),
    "0^½": (fold_constants, power(ops.constant(0.0), 0.5), ops.constant(0.0)),
    "a table times a number": (
        fold_constants,
        product(ops.constant((1.0, 2.0), domain=Domain("species")), ops.constant(3.0)),
        ops.constant((3.0, 6.0), domain=Domain("species")),
    ),
    "a table times a row of components is a table of rows": (
        fold_constants,
        product(ops.constant((1.0, 2.0), domain=Domain("species")), ops.constant((3.0, 4.0), shape=(2,))),
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
