"""identical-terms: two operands of the energy that are one function, with numbers that start the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..diagnostics.diagnostic import Diagnostic
from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.parameter import Parameter
from ..ir.rewrite import rebuild
from ..ir.types import SITE
from ..passes.cse import share_subexpressions
from ..passes.simplify import simplify_model
from ..reduction.energy_operands import Operand
from .formula import Formula


def identical_terms(formula: Formula) -> Iterator[Diagnostic]:
    alike: dict[Any, list[Operand]] = {}
    for operand in formula.operands:
        if operand.energy.kind.domain == SITE:
            alike.setdefault(_outline(operand, formula.model), []).append(operand)
    for found in alike.values():
        yield from _told(found, formula) if len(found) > 1 else ()


def _told(operands: list[Operand], formula: Formula) -> Iterator[Diagnostic]:
    model = formula.model
    first: dict[Node, Operand] = {}
    canonical: dict[Node, Node] = {}
    for operand in operands:
        named = _renamed(operand, formula)
        if named not in canonical:
            canonical[named] = _canonical(named, formula)
        same = first.setdefault(canonical[named], operand)
        if same is not operand:
            trained = bool(_read(operand, model))
            yield Diagnostic(
                "identical-terms",
                "this is in the energy twice" + (", with numbers that start the same" if trained else ""),
                "warning",
                primary=operand.expr.span,
                secondary=((same.expr.span, "first here"),),
                help="a fit cannot tell them apart: remove one, or start it elsewhere"
                if trained
                else "write it once, times 2 if that is meant",
            )


def _read(operand: Operand, model: Model) -> list[Parameter]:
    """The parameters that an operand reads, in the order of the model."""
    names = {n["name"] for n in topological([operand.energy]) if n.op is ops.param}
    return [p for p in model.parameters if p.name in names]


def _outline(operand: Operand, model: Model) -> Any:
    """A cheap key of an operand, the same for equal ones: all of its numbers but the formula."""
    numbers = [(p.start, p.lower, p.upper, p.free, p.components, p.places) for p in _read(operand, model)]
    return tuple(numbers), len(list(topological([operand.energy])))


def _renamed(operand: Operand, formula: Formula) -> Node:
    """The energy, its parameters named by their order."""
    names = {p.name: f"#{k}" for k, p in enumerate(_read(operand, formula.model))}

    def renamed(node: Node) -> Node:
        return ops.param(name=names[node["name"]], kind=node.kind) if node.op is ops.param else node

    done = rebuild([operand.energy], renamed)
    formula.budget.spend(len(done) / 4)
    return done[operand.energy]


def _canonical(energy: Node, formula: Formula) -> Node:
    """The energy in canonical form."""
    formula.budget.spend(sum(1 for _ in topological([energy])))
    alone = Model(formula.model.species, (), (), {"energy": energy})
    return share_subexpressions(simplify_model(alone)).outputs["energy"]
