"""The operands of the energy's sum, which may be left out of it, and their parameters."""

from __future__ import annotations

from dataclasses import dataclass

from ..declarations.check import Checked
from ..elaborate.evaluate import arithmetic
from ..elaborate.model_builder import Builder
from ..elaborate.scope import Env
from ..elaborate.values import as_node
from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..syntax import tree as syntax


@dataclass(frozen=True, eq=False)
class Operand:
    """A part of the energy's sum. parameters: names of the ones that nothing else reads; terms: names of the
    instances in it alone; pinned: some term in it may not be pruned.
    """

    expr: syntax.Expr
    energy: Node
    parameters: frozenset[str]
    terms: frozenset[str]
    pinned: bool


def operands(checked: Checked, model: Model) -> tuple[Operand, ...]:
    """The operands of `E = …`, sums in parentheses opened, in the order of the text. `model` is its model."""
    assert checked.energy is not None
    builder = Builder(checked, () if model.open_species else model.species)
    # in the order of the whole energy, so that terms get the names they have there
    energies = [(e, as_node(arithmetic(e, Env(builder)))) for e in leaves(checked.energy.value)]
    reads = [_parameters(node) for _, node in energies]
    terms = {t.name: t for t in builder.instances}
    below = [
        frozenset(n for n, t in terms.items() if t.energy in set(topological([node]))) for _, node in energies
    ]
    found = []
    for k, (expr, node) in enumerate(energies):
        others = frozenset().union(*(r for j, r in enumerate(reads) if j != k))
        elsewhere = frozenset().union(*(b for j, b in enumerate(below) if j != k))
        pinned = any(terms[name].pinned for name in below[k])
        found.append(Operand(expr, node, reads[k] - others, below[k] - elsewhere, pinned))
    return tuple(found)


def leaves(expr: syntax.Expr) -> list[syntax.Expr]:
    """The operands of a sum, those of sums within it in its place."""
    if isinstance(expr, syntax.Chain) and expr.operators[0] in "+-":
        return [leaf for operand in expr.operands for leaf in leaves(operand)]
    return [expr]


def _parameters(node: Node) -> frozenset[str]:
    return frozenset(n["name"] for n in topological([node]) if n.op is ops.param)
