"""The operands of the energy's sum, which may be left out of it, and their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..declarations.check import Checked
from ..elaborate.evaluate import arithmetic
from ..elaborate.model_builder import Builder
from ..elaborate.scope import Env
from ..elaborate.values import as_node
from ..ir import ops
from ..ir.graph import Model, Node, TermInstance, topological
from ..syntax import tree as syntax

Part = tuple[syntax.Expr, Node]


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
    parts = _parts(checked.energy.value, model.outputs["energy"])
    instances: Sequence[TermInstance] = model.terms
    if parts is None:
        parts, instances = _made_again(checked, model)
    roots = [node for _, node in parts]
    reads = _Sets(roots, [(n["name"], n) for n in topological(roots) if n.op is ops.param])
    below = _Sets(roots, [(t.name, t.energy) for t in instances])
    pinned = {t.name for t in instances if t.pinned}
    return tuple(
        Operand(expr, node, reads.alone(k), below.alone(k), not pinned.isdisjoint(below.all(k)))
        for k, (expr, node) in enumerate(parts)
    )


def leaves(expr: syntax.Expr) -> list[syntax.Expr]:
    """The operands of a sum, those of sums within it in its place."""
    if isinstance(expr, syntax.Chain) and expr.operators[0] in "+-":
        return [leaf for operand in expr.operands for leaf in leaves(operand)]
    return [expr]


def _parts(expr: syntax.Expr, node: Node) -> list[Part] | None:
    """Each operand with its node in that of the sum; None where numbers were added up beforehand."""
    if not (isinstance(expr, syntax.Chain) and expr.operators[0] in "+-"):
        return [(expr, node)]
    found: list[list[Part]] = []
    for operator, operand in zip(expr.operators[::-1], expr.operands[:0:-1], strict=True):
        if node.op is not ops.add:
            return None
        node, last = node.args
        if operator == "-":
            if last.op is not ops.neg:
                return None
            last = last.args[0]
        inner = _parts(operand, last)
        if inner is None:
            return None
        found.append(inner)
    first = _parts(expr.operands[0], node)
    return None if first is None else [*first, *(part for inner in reversed(found) for part in inner)]


def _made_again(checked: Checked, model: Model) -> tuple[list[Part], Sequence[TermInstance]]:
    assert checked.energy is not None
    builder = Builder(checked, () if model.open_species else model.species)
    # in the order of the whole energy, so that terms get the names they have there
    parts = [(e, as_node(arithmetic(e, Env(builder)))) for e in leaves(checked.energy.value)]
    return parts, builder.instances


class _Sets:
    """The names of marked nodes under each of some roots, as bits: each node is visited once."""

    def __init__(self, roots: Sequence[Node], marked: Sequence[tuple[str, Node]]) -> None:
        self._names = [name for name, _ in marked]
        own: dict[Node, int] = {}
        for k, (_, node) in enumerate(marked):
            own[node] = own.get(node, 0) | 1 << k
        under: dict[Node, int] = {}
        for node in topological(roots):
            found = own.get(node, 0)
            for a in node.args:
                found |= under[a]
            under[node] = found
        self._of = [under[root] for root in roots]
        seen = self._twice = 0
        for found in self._of:
            self._twice |= seen & found
            seen |= found

    def all(self, k: int) -> Iterator[str]:
        """Those under root k."""
        return self._named(self._of[k])

    def alone(self, k: int) -> frozenset[str]:
        """Those under root k and under no other."""
        return frozenset(self._named(self._of[k] & ~self._twice))

    def _named(self, bits: int) -> Iterator[str]:
        while bits:
            last = bits & -bits
            yield self._names[last.bit_length() - 1]
            bits ^= last
