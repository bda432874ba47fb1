"""Derivatives of every operation, both ways, against each other and against differences.

A leaf is a parameter, laid on the domain by the species of atoms. With random w and v: ⟨w, J v⟩ = ⟨Jᵀ w, v⟩,
and J v is the difference of values along v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from op_examples import UNARY
from potentia.compiler.backends.reference import evaluate
from potentia.compiler.diagnostics.diagnostic import InternalError
from potentia.compiler.ir import ops
from potentia.compiler.ir.derivatives import adjoints, tangents
from potentia.compiler.ir.graph import OPS, Model, Node, Op
from potentia.compiler.ir.ops.rules import Refused
from potentia.compiler.ir.parameter import Parameter, parameter_size
from potentia.compiler.ir.traits import Trait
from potentia.compiler.ir.types import NONE, SITE, Domain, Kind

SPECIES = ("Si", "C", "O")
RC = 4.0
EDGE, TRIPLE = Domain("edge", RC), Domain("triple", RC)
TABLE = {
    "site": ("species", "i"),
    "edge": ("species_pair_ordered", "ij"),
    "triple": ("species_triple", "ijk"),
}
LOCAL = (NONE, SITE, EDGE, TRIPLE, Domain("species"))
SHAPES = ((), (3,), (2, 3))
Array = NDArray[Any]

POSITIONS = np.random.default_rng(3).uniform(0.0, 4.2, (5, 3))
ATOMS = np.array([0, 1, 2, 1, 0])
CELL, PBC = 4.2 * np.eye(3), np.array([True, True, False])


class Leaves:
    """Parameters as they are asked for, each with random values in a range."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.parameters: list[Parameter] = []
        self.inputs: list[Node] = []

    def table(
        self, domain: Domain, shape: tuple[int, ...] = (), low: float = -1.5, high: float = 1.5
    ) -> Node:
        kind = Kind(domain, shape)
        name = f"x{len(self.parameters)}"
        n = parameter_size(kind, len(SPECIES))
        start = self.random.uniform(low, high, n)
        free = (True,) * n
        bounds = (-np.inf,) * n, (np.inf,) * n
        self.parameters.append(Parameter(name, "t", kind, tuple(map(float, start)), *bounds, free))
        return ops.param(name=name, kind=kind)

    def lifted(self, kind: Kind) -> Node:
        """A value of the kind that is made of a parameter of its own."""
        domain, shape = kind.domain, kind.shape
        if domain.name == "structure":
            return ops.total(self.lifted(Kind(SITE, shape)))
        if domain.name not in TABLE:
            return self.table(domain, shape)
        table, of = TABLE[domain.name]
        return ops.at(self.table(Domain(table), shape), domain=domain, of=of)  # type: ignore[arg-type]

    def __call__(
        self, domain: Domain, shape: tuple[int, ...] = (), low: float = -1.5, high: float = 1.5
    ) -> Node:
        """An input that is differentiated by."""
        if domain.name == "structure":
            return ops.total(self(SITE, shape, low, high))
        if domain.name not in TABLE:
            node = self.table(domain, shape, low, high)
            self.inputs.append(node)
            return node
        table, of = TABLE[domain.name]
        return ops.at(self(Domain(table), shape, low, high), domain=domain, of=of)  # type: ignore[arg-type]

    def values(self, nodes: list[Node], moved: dict[str, Array] | None = None) -> list[Array]:
        """Values of nodes; `moved`: other numbers for some parameters."""
        model = Model(SPECIES, tuple(self.parameters), (), {"energy": nodes[0]})
        theta = np.concatenate([(moved or {}).get(p.name, np.array(p.start)) for p in self.parameters])
        found = evaluate(model, theta, POSITIONS, CELL, PBC, ATOMS, nodes)
        return [np.asarray(f).real for f in found]


Recipe = Callable[[Leaves, Any], Node]


def elementwise(op: Any, n: int = 1, **where: float) -> Recipe:
    """An operation on values of one domain; some of several arguments may be of the model, or single."""

    def recipe(x: Leaves, draw: Any) -> Node:
        domain, shape = draw(st.sampled_from(LOCAL)), draw(st.sampled_from(SHAPES))
        shared = draw(st.integers(0, n - 1))  # this argument has the domain and the shape of the result
        args = []
        for k in range(n):
            whole = k == shared or draw(st.booleans())
            single = k != shared and draw(st.booleans())
            args.append(x(domain if whole else NONE, () if single else shape, **where))
        return op(*args)

    return recipe


def power(x: Leaves, draw: Any) -> Node:
    exponent = draw(st.sampled_from([-2.0, -1.0, -0.5, 0.5, 1.5, 2.0, 3.0]))
    inner = x(draw(st.sampled_from(LOCAL)), draw(st.sampled_from(SHAPES)), 0.4, 2.0)
    return ops.pow(inner, exponent=exponent)


