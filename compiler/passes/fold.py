"""Fold: operations on constants are done at compile time."""

from __future__ import annotations

import math

from ..ir import ops
from ..ir.graph import Node
from ..ir.types import Kind


def fold_constants(node: Node) -> Node | None:
    """f(c) → the constant f(c), elementwise operations only; left alone where f(c) is not a finite number."""
    if not node.args or any(a.op is not ops.const for a in node.args):
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
    return ops.const(kind=kind, values=values)


def _values(node: Node) -> tuple[float, ...] | None:
    scalar = node.op.scalar
    if scalar is None:
        return None
    rows, attrs = [a["values"] for a in node.args], dict(node.attrs)
    n = max(len(r) for r in rows)
    if any(len(r) not in (1, n) for r in rows):
        return None
    wide = (r * n if len(r) == 1 else r for r in rows)
    return tuple(scalar(*xs, **attrs) for xs in zip(*wide, strict=True))
