"""The components of each operation, from those of its arguments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Protocol

from ...ir import ops
from ...ir.bsplines import Knots
from ...ir.contraction import parsed, places
from ...ir.graph import Node, Op
from ...ir.interval import Range
from ...ir.triads import Triad
from ..lowering import Lowering
from .runs import each, looped
from .writer import Component, Value, Writer, vector


class Body(Protocol):
    """What rules ask of the loop body that they write into."""

    writer: Writer
    outside: Writer

    @property
    def knots(self) -> dict[Knots, int]: ...
    def range(self, node: Node) -> Range: ...
    def displacement(self) -> Value: ...
    def motion(self) -> Value: ...
    def contract(self, node: Node, args: Sequence[Value]) -> Value: ...
    def pointer(self, node: Node) -> str: ...
    def copied(self, value: Value) -> str: ...
    def symbols(self, triad: Triad) -> str: ...


Rule = Callable[[Body, Node, Sequence[Value]], Value]

_POLYNOMIALS = "the pass `expand` writes harmonics out as polynomials"
_RECURRENCES = "the pass `recur` writes families as recurrences"
_PARAMETERS = "it depends on parameters and species alone: a table"
_BEYOND = "an atom is finished before its neighbours: `refusals` says so of a formula"
_ADDED = "its few numbers are added where the gradient of the table is: `splines`"
_WHOLE = "outputs of a structure are added up by the driver"
_SUMS = "the loop of its summand makes it, and later loops read it"

REFUSED: Mapping[Op, str] = {
    ops.sphericals: _POLYNOMIALS,
    ops.spherical_slopes: _POLYNOMIALS,
    ops.sines: _RECURRENCES,
    ops.cosines: _RECURRENCES,
    ops.chebyshev: _RECURRENCES,
    ops.chebyshev2: _RECURRENCES,
    ops.const: _PARAMETERS,
    ops.param: _PARAMETERS,
    ops.at: _PARAMETERS,
    ops.row: _PARAMETERS,
    ops.of_row: _PARAMETERS,
    ops.rows_of: _PARAMETERS,
    ops.sum_rows_of: _PARAMETERS,
    ops.sum_at: _PARAMETERS,
    ops.to_knots: _ADDED,
    ops.to_bspline: _ADDED,
    ops.to_j: _BEYOND,
    ops.sum_j: _BEYOND,
    ops.sum_i: _SUMS,
    ops.sum_species: _SUMS,
    ops.sum_to_ij: _SUMS,
    ops.sum_to_ik: _SUMS,
    ops.total: _WHOLE,
    ops.of_structure: _WHOLE,
}

lowers: Lowering[Rule] = Lowering("cpp", REFUSED)


def _wide(value: Value, node: Node) -> Value:
    return value * node.kind.components if len(value) == 1 else value


def _pointwise(op: Op) -> Callable[[Callable[..., Component]], Callable[..., Component]]:
    """A rule of single components: rule(body, node, *components)."""

    def register(function: Callable[..., Component]) -> Callable[..., Component]:
        def rule(body: Body, node: Node, args: Sequence[Value]) -> Value:
            found = each(body.writer, args, node.kind.components)
            if found is not None:
                return _over(body, node, function, *found)
            wide = zip(*(_wide(a, node) for a in args), strict=True)
            return [function(body, node, *parts) for parts in wide]

        lowers(op)(rule)
        return function

    return register


def _over(
    body: Body, node: Node, function: Callable[..., Component], counter: str, parts: Sequence[Component]
) -> Value:
    """Components as a loop over a counter."""
    w, out, n = body.writer, body.writer.name(), node.kind.components
    w.lines.append(f"V {out}[{n}];")
    start = len(w.lines)
    component = function(body, node, *parts)
    inner = [*w.lines[start:], f"{out}[{counter}] = {vector(component)};"]
    w.lines[start:] = looped(counter, n, inner)
    return [f"{out}[{k}]" for k in range(n)]


# --- elementwise -------------------------------------------------------------------------------

_pointwise(ops.add)(lambda body, node, a, b: body.writer.add(a, b))
_pointwise(ops.mul)(lambda body, node, a, b: body.writer.mul(a, b))
_pointwise(ops.neg)(lambda body, node, a: body.writer.neg(a))

_NAMES = {
    ops.exp: "exp",
    ops.log: "log",
    ops.erfc: "erfc",
    ops.tanh: "tanh",
    ops.abs: "abs",
    ops.sign: "sign",
    ops.step: "step",
    ops.max: "max",
    ops.min: "min",
    ops.select: "choose",
    ops.power: "power",
}


def _function(op: Op, name: str) -> None:
    _pointwise(op)(lambda body, node, *args: body.writer.call(name, *args))


for _op, _name in _NAMES.items():
    _function(_op, _name)


def _wave(name: str) -> Callable[[Body, Node, Component], Component]:
    def rule(body: Body, node: Node, x: Component) -> Component:
        low, high = body.range(node.args[0])
        bounded = low >= -1e-6 and high <= math.pi + 1e-6
        return body.writer.call(f"{name}_pi" if bounded else name, x)

    return rule


_pointwise(ops.sin)(_wave("sin"))
_pointwise(ops.cos)(_wave("cos"))


@_pointwise(ops.pow)
def _(body: Body, node: Node, x: Component) -> Component:
    exponent = node["exponent"]
    w = body.writer
    if exponent == -1.0:
        return w.let(f"real(1) / {vector(x)}")
    if exponent == int(exponent):
        return w.let(f"ipow<{int(exponent)}>({vector(x)})")
    if exponent in (0.5, -0.5):
        root = w.let(f"sqrt({vector(x)})")
        return root if exponent > 0 else w.let(f"inverse_root({vector(x)}, {root})")
    return w.let(f"power({vector(x)}, broadcast(real({exponent!r})))")


# --- features ----------------------------------------------------------------------------------


@lowers(ops.einsum)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    return body.contract(node, args)


def written_out(writer: Writer, node: Node, args: Sequence[Value]) -> Value:
    """A contraction, each component a sum of products."""
    contraction = parsed(node["spec"])
    shapes = [a.kind.shape for a in node.args]
    sizes = contraction.sizes(shapes)

    def component(place: Mapping[str, int], k: int) -> Component:
        flat = 0
        for letter, size in zip(contraction.inputs[k], shapes[k], strict=True):
            flat = flat * size + place[letter]
        return args[k][flat]

    found = []
    for out in places(contraction.output, sizes):
        terms = []
        for summed in places(contraction.summed, sizes):
            place = dict(zip((*contraction.output, *contraction.summed), (*out, *summed), strict=True))
            terms.append([component(place, k) for k in range(len(args))])
        found.append(writer.products(terms))
    return found


@lowers(ops.take)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    size = node.args[0].kind.shape[-1]
    rows = len(args[0]) // size
    return [args[0][row * size + k] for row, k in product(range(rows), node["indices"])]


@lowers(ops.put)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    indices, size = node["indices"], node["size"]
    rows = len(args[0]) // len(indices)
    out: Value = [0.0] * (rows * size)
    for row, (column, index) in product(range(rows), enumerate(indices)):
        place = row * size + index
        out[place] = body.writer.add(out[place], args[0][row * len(indices) + column])
    return out


@lowers(ops.stack)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    return [a[0] for a in args]


@lowers(ops.reshape)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    return args[0]


@lowers(ops.chain)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    first, second, factor = (a[0] for a in args)
    rows = [first, second]
    w = body.writer
    while len(rows) < node["n"]:
        rows.append(w.let(f"{vector(factor)} * {vector(rows[-1])} - {vector(rows[-2])}"))
    return rows[: node["n"]]


# --- positions and moves: read where the loop is ------------------------------------------------


@lowers(ops.displacement)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    return body.displacement()


@lowers(ops.motion)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    return body.motion()


@lowers(ops.distance)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    x, y, z = body.displacement()
    return [body.writer.let(f"sqrt({x} * {x} + {y} * {y} + {z} * {z})")]


@lowers(ops.to_i, ops.to_species, ops.to_ij, ops.to_ik)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    return args[0]