def family(op: Any, least: int = 1) -> Recipe:
    def recipe(x: Leaves, draw: Any) -> Node:
        domain = draw(st.sampled_from(LOCAL[:-1]))
        return op(x(domain, (), -0.9, 0.9), n=draw(st.integers(least, 6)))

    return recipe


def chain(x: Leaves, draw: Any) -> Node:
    domain = draw(st.sampled_from(LOCAL[:-1]))
    return ops.chain(*(x(domain) for _ in range(3)), n=draw(st.integers(2, 6)))


def einsum(x: Leaves, draw: Any) -> Node:
    spec = draw(st.sampled_from(["n,n->", "nk,k->n", "a,b->ab", "am,bm->ab", "nk->k", "n,n,n->", "ab->"]))
    sizes = {c: draw(st.integers(1, 3)) for c in "abkmn"}
    domain = draw(st.sampled_from(LOCAL))
    inputs = spec.split("->")[0].split(",")
    shared = draw(st.integers(0, len(inputs) - 1))
    places = [domain if k == shared or draw(st.booleans()) else NONE for k in range(len(inputs))]
    args = (x(d, tuple(sizes[c] for c in s)) for d, s in zip(places, inputs, strict=True))
    return ops.einsum(*args, spec=spec)


def take(x: Leaves, draw: Any) -> Node:
    shape = draw(st.sampled_from(SHAPES[1:]))
    indices = tuple(draw(st.lists(st.integers(0, shape[-1] - 1), min_size=1, max_size=4)))
    return ops.take(x(draw(st.sampled_from(LOCAL)), shape), indices=indices)


def put(x: Leaves, draw: Any) -> Node:
    shape = draw(st.sampled_from(SHAPES[1:]))
    indices = tuple(draw(st.lists(st.integers(0, 4), min_size=shape[-1], max_size=shape[-1])))
    return ops.put(x(draw(st.sampled_from(LOCAL)), shape), indices=indices, size=5)


def stack(x: Leaves, draw: Any) -> Node:
    domain = draw(st.sampled_from(LOCAL))
    rest = [x(draw(st.sampled_from([domain, NONE]))) for _ in range(draw(st.integers(0, 3)))]
    return ops.stack(x(domain), *rest)


def reshape(x: Leaves, draw: Any) -> Node:
    shape = draw(st.sampled_from([(6,), (3, 2), (1, 6)]))
    return ops.reshape(x(draw(st.sampled_from(LOCAL)), (2, 3)), shape=shape)


def sphericals(x: Leaves, draw: Any) -> Node:
    return ops.sphericals(x(draw(st.sampled_from(LOCAL[:-1])), (3,)), l=draw(st.integers(0, 3)))


def hyperharmonics(x: Leaves, draw: Any) -> Node:
    domains = [draw(st.sampled_from(LOCAL[:-1])), NONE]
    c, v = domains if draw(st.booleans()) else domains[::-1]
    return ops.hyperharmonics(x(c), x(v, (3,)), top=draw(st.integers(1, 4)))


def coupling(op: Any) -> Recipe:
    """Rows of degrees 0…2 and their couplings, or some of them."""

    def recipe(x: Leaves, draw: Any) -> Node:
        degrees = draw(st.sampled_from([((1, 1, 2), (2, 1, 1), (0, 2, 2)), ((2, 2, 2),), ((2, 2, 0),)]))
        domain = draw(st.sampled_from(LOCAL))
        shapes = ((14,), (14,), (14,)) if op is ops.triads else ((len(degrees),), (14,), (14,))
        shared = draw(st.integers(0, 2))
        args = [x(domain if k == shared or draw(st.booleans()) else NONE, s) for k, s in enumerate(shapes)]
        return op(*args, degrees=degrees) if op is ops.triads else op(*args, degrees=degrees, top=2)

    return recipe


def interpolate(x: Leaves, draw: Any) -> Node:
    """Places between knots and beyond both ends, none at a knot, where the third derivative jumps."""
    domain, order = draw(st.sampled_from(LOCAL)), draw(st.integers(0, 3))
    first = draw(st.integers(-1, 3))
    place = x(draw(st.sampled_from([domain, NONE])), (), first + 0.1, first + 0.9)
    return ops.interpolate(place, x(domain, (8,)), order=order)


def to_knots(x: Leaves, draw: Any) -> Node:
    domain, first = draw(st.sampled_from(LOCAL)), draw(st.integers(-1, 3))
    place = x(domain, (), first + 0.1, first + 0.9)
    return ops.to_knots(
        x(draw(st.sampled_from([domain, NONE]))), place, size=8, order=draw(st.integers(0, 3))
    )


