"""Factor: neighbours' values in the parameters that vary, as slopes times numbers of the atom or of a table.

A derivative along a direction in the parameters is linear in the direction. A neighbour's part y of it reads
the direction through a few numbers: x of the atom, or of a table of species. With the slopes J = ∂y/∂x, which
no direction changes,

    y = Σ_s J_s x_s

A target that evaluates many directions works the slopes out once for all of them. Along one parameter most of
the numbers x_s are 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import prod

from ..ir import build as alg
from ..ir import ops
from ..ir.derivatives import adjoints
from ..ir.graph import Model, Node, topological
from ..ir.rewrite import remake
from ..ir.rows import row_of
from ..ir.types import NONE
from ..schedule.sweep import dependent, static_nodes

# more components of a value than the three of a gradient have slopes that take more room than they save
_MOST = 3


def factor_directions(model: Model, varied: Collection[str]) -> Model:
    """The model with the gradients of neighbours, and the values that are summed over them, as products.

    varied: names of the parameters that vary. A value that is not linear in them stays as it is.
    """
    done: dict[Node, Node] = {}
    order = tuple(topological(model.outputs.values()))
    changing, static = dependent(order, varied), static_nodes(order)
    wanted = set(_wanted(model, changing))
    for node in order:
        args = tuple(done[a] for a in node.args)
        done[node] = node if args == node.args else remake(node, args)
        if node in wanted:
            slopes = _slopes(node, changing, static)
            if slopes:
                done[node] = _product(node, {done[x]: j for x, j in slopes.items()})
    return model.with_outputs({name: done[node] for name, node in model.outputs.items()})


def _wanted(model: Model, changing: Collection[Node]) -> Iterator[Node]:
    """Values of neighbours that are outputs, or summed."""
    found = [n.args[0] for n in changing if n.op in (ops.sum_i, ops.sum_species)]
    for node in (*found, *model.outputs.values()):
        if node in changing and node.kind.domain.name == "edge" and node.kind.components <= _MOST:
            yield node


def _slopes(y: Node, changing: Collection[Node], static: Collection[Node]) -> dict[Node, Node]:
    """J (n, Q) of each value x of n components that y (Q components) is linear in; none where it is not."""
    leaves: dict[Node, None] = {}
    stack = [y]
    while stack:
        node = stack.pop()
        if node.op is ops.to_i or node in static:
            leaves[node] = None
            if node.kind.domain == NONE:
                return {}
        elif row_of(node) in changing:
            return {}  # of all numbers of a table a neighbour reads four
        elif node.kind.domain == y.kind.domain and node.args:
            stack.extend(a for a in node.args if a in changing)
        else:
            return {}
    if y in leaves:
        return {}
    found: dict[Node, Node] = {}
    size = y.kind.components
    for q in range(size):
        one = ops.constant(1.0, domain=y.kind.domain)
        part = ops.reshape(ops.take(ops.reshape(y, shape=(size,)), indices=(q,)), shape=())
        for x, j in adjoints(part, one, leaves.__contains__).items():
            row = ops.put(ops.reshape(j, shape=(x.kind.components, 1)), indices=(q,), size=size)
            found[x] = alg.add(found[x], row) if x in found else row
    if any(n in changing for n in topological(found.values())):
        return {}
    return found


def _product(y: Node, slopes: Mapping[Node, Node]) -> Node:
    """Σ_s J_s x_s over all x, of the shape of y."""
    parts = [ops.einsum(j, _flat(x), spec="sq,s->q") for x, j in slopes.items()]
    return ops.reshape(alg.add(*parts), shape=y.kind.shape)


def _flat(x: Node) -> Node:
    """x as one axis: an atom's numbers are put in order on the atom."""
    shape = (prod(x.kind.shape),)
    if x.op is ops.to_i:
        return ops.to_i(ops.reshape(x.args[0], shape=shape), domain=x.kind.domain)
    return ops.reshape(x, shape=shape)
