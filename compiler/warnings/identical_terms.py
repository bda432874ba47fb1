"""identical-terms: two operands of the energy that are one function, with numbers that start the same; or two
parts of operands that are one linear function of the numbers of each, wherever these start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from ..analysis.linearity import linear_parameters
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
    twice: set[Operand] = set()
    for found in alike.values():
        yield from _told(found, formula, twice) if len(found) > 1 else ()
    yield from _parts_told(formula, twice)


def _parts_told(formula: Formula, twice: set[Operand]) -> Iterator[Diagnostic]:
    """Of each parameter that enters as another does, in one place alone: `eam(basis = b) + pair(b)`."""
    alike: dict[Any, list[tuple[Operand, Parameter, Node]]] = {}
    uses: Counter[str] = Counter()
    for operand in formula.operands:
        for addend in _addends(operand.energy):
            nodes = list(topological([addend]))
            formula.budget.spend(len(nodes) / 30)
            read = _read(nodes, formula.model)
            uses.update(p.name for p in read)
            if operand not in twice and len(read) == 1 and any(read[0].free):
                (p,) = read
                key = addend.kind, p.kind, p.free, p.components, p.places, len(nodes)
                alike.setdefault(key, []).append((operand, p, addend))
    for found in alike.values():
        first: dict[Node, tuple[Operand, Parameter]] = {}
        alone = [one for one in found if uses[one[1].name] == 1]
        for operand, p, addend in alone if len(alone) > 1 else ():
            named = _canonical(_renamed(addend, [p], formula), formula)
            same, other = first.setdefault(named, (operand, p))
            if other.name != p.name and p.name in _linear(addend, formula):
                yield Diagnostic(
                    "identical-terms",
                    f"`{p.name}` enters the energy as `{other.name}` does: a fit cannot tell them apart",
                    "warning",
                    primary=operand.expr.span,
                    secondary=((same.expr.span, f"`{other.name}` is here"),),
                    help="leave one of the two out, or give them different functions",
                )


def _addends(energy: Node) -> Iterator[Node]:
    """The parts of a sum, each once, those of sums within it in their place."""
    waiting, seen = [energy], {energy}
    while waiting:
        node = waiting.pop()
        if node.op is ops.add:
            more = [a for a in dict.fromkeys(node.args[::-1]) if a not in seen]
            waiting += more
            seen.update(more)
        else:
            yield node


def _linear(addend: Node, formula: Formula) -> frozenset[str]:
    """Names of the parameters that a part of the energy is linear in."""
    return linear_parameters(Model(formula.model.species, formula.model.parameters, (), {"energy": addend}))


def _told(operands: list[Operand], formula: Formula, twice: set[Operand]) -> Iterator[Diagnostic]:
    """twice: takes those that are told of."""
    model = formula.model
    first: dict[Node, Operand] = {}
    canonical: dict[Node, Node] = {}
    for operand in operands:
        read = _read(topological([operand.energy]), model)
        named = _renamed(operand.energy, read, formula)
        if named not in canonical:
            canonical[named] = _canonical(named, formula)
        same = first.setdefault(canonical[named], operand)
        if same is not operand:
            twice.add(operand)
            trained = bool(read)
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


def _read(nodes: Iterable[Node], model: Model) -> list[Parameter]:
    """The parameters among the nodes of a part of the energy, in the order of the model."""
    names = {n["name"] for n in nodes if n.op is ops.param}
    return [p for p in model.parameters if p.name in names]


def _outline(operand: Operand, model: Model) -> Any:
    """A cheap key of an operand, the same for equal ones: all of its numbers but the formula."""
    nodes = list(topological([operand.energy]))
    numbers = [(p.start, p.lower, p.upper, p.free, p.components, p.places) for p in _read(nodes, model)]
    return tuple(numbers), len(nodes)


def _renamed(energy: Node, read: list[Parameter], formula: Formula) -> Node:
    """The energy, its parameters named by their order."""
    names = {p.name: f"#{k}" for k, p in enumerate(read)}

    def renamed(node: Node) -> Node:
        return ops.param(name=names[node["name"]], kind=node.kind) if node.op is ops.param else node

    done = rebuild([energy], renamed)
    formula.budget.spend(len(done) / 4)
    return done[energy]


def _canonical(energy: Node, formula: Formula) -> Node:
    """The energy in canonical form."""
    formula.budget.spend(sum(1 for _ in topological([energy])))
    alone = Model(formula.model.species, (), (), {"energy": energy})
    return share_subexpressions(simplify_model(alone)).outputs["energy"]