KNOTS = ((0.0, 1.0, 2.5, 3.0, 4.0), (0.0, 1.0, 2.0, 3.0, 4.0))


def _between(x: Leaves, draw: Any, domain: Domain) -> Node:
    """A place between whole numbers, before and beyond the knots too, none at a knot."""
    first = draw(st.sampled_from([-1, 0, 1, 3, 4]))
    return x(draw(st.sampled_from([domain, NONE])), (), first + 0.1, first + 0.4)


def bspline(x: Leaves, draw: Any) -> Node:
    domain, n = draw(st.sampled_from(LOCAL)), draw(st.integers(1, 2))
    orders = tuple(draw(st.integers(0, 3)) for _ in range(n))
    places = [_between(x, draw, domain) for _ in range(n)]
    return ops.bspline(*places, x(domain, (4**n,)), knots=KNOTS[:n], orders=orders)


def to_bspline(x: Leaves, draw: Any) -> Node:
    domain, n = draw(st.sampled_from(LOCAL)), draw(st.integers(1, 2))
    orders = tuple(draw(st.integers(0, 3)) for _ in range(n))
    places = [_between(x, draw, domain) for _ in range(n)]
    return ops.to_bspline(x(domain), *places, knots=KNOTS[:n], orders=orders)


def from_site(op: Any) -> Recipe:
    return lambda x, draw: op(x(SITE, draw(st.sampled_from(SHAPES))), domain=EDGE)


def from_edge(op: Any, **attrs: Any) -> Recipe:
    return lambda x, draw: op(x(EDGE, draw(st.sampled_from(SHAPES))), **attrs)


def from_triple(op: Any) -> Recipe:
    return lambda x, draw: op(x(TRIPLE, draw(st.sampled_from(SHAPES))), within=RC)


def total(x: Leaves, draw: Any) -> Node:
    domain = draw(st.sampled_from([SITE, EDGE]))
    return ops.total(x(domain, draw(st.sampled_from(SHAPES))), within=domain.rc)


def of_structure(x: Leaves, draw: Any) -> Node:
    inner = ops.total(x(SITE, draw(st.sampled_from(SHAPES))))
    return ops.of_structure(inner, domain=draw(st.sampled_from([SITE, EDGE])))


def at(x: Leaves, draw: Any) -> Node:
    table, domain, of = draw(st.sampled_from(LOOKUPS))
    return ops.at(x(Domain(table), draw(st.sampled_from(SHAPES))), domain=domain, of=of)


LOOKUPS = [
    ("species", SITE, "i"),
    ("species_pair", EDGE, "ij"),
    ("species_pair_ordered", EDGE, "ij"),
    ("species_pair", TRIPLE, "jk"),
    ("species_triple", TRIPLE, "ijk"),
    ("species_triple_ordered", TRIPLE, "ijk"),
]


def sum_at(x: Leaves, draw: Any) -> Node:
    table, domain, of = draw(st.sampled_from([*LOOKUPS, ("none", SITE, ""), ("none", EDGE, "")]))
    return ops.sum_at(x(domain, draw(st.sampled_from(SHAPES))), domain=Domain(table), of=of, within=domain.rc)


def rows_of(x: Leaves, draw: Any) -> Node:
    table = draw(st.sampled_from(["species_pair", "species_pair_ordered"]))
    return ops.rows_of(x(Domain(table), draw(st.sampled_from(SHAPES[:2]))), species=len(SPECIES))


def sum_rows_of(x: Leaves, draw: Any) -> Node:
    table = draw(st.sampled_from(["species_pair", "species_pair_ordered"]))
    return ops.sum_rows_of(x(SITE, (len(SPECIES), 2)), domain=Domain(table))


def of_one_value(op: Op) -> Recipe:
    return elementwise(op, low=0.3, high=2.0) if Trait.DIVERGES in op.traits else elementwise(op)


