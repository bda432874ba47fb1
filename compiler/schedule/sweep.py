"""Sweeps: a model as loops over an atom's neighbours, for targets that finish an atom before the next one.

A node is worked out for a block of atoms (`site`), for the neighbours of each (`edge`), or for pairs of
neighbours (`triple`). Its level counts the sums that come before it: a sum over neighbours ends a loop, so
what reads the sum runs a level later. Within a level sites come first, then edges, then triples.

    level(sum over edges or triples) = level(summand) + 1,  level(any other) = the greatest of its arguments

What a later loop reads of an earlier one is either stored for each neighbour or worked out once more,
whichever is cheaper. What depends on parameters and species alone is in no loop: it is a table.

Some parameters may vary: a model is then evaluated with several sets of them at once. What does not depend on
these is worked out first, and the loops of all else come after it, once for each set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.traits import Trait
from ..ir.types import LISTS, SITE, Domain

_LEVELS = {"site": 0, "edge": 1, "triple": 2}
# of a stored number: its store and its load, and its load alone, in operations
_STORED = 1.5
_READ = 0.5


@dataclass(frozen=True)
class Loop:
    """Nodes of one domain that are worked out together, arguments first.

    stores: of those the ones that later loops read. sums: sums of its nodes, which it makes. results: the
    outputs among its nodes. varied: whether it runs for each set of the parameters that vary.
    """

    domain: Domain
    level: int
    nodes: tuple[Node, ...]
    stores: tuple[Node, ...]
    sums: tuple[Node, ...]
    results: tuple[Node, ...]
    varied: bool = False


@dataclass(frozen=True, eq=False)
class Sweep:
    """Loops in order, and the tables that they read."""

    model: Model
    tables: frozenset[Node]
    lists: tuple[Domain, ...]
    loops: tuple[Loop, ...]


def make_sweep(model: Model, varied: Collection[str] = ()) -> Sweep:
    """The loops of a model whose outputs are on sites and edges, without pairs.

    varied: names of the parameters that vary.
    """
    order = tuple(topological(model.outputs.values()))
    tables = frozenset(static_nodes(order))
    changing = dependent(order, varied)
    levels = _levels([n for n in order if n not in changing and n not in tables], 0, {})
    first = max(levels.values(), default=-1) + 1 if changing else len(order)
    levels = _levels([n for n in order if n in changing and n not in tables], first, levels)
    read = {_domain(n) for n in levels}
    lists = {Domain("edge", d.rc) for d in read if d.name in ("edge", "triple")}
    loops = _Loops(model, order, tables, levels, first).made()
    return Sweep(model, tables, tuple(sorted(lists, key=lambda d: d.rc or 0.0)), loops)


def static_nodes(order: Iterable[Node]) -> set[Node]:
    """The nodes that depend on parameters and species alone."""
    found: set[Node] = set()
    for node in order:
        if Trait.POSITION in node.op.traits or ends_loop(node):
            continue
        if all(a in found for a in node.args):
            found.add(node)
    return found


def ends_loop(node: Node) -> bool:
    """Whether a node is a sum over neighbours or triples, which end the loop that works them out."""
    return Trait.SUM in node.op.traits and node.args[0].kind.domain.name in LISTS


def _domain(node: Node) -> Domain:
    """Of the loop that a node is worked out in: that of its summand for a sum."""
    return node.args[0].kind.domain if ends_loop(node) else node.kind.domain


def dependent(order: Iterable[Node], names: Collection[str]) -> set[Node]:
    """The nodes that depend on parameters of these names."""
    found: set[Node] = set()
    for node in order:
        if (node.op is ops.param and node["name"] in names) or any(a in found for a in node.args):
            found.add(node)
    return found


def _levels(nodes: Iterable[Node], first: int, before: Mapping[Node, int]) -> dict[Node, int]:
    """The levels of these nodes, from the first on, beside those known before."""
    levels = dict(before)
    for node in nodes:
        start = max((levels[a] for a in node.args if a in levels), default=first)
        levels[node] = max(start, first) + ends_loop(node)
    return levels


class _Loops:
    """Loops from the last to the first: each asks the earlier ones for what it does not work out itself."""

    def __init__(
        self,
        model: Model,
        order: tuple[Node, ...],
        tables: frozenset[Node],
        levels: Mapping[Node, int],
        varied: int,
    ) -> None:
        """varied: the first level that is worked out for each set of the parameters that vary."""
        self.order, self.tables, self.levels, self.varied = order, tables, levels, varied
        self.place = {n: k for k, n in enumerate(order)}
        self.wanted: dict[tuple[Domain, int], dict[Node, None]] = {}  # nodes that a loop has to work out
        self.stored: set[Node] = set()
        self.sums: dict[tuple[Domain, int], dict[Node, None]] = {}
        self.early = self._summed()
        self.costs = self._estimates()
        self.outputs = tuple(n for n in model.outputs.values() if n in levels)
        for node in self.outputs:
            self._want(node)

    def made(self) -> tuple[Loop, ...]:
        keys = {(_domain(n), level - ends_loop(n)) for n, level in self.levels.items()}
        loops = [self._loop(*key) for key in sorted(keys, key=_turn, reverse=True)]
        return tuple(loop for loop in reversed(loops) if loop.nodes or loop.sums)

    def _want(self, node: Node) -> None:
        """Ask for a node in the loop of its level; a sum is made by the loop of its summand."""
        if ends_loop(node):
            self.sums.setdefault((_domain(node), self.levels[node] - 1), {})[node] = None
        else:
            self.wanted.setdefault((node.kind.domain, self.levels[node]), {})[node] = None

    def _loop(self, domain: Domain, level: int) -> Loop:
        sums = self.sums.get((domain, level), {})
        roots = [*self.wanted.get((domain, level), {}), *(s.args[0] for s in sums)]
        own: dict[Node, None] = {}
        stack = [r for r in roots if r not in self.tables and not ends_loop(r)]
        for inner in (r for r in roots if ends_loop(r)):
            self._want(inner)
        while stack:
            node = stack.pop()
            if node in own:
                continue
            own[node] = None
            for a in node.args:
                if a in self.tables or a in own:
                    continue
                if self._elsewhere(a, domain, level):
                    self.stored.add(a)
                    self._want(a)
                else:
                    stack.append(a)
        nodes = sorted(own, key=self.place.__getitem__)
        stores = tuple(n for n in nodes if n in self.stored and self.levels[n] == level)
        results = tuple(n for n in nodes if n in self.outputs and self.levels[n] == level)
        made = tuple(sorted(sums, key=self.place.__getitem__))
        return Loop(domain, level, tuple(nodes), stores, made, results, level >= self.varied)

    def _elsewhere(self, node: Node, domain: Domain, level: int) -> bool:
        """Whether an argument is read rather than worked out here."""
        if node.kind.domain != domain or ends_loop(node):
            return True
        if self.levels[node] == level or domain.name == "triple":
            return False
        if level >= self.varied > self.levels[node]:  # it is stored once, and read for each set
            return domain == SITE or _READ * node.kind.components < self.costs[node]
        return domain == SITE or self._read(node) < self.costs[node]

    def _read(self, node: Node) -> float:
        return _STORED * node.kind.components + (0.0 if node in self.early else _flops(node))

    def _estimates(self) -> dict[Node, float]:
        """Of each node the operations to work it out once more, with each argument the cheaper way."""
        costs: dict[Node, float] = {}
        for node in (n for n in self.order if n in self.levels):
            parts = (a for a in node.args if a in self.levels)
            costs[node] = _flops(node) + sum(self._cheaper(a, costs) for a in parts)
        return costs

    def _cheaper(self, node: Node, costs: Mapping[Node, float]) -> float:
        if ends_loop(node) or node.kind.domain == SITE:
            return _READ * node.kind.components
        return min(self._read(node), costs[node])

    def _summed(self) -> set[Node]:
        """The nodes on neighbours that a sum needs, and that are so worked out in their own loop."""
        found: set[Node] = set()
        stack = [n.args[0] for n in self.levels if ends_loop(n)]
        while stack:
            node = stack.pop()
            if node not in found and node in self.levels and not ends_loop(node):
                found.add(node)
                stack.extend(node.args)
        return found


def _turn(key: tuple[Domain, int]) -> tuple[int, int, float]:
    domain, level = key
    return level, _LEVELS[domain.name], domain.rc or 0.0


def _flops(node: Node) -> float:
    return float(node.op.flops(node))
