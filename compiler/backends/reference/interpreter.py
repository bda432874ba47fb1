"""One evaluation in NumPy: values of nodes as arrays whose first axis is the rows of their domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ...ir import ops
from ...ir.graph import Model, Node, Op, topological
from ...ir.rows import unread_rows
from ...ir.types import LISTS, TABLES, Domain, entries, row_number, table_row, unordered_rows
from ..lowering import Lowering
from .geometry import Array, Geometry

Rule = Callable[..., Array]

REFUSED: Mapping[Op, str] = {ops.motion: "gradients of a loss are no value of a structure"}

# A rule: (run, node, *values of the arguments) -> value; one row stands for all where they are alike.
lowers: Lowering[Rule] = Lowering("the reference", REFUSED)


def pointwise(op: Op) -> Callable[[Rule], Rule]:
    """A rule of arrays alone, component by component; attributes come by name."""

    def register(function: Rule) -> Rule:
        def rule(run: Evaluation, node: Node, *args: Array) -> Array:
            wide = (_widened(v, a, node) for v, a in zip(args, node.args, strict=True))
            return np.asarray(function(*wide, **dict(node.attrs)))

        lowers(op)(rule)
        return function

    return register


class RowsOfTable(NamedTuple):
    """Rows that are looked up and not written out. table: (entries, size); rows: (rows,)."""

    table: Array
    rows: Array


def domains(roots: Iterable[Node]) -> tuple[Domain, ...]:
    """The lists under some nodes: pairs, edges, and triples with the edges that they run over."""
    found = {node.kind.domain for node in topological(roots)}
    return tuple(sorted((d for d in found if d.name in LISTS), key=str))


class Evaluation:
    """Values of the nodes of a model at one geometry."""

    def __init__(self, model: Model, theta: Array, geometry: Geometry) -> None:
        self.model, self.geometry = model, geometry
        self.tables = _tables(model, theta)

    def values(
        self, roots: Sequence[Node], order: Iterable[Node], given: Mapping[Node, Array] | None = None
    ) -> list[Array]:
        """Of each root, with all rows of its domain: (rows, …). order: the nodes under them, arguments
        first, but for those that are given.
        """
        nodes = list(order)
        unread = unread_rows(nodes, roots)
        found: dict[Node, Any] = dict(given or {})
        for node in nodes:
            values = [found[a] for a in node.args]
            if node in unread:
                found[node] = self._row_numbers(node, *values)
            else:
                found[node] = np.asarray(lowers.rule(node.op)(self, node, *values))
        return [self.all_rows(found[root], root) for root in roots]

    def _row_numbers(self, node: Node, value: Any) -> RowsOfTable:
        """The rows of a table that a node would have, by number."""
        if node.op is ops.at:
            rows = self.rows_of_table(node.args[0].kind.domain, self.species_of(node.kind.domain, node["of"]))
            return RowsOfTable(self.all_rows(value, node.args[0]), rows)
        if node.op in (ops.to_i, ops.to_j):
            near = self.geometry.list_of(node.kind.domain)
            return RowsOfTable(value.table, value.rows[near.i if node.op is ops.to_i else near.j])
        ij, ik = self.geometry.triples[node.kind.domain.rc]
        return RowsOfTable(value.table, value.rows[ij if node.op is ops.to_ij else ik])

    def rows(self, domain: Domain) -> int:
        if domain.name == "site":
            return len(self.geometry.positions)
        if domain.name == "triple":
            return len(self.geometry.triples[domain.rc][0])
        if domain.name in LISTS:
            return len(self.geometry.list_of(domain).i)
        return entries(domain, len(self.model.species)) if domain.name in TABLES else 1

    def all_rows(self, value: Array, node: Node) -> Array:
        return np.broadcast_to(value, (self.rows(node.kind.domain), *node.kind.shape))

    def rows_of_table(self, table: Domain, atoms: Sequence[Array]) -> Array:
        """The row of a table for atoms of given species."""
        n = len(self.model.species)
        pairs = np.array(unordered_rows(n))
        return np.asarray(table_row(table, atoms, n, lambda a, b: pairs[a, b]))

    def own_rows(self, table: Domain) -> Array:
        """The rows of a table of pairs that belong to each atom, (N, species): one for each species of
        neighbour.
        """
        n = len(self.model.species)
        rows = [row_number(table, pair, n) for pair in product(range(n), repeat=2)]
        return np.array(rows).reshape(n, n)[self.geometry.species]

    def species_of(self, domain: Domain, letters: str) -> list[Array]:
        """The species of atoms of each row, by letters: `ij`, `jk`."""
        atoms = self.geometry.atoms(domain)
        return [self.geometry.species[atoms[c]] for c in letters]

    def onto(self, value: Array, node: Node, owner: Array, count: int, within: float | None) -> Array:
        """Sums of the rows of a node by owner, (count, …); on lists of neighbours nearer than `within` Å."""
        rows = self.all_rows(value, node)
        if node.kind.domain.name in LISTS:
            near = self.geometry.mask(node.kind.domain, within)
            rows, owner = rows[near], owner[near]
        out = np.zeros((count, *rows.shape[1:]), dtype=rows.dtype)
        np.add.at(out, owner, rows)
        return out


def _widened(value: Array, node: Node, result: Node) -> Array:
    """A single value against components: a trailing axis of length one for each."""
    missing = len(result.kind.shape) - len(node.kind.shape)
    return value.reshape(value.shape + (1,) * missing)


def _tables(model: Model, theta: Array) -> Mapping[str, Array]:
    return model.vector.tables(np.asarray(theta), lambda flat, places: np.append(flat, 0.0)[list(places)])
