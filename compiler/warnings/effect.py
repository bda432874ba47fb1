"""The parameters that the energy depends on, once constants are folded and terms have cancelled."""

from __future__ import annotations

import math
from functools import reduce
from math import prod

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
    roots = [formula.energy, *(t.energy for t in model.terms)]
    done: dict[Node, Node] = {}
    for node in topological(roots):
        args = tuple(done[a] for a in node.args)
        known = _constant(node, formula.ranges[node])
        done[node] = known or (node if args == node.args else remake(node, args))
    model = share_subexpressions(simplify_model(renewed(model, done)))
    model = simplify_model(rewrite_model(model, without_cancelling))
    return frozenset(n["name"] for n in topological([model.outputs["energy"]]) if n.op is ops.param)


def _constant(node: Node, found: Range) -> Node | None:
    """The number that a value is throughout, as far as its range proves it."""
    low, high = found
    if low != high or not math.isfinite(low) or node.op is ops.const or node.kind.domain.name in TABLES:
        return None
    return ops.const(kind=node.kind, values=(low,) * node.kind.components)


def without_cancelling(node: Node) -> Node:
    """a·x + y − a·x = y: a sum without the operands whose factors add up to 0."""
    if node.op is not ops.add:
        return node
    factors: dict[tuple[Node, Unit], float] = {}
    waiting = [(node, 1.0, ONE)]
    while waiting:
        if len(waiting) + len(factors) > _LONGEST:
            return node
        part, factor, unit = waiting.pop()
        if part.op is ops.add:
            waiting += [(a, factor, unit) for a in reversed(part.args)]
        elif part.op is ops.neg:
            waiting.append((part.args[0], -factor, unit))
        elif part.op is ops.mul and any(_is_number(a) for a in _factors(part)):
            numbers = [a for a in _factors(part) if _is_number(a)]
            rest = [a for a in _factors(part) if not _is_number(a)] or [ops.constant(1.0)]
            factor *= prod(a["values"][0] for a in numbers)
            unit = reduce(Unit.__mul__, (a.kind.unit for a in numbers), unit)
            waiting.append((alg.mul(*rest), factor, unit))
        else:
            factors[part, unit] = factors.get((part, unit), 0.0) + factor
    if all(factors.values()):
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
