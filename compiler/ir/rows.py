"""Rows of tables that only splines read, as their knots or coefficients.

Such a row is as long as its table, often thousands of numbers, and a cubic reads four of them. Targets
therefore carry the number of the row to atoms, neighbours and triples, and not the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import ops
from .graph import Node

# they bring a row as it is
CARRIERS = (ops.at, ops.to_i, ops.to_j, ops.to_ij, ops.to_ik)
# their last argument is a row
_SPLINES = (ops.interpolate, ops.bspline)


def row_of(node: Node) -> Node | None:
    """The row of numbers that a spline reads; None of any other operation."""
    return node.args[-1] if node.op in _SPLINES else None


def table_of(row: Node) -> Node:
    """The table that a carried row is of."""
    while row.op is not ops.at:
        (row,) = row.args
    return row.args[0]


def unread_rows(order: Sequence[Node], roots: Iterable[Node]) -> set[Node]:
    """The nodes whose values nothing reads but splines as their rows. order: arguments first."""
    read, asked, found = set(roots), set[Node](), set[Node]()
    for node in reversed(order):
        if node in asked and node not in read and node.op in CARRIERS:
            found.add(node)
            (read if node.op is ops.at else asked).add(node.args[0])
            continue
        row = row_of(node)
        asked.update(() if row is None else (row,))
        read.update(node.args if row is None else node.args[:-1])
    return found
