"""The parameters that the energy depends on, once constants are folded and terms have cancelled."""

from __future__ import annotations

import math
from functools import reduce
from math import prod

from ..analysis.budget import Budget
from ..chemistry.units import ONE, Unit
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node, topological
from ..ir.interval import Range
from ..ir.rewrite import remake, renewed, rewrite_model
from ..ir.types import NONE, TABLES
from ..passes.cse import share_subexpressions
from ..passes.simplify import simplify_model
from .formula import Formula

_LONGEST = 256  # operands of a sum that are looked through: each sum within a sum is one too


def read_parameters(formula: Formula) -> frozenset[str]:
    """Names of the parameters that the energy depends on, for some values of them within their bounds."""
    model = formula.model
    formula.budget.spend(2 * formula.size)
    roots = [formula.energy, *(t.energy for t in model.terms)]
    done: dict[Node, Node] = {}
    for node in topological(roots):
        args = tuple(done[a] for a in node.args)
        known = _constant(node, formula.ranges[node])
        done[node] = known or (node if args == node.args else remake(node, args))
    if all(done[root] is root for root in roots):
        model = formula.simplified
    else:
        model = share_subexpressions(simplify_model(renewed(model, done)))
    cancelled = rewrite_model(model, lambda node: without_cancelling(node, formula.budget))
    if cancelled.outputs["energy"] is not model.outputs["energy"]:
        model = simplify_model(cancelled)
    return frozenset(n["name"] for n in topological([model.outputs["energy"]]) if n.op is ops.param)


def _constant(node: Node, found: Range) -> Node | None:
    """The number that a value is throughout, as far as its range proves it."""
    low, high = found
    if low != high or not math.isfinite(low) or node.op is ops.const or node.kind.domain.name in TABLES:
        return None
    return ops.const(kind=node.kind, values=(low,) * node.kind.components)


def without_cancelling(node: Node, budget: Budget) -> Node:
    """a·x + y − a·x = y: a sum without the operands whose factors add up to 0."""
    if node.op is not ops.add:
        return node
    factors: dict[tuple[Node, Unit], float] = {}
    waiting = {(node, ONE): 1.0}  # a part that is met again before its turn is looked through once

    def add(part: Node, unit: Unit, factor: float) -> None:
        waiting[part, unit] = waiting.pop((part, unit), 0.0) + factor

    for _ in range(4 * _LONGEST):
        if not waiting:
            break
        budget.spend(1 / 3)
        if len(waiting) + len(factors) > _LONGEST:
            return node
        (part, unit), factor = waiting.popitem()
        if part.op is ops.add:
            for a in reversed(part.args):
                add(a, unit, factor)
        elif part.op is ops.neg:
            add(part.args[0], unit, -factor)
        elif part.op is ops.mul and any(_is_number(a) for a in _factors(part)):
            numbers = [a for a in _factors(part) if _is_number(a)]
            rest = [a for a in _factors(part) if not _is_number(a)] or [ops.constant(1.0)]
            factor *= prod(a["values"][0] for a in numbers)
            unit = reduce(Unit.__mul__, (a.kind.unit for a in numbers), unit)
            add(alg.mul(*rest), unit, factor)
        else:
            factors[part, unit] = factors.get((part, unit), 0.0) + factor
    if waiting or all(factors.values()):
        return node
    total = ops.const(kind=node.kind, values=(0.0,) * node.kind.components)
    for (part, unit), factor in factors.items():
        if factor:
            total = ops.add(total, ops.mul(ops.constant(factor, unit), part))
    return total


def _factors(node: Node) -> list[Node]:
    """The factors of a product, those of a product that is the first of them in its place."""
    found: list[Node] = []
    while node.op is ops.mul and len(found) < _LONGEST:
        node, last = node.args
        found.append(last)
    return [node, *reversed(found)]


def _is_number(node: Node) -> bool:
    return node.op is ops.const and node.kind.domain == NONE and not node.kind.shape