RECIPES: dict[str, Recipe] = {op.name: of_one_value(op) for op in UNARY} | {
    "add": elementwise(ops.add, 2),
    "mul": elementwise(ops.mul, 2),
    "pow": power,
    "power": elementwise(ops.power, 2, low=0.4, high=2.0),
    "max": elementwise(ops.max, 2),
    "min": elementwise(ops.min, 2),
    "select": elementwise(ops.select, 3),
    "einsum": einsum,
    "take": take,
    "put": put,
    "stack": stack,
    "reshape": reshape,
    "sines": family(ops.sines),
    "cosines": family(ops.cosines),
    "chebyshev": family(ops.chebyshev, 2),
    "chebyshev2": family(ops.chebyshev2),
    "chain": chain,
    "sphericals": sphericals,
    "hyperharmonics": hyperharmonics,
    "triads": coupling(ops.triads),
    "couple": coupling(ops.couple),
    "interpolate": interpolate,
    "to_knots": to_knots,
    "bspline": bspline,
    "to_bspline": to_bspline,
    "to_i": from_site(ops.to_i),
    "to_j": from_site(ops.to_j),
    "sum_i": from_edge(ops.sum_i, within=RC),
    "sum_j": from_edge(ops.sum_j, within=RC),
    "to_ij": from_edge(ops.to_ij),
    "to_ik": from_edge(ops.to_ik),
    "sum_to_ij": from_triple(ops.sum_to_ij),
    "sum_to_ik": from_triple(ops.sum_to_ik),
    "total": total,
    "of_structure": of_structure,
    "at": at,
    "sum_at": sum_at,
    "rows_of": rows_of,
    "sum_rows_of": sum_rows_of,
    "to_species": lambda x, draw: ops.to_species(x(SITE, (len(SPECIES), 2)), domain=EDGE),
    "sum_species": from_edge(ops.sum_species, within=RC, species=len(SPECIES)),
}
# leaves have no arguments; `row` and `of_row` are of models of one species: `test_the_only_row`
WITHOUT = {"const", "param", "distance", "displacement", "motion", "row", "of_row"}


def refused() -> set[str]:
    return {name for name, op in OPS.items() if isinstance(op.pullback, Refused)}


def test_every_operation_is_tried_or_says_why_not() -> None:
    assert set(RECIPES) | WITHOUT | refused() == set(OPS)
    assert not set(RECIPES) & (WITHOUT | refused())
    assert refused() == {"spherical_slopes"}
    assert refused() == {name for name, op in OPS.items() if isinstance(op.pushforward, Refused)}


@pytest.mark.parametrize("name", RECIPES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(data=st.data())
def test_forwards_and_backwards_agree(name: str, data: Any) -> None:
    x = Leaves(data.draw(st.integers(0, 10_000)))
    root = RECIPES[name](x, data.draw)
    directions = {leaf: x.table(leaf.kind.domain, leaf.kind.shape) for leaf in x.inputs}
    w = x.lifted(root.kind)
    forwards = tangents([root], directions)[root]
    zero = ops.mul(ops.constant(0.0), root)
    backwards = adjoints(root, w, lambda node: node in directions)
    pulled = [(g, directions[leaf]) for leaf, g in backwards.items()]
    flat = [part for pair in pulled for part in pair]
    moved, weights, *parts = x.values([zero if forwards is None else forwards, w, *flat])
    left = float((moved * weights).sum())
    right = sum(float((g * v).sum()) for g, v in zip(parts[::2], parts[1::2], strict=True))
    assert left == pytest.approx(right, rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(moved, _differences(x, root, directions), rtol=1e-5, atol=1e-6)


def _differences(x: Leaves, root: Node, directions: dict[Node, Node]) -> Array:
    """(f(x + hv) − f(x − hv))/2h"""
    h = 1e-5
    start = {p.name: np.array(p.start) for p in x.parameters}
    ends = []
    for sign in (1.0, -1.0):
        moved = {
            leaf["name"]: start[leaf["name"]] + sign * h * start[v["name"]] for leaf, v in directions.items()
        }
        ends.append(x.values([root], moved)[0])
    return (ends[0] - ends[1]) / (2 * h)


@pytest.mark.parametrize("table", ["species", "species_pair", "species_pair_ordered"])
def test_the_only_row(table: str) -> None:
    """row(of_row(x)) = x, and each is the derivative of the other."""
    kind = Kind(Domain(table), (3,))  # type: ignore[arg-type]
    parameter = ops.param(name="x", kind=kind)
    g = ops.constant((1.0, 2.0, 3.0), shape=(3,))
    row = ops.row(parameter)
    assert adjoints(row, g, lambda node: node is parameter) == {parameter: ops.of_row(g, domain=kind.domain)}
    assert tangents([row], {parameter: parameter})[row] is row
    (back,) = ops.of_row(row, domain=kind.domain).op.pullback(ops.of_row(row, domain=kind.domain), parameter)
    assert back() is row


def test_a_refusal_says_why() -> None:
    slopes = ops.spherical_slopes(ops.param(name="u", kind=Kind(NONE, (3,))), l=1)
    with pytest.raises(InternalError, match="no derivative of `spherical_slopes`: the pass `expand`"):
        slopes.op.pullback(slopes, slopes)
    with pytest.raises(InternalError, match="no derivative of `spherical_slopes`"):
        slopes.op.pushforward(slopes, [slopes])
