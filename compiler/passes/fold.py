"""Fold: operations on constants are done at compile time."""

from __future__ import annotations

import math

from ..ir.graph import Node
from ..ir.ops import make
from ..ir.scalars import BINARY, UNARY
from ..ir.types import Kind


def fold_constants(node: Node) -> Node | None:
    """f(c) → the constant f(c), elementwise operations only; left alone where f(c) is not a finite number."""
    if not node.args or any(a.op != "const" for a in node.args):
        return None
    same = [a.kind.domain == node.kind.domain and a.kind.shape == node.kind.shape for a in node.args]
    if not all(whole or len(a["values"]) == 1 for whole, a in zip(same, node.args, strict=True)) or not any(
        same
    ):
        return None
    try:
        values = _values(node)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    if values is None or not all(isinstance(v, float) and math.isfinite(v) for v in values):
        return None
    return _constant(values, node.kind)


def _constant(values: tuple[float, ...], kind: Kind) -> Node:
    return make("const", kind=kind, values=values)


def _values(node: Node) -> tuple[float, ...] | None:
    rows = [a["values"] for a in node.args]
    if node.op in UNARY:
        return tuple(UNARY[node.op](x) for x in rows[0])
    if node.op == "pow":
        return tuple(x ** node["exponent"] for x in rows[0])
    if node.op in BINARY:
        n = max(len(r) for r in rows)
        if any(len(r) not in (1, n) for r in rows):
            return None
        a, b = (r * n if len(r) == 1 else r for r in rows)
        return tuple(BINARY[node.op](x, y) for x, y in zip(a, b, strict=True))
    return None
