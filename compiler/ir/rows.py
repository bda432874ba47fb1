"""Rows of tables that only `interpolate` reads, as its knots.

Such a row is as long as its table, often thousands of numbers, and a cubic reads four of them. Targets
therefore carry the number of the row to atoms, neighbours and triples, and not the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import ops
from .graph import Node

# they bring a row as it is
CARRIERS = (ops.at, ops.to_i, ops.to_j, ops.to_ij, ops.to_ik)


def table_of(row: Node) -> Node:
    """The table that a carried row is of."""
    while row.op is not ops.at:
        (row,) = row.args
    return row.args[0]


def unread_rows(order: Sequence[Node], roots: Iterable[Node]) -> set[Node]:
    """The nodes whose values nothing reads but `interpolate` as its knots. order: arguments first."""
    read, asked, found = set(roots), set[Node](), set[Node]()
    for node in reversed(order):
        if node in asked and node not in read and node.op in CARRIERS:
            found.add(node)
            (read if node.op is ops.at else asked).add(node.args[0])
            continue
        knots = node.args[1:] if node.op is ops.interpolate else ()
        asked.update(knots)
        read.update(node.args[:1] if knots else node.args)
    return found
