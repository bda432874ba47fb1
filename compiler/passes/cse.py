"""CSE: equal nodes are one object already; this pass makes more of them equal by putting operands in one
order.

Chains of products and of sums are flattened, sorted by the nodes' digests and rebuilt: a·b and b·a, (a·b)·c
and a·(c·b) become the same node.
"""

from __future__ import annotations

from ..ir import ops
from ..ir.graph import Model, Node
from ..ir.rewrite import rewrite_model
from ..ir.traits import Trait

_LONGEST = 64


def share_subexpressions(model: Model) -> Model:
    """Put the operands of commutative operations in one order."""
    return rewrite_model(model, ordered)


def ordered(node: Node) -> Node:
    """A node with its operands in order; equal up to rounding of the last bit."""
    if Trait.COMMUTES not in node.op.traits:
        return node
    if Trait.CHAINS not in node.op.traits:
        return node.op(*sorted(node.args, key=lambda a: a.key))
    operands = sorted(
        _flatten(node),
        key=lambda a: (a.op is not ops.const, a.kind.domain.name != "none", a.kind.shape != (), a.key),
    )
    total = operands[0]
    for operand in operands[1:]:
        total = node.op(total, operand)
    return total if total.kind == node.kind else node


def _flatten(node: Node) -> list[Node]:
    found: list[Node] = []
    stack = list(node.args[::-1])
    while stack:
        part = stack.pop()
        if part.op is node.op and len(found) + len(stack) < _LONGEST:
            stack.extend(part.args[::-1])
        else:
            found.append(part)
    return found
