"""Every operation has every facet, and its traits are true."""

from __future__ import annotations

import math
import pickle
import random
from dataclasses import fields

import pytest
from potentia.compiler.analysis import sampling
from potentia.compiler.diagnostics.diagnostic import InternalError
from potentia.compiler.difference import normal_form
from potentia.compiler.ir import ops
from potentia.compiler.ir.graph import OPS, Node, Op, register
from potentia.compiler.ir.traits import Role, Trait
from potentia.compiler.ir.types import NONE, SITE, Kind

EVERY = pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)
SCALAR = pytest.mark.parametrize(
    "op", [op for op in OPS.values() if op.scalar is not None and op is not ops.pow], ids=lambda op: op.name
)
# samples of a scene know no value there: sums onto other atoms, and what passes make after elaboration
NOT_SAMPLED = {
    *("sum_j", "sum_to_ik", "total", "of_structure", "row", "of_row", "sum_at", "rows_of", "sum_rows_of"),
    *("to_species", "sum_species", "cosines", "chebyshev2", "chain", "spherical_slopes", "motion"),
    *("to_knots", "to_bspline", "triads", "couple"),
}


def numbers(op: Op, seed: int) -> list[float]:
    """As many numbers as the operation has arguments, where it is defined."""
    low = 0.2 if Trait.DIVERGES in op.traits else -2.0
    count = {"select": 3}.get(op.name, 1)
    if Trait.COMMUTES in op.traits or op is ops.power:
        count = 2
    drawn = random.Random(f"{op.name} {seed}")
    return [drawn.uniform(low, 2.0) for _ in range(count)]


def scalar(op: Op, *xs: float) -> float:
    assert op.scalar is not None
    return op.scalar(*xs)


@EVERY
def test_every_facet_is_there(op: Op) -> None:
    values = {f.name: getattr(op, f.name) for f in fields(op)}
    assert {name for name, value in values.items() if value is None} <= {"scalar"}
    assert (op.scalar is not None) == (Trait.POINTWISE in op.traits), (
        "a pointwise operation is one of numbers"
    )
    assert getattr(ops, op.name) is op


@EVERY
def test_the_role_has_its_rule(op: Op) -> None:
    assert (op in normal_form._OWN) == (op.role is Role.OWN)


@EVERY
def test_a_sample_is_made_or_refused_by_name(op: Op) -> None:
    known = op.scalar is not None or op in sampling._RULES
    assert known == (op.name not in NOT_SAMPLED)


@EVERY
def test_an_operation_survives_another_process(op: Op) -> None:
    assert pickle.loads(pickle.dumps(op)) is op


def test_a_name_is_given_once() -> None:
    with pytest.raises(InternalError, match="two operations are called `tanh`"):
        register(ops.tanh)
    assert OPS["tanh"] is ops.tanh


@SCALAR
@pytest.mark.parametrize("seed", range(8))
def test_intervals_hold_the_value(op: Op, seed: int) -> None:
    xs = numbers(op, seed)
    leaves = [ops.param(name=f"x{k}", kind=Kind(NONE)) for k in range(len(xs))]
    width = random.Random(seed).uniform(0.0, 0.5)
    low, high = op.interval(op(*leaves), [(x - width * (x > width), x + width) for x in xs])
    slack = 1e-12 * (1.0 + abs(scalar(op, *xs)))
    assert low - slack <= scalar(op, *xs) <= high + slack


@SCALAR
@pytest.mark.parametrize("seed", range(4))
def test_traits_of_functions_of_numbers(op: Op, seed: int) -> None:
    xs = numbers(op, seed)
    value = scalar(op, *xs)
    if Trait.COMMUTES in op.traits:
        assert scalar(op, *xs[::-1]) == value
    if Trait.ODD in op.traits:
        assert scalar(op, -xs[0]) == -value
    if Trait.EVEN in op.traits:
        assert scalar(op, -xs[0]) == value
    if Trait.KEEPS_ZERO in op.traits:
        assert scalar(op, 0.0) == 0.0
    if Trait.LINEAR in op.traits:
        assert math.isclose(scalar(op, *(3.0 * x for x in xs)), 3.0 * value)
    if Trait.MULTILINEAR in op.traits:
        assert math.isclose(scalar(op, 3.0 * xs[0], *xs[1:]), 3.0 * value)


@EVERY
def test_traits_that_exclude_one_another(op: Op) -> None:
    for a, b in ((Trait.LINEAR, Trait.MULTILINEAR), (Trait.ODD, Trait.EVEN), (Trait.MOVE, Trait.SUM)):
        assert not (a in op.traits and b in op.traits)
    if Trait.POINTWISE in op.traits:
        assert Trait.LOCAL in op.traits
    if Trait.LINEAR in op.traits and op not in (ops.add, ops.stack):
        assert (
            Trait.MOVE in op.traits
            or op is ops.neg
            or bool(op.traits & (Trait.SUM | Trait.REARRANGES | Trait.LOOKUP))
        )


@EVERY
def test_what_is_free_counts_nothing(op: Op) -> None:
    node = _example(op)
    if node is not None:
        assert (op.flops(node) == 0.0) == (Trait.FREE in op.traits)


def _example(op: Op) -> Node | None:
    """A node of the operation on single values of the model, where there is one."""
    x = ops.param(name="x", kind=Kind(NONE))
    if op.scalar is not None:
        return op(*(x for _ in numbers(op, 0)), **({"exponent": 2.0} if op is ops.pow else {}))
    vector = ops.param(name="v", kind=Kind(SITE, (3,)))
    made = {
        ops.take: lambda: ops.take(vector, indices=(0,)),
        ops.stack: lambda: ops.stack(x, x),
        ops.reshape: lambda: ops.reshape(vector, shape=(3, 1)),
        ops.einsum: lambda: ops.einsum(vector, vector, spec="n,n->"),
        ops.sines: lambda: ops.sines(x, n=3),
    }.get(op)
    return None if made is None else made()
