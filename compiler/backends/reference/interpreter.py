"""One evaluation in NumPy: values of nodes as arrays whose first axis is the rows of their domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

import numpy as np

from ...ir import ops
from ...ir.graph import Model, Node, Op, topological
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


def domains(roots: Iterable[Node]) -> tuple[Domain, ...]:
    """The lists under some nodes: pairs, edges, and triples with the edges that they run over."""
    found = {node.kind.domain for node in topological(roots)}
    return tuple(sorted((d for d in found if d.name in LISTS), key=str))


class Evaluation:
    """Values of the nodes of a model at one geometry."""

    def __init__(self, model: Model, theta: Array, geometry: Geometry) -> None:
        self.model, self.geometry = model, geometry
        self.tables = _tables(model, theta)

    def values(self, roots: Sequence[Node], order: Iterable[Node]) -> list[Array]:
        """Of each root, with all rows of its domain: (rows, …). order: the nodes under them, arguments
        first.
        """
        found: dict[Node, Array] = {}
        for node in order:
            rule = lowers.rule(node.op)
            found[node] = np.asarray(rule(self, node, *(found[a] for a in node.args)))
        return [self.all_rows(found[root], root) for root in roots]

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
