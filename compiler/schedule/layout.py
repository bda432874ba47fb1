"""Rows or stacked: on atoms and pairs a value with one feature axis is kept as an array for each component.

A compiler for long loops then sees elementwise work alone, along contiguous rows, and merges it. On the dense
lists, where many rows meet in products, values are stacked.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..ir import ops
from ..ir.graph import Node
from ..ir.traits import Trait
from ..ir.types import LISTS
from .algorithms import Choice
from .limits import Limits
from .plan import Algorithm, Layout


def layout_of(node: Node, choice: Choice, layouts: Mapping[Node, Layout], limits: Limits) -> Layout:
    """The layout of a value; layouts: those of its arguments."""
    if choice.algorithm is not Algorithm.OUTER and _keeps(node):
        return layouts[node.args[0]]
    if node.op is ops.take and layouts[node.args[0]] is Layout.ROWS:
        return Layout.ROWS
    return Layout.ROWS if in_rows(node, limits) else Layout.STACKED


def in_rows(node: Node, limits: Limits) -> bool:
    """Whether a value by itself is kept as rows: one feature axis, on atoms or pairs."""
    shape = node.kind.shape
    return len(shape) == 1 and shape[0] <= limits.rows and node.kind.domain.name in ("site", "pair")


def _keeps(node: Node) -> bool:
    """Whether an operation changes structural axes alone, component by component."""
    traits, onto = node.op.traits, node.kind.domain.name
    adds = Trait.SUM in traits and Trait.BY_SPECIES not in traits and onto in ("site", *LISTS)
    return Trait.MOVE in traits or adds
