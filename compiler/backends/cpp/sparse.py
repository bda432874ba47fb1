"""Products of stored slopes with numbers of the atom or of a table, those alone that are not 0.

The slopes J of `passes.factor` are stored for each neighbour by a loop that no parameter changes: each
component in a row of its own, over the neighbours of all atoms of a block. A set of parameters reads a few
rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ...ir import ops
from ...ir.contraction import parsed
from ...ir.graph import Node
from ...ir.types import Domain
from ...schedule.sweep import Sweep
from .writer import Value, Writer, literal, vector

_FEWEST = 4  # numbers; fewer are multiplied as they are


class Body(Protocol):
    """What products ask of the loop body that they are in."""

    writer: Writer

    @property
    def rows(self) -> SlopeRows: ...
    def is_table(self, node: Node) -> bool: ...
    def pointer(self, node: Node) -> str: ...
    def kept(self, node: Node) -> list[float | int]: ...
    def value(self, node: Node, reader: Node) -> Value: ...
    def array(self, node: Node) -> str: ...


class SlopeRows:
    """The rows of each list: the first of each J, and how many there are.

    outer: of the J that are sums of outer products of vectors, these. within: nodes that serve them alone.
    """

    def __init__(self, sweep: Sweep) -> None:
        self.first: dict[Node, int] = {}
        self.used: dict[Domain, int] = dict.fromkeys(sweep.lists, 0)
        self.outer: dict[Node, list[OuterProducts]] = {}
        self.within: set[Node] = set()
        early = {n for loop in sweep.loops if not loop.varied for n in loop.stores}
        late = [n for loop in sweep.loops if loop.varied for n in loop.nodes]
        if not late:
            return
        others = {a for n in late if slopes_of(n) is None for a in n.args}
        readers: dict[Node, set[Node]] = {}
        for node in (n for loop in sweep.loops for n in (*loop.nodes, *loop.sums)):
            for a in node.args:
                readers.setdefault(a, set()).add(node)
        for slopes in filter(None, map(slopes_of, late)):
            if slopes in early and slopes not in others and slopes not in self.first:
                domain = slopes.kind.domain
                self.first[slopes] = self.used[domain]
                self.used[domain] += slopes.kind.components
                self._look_into(slopes, readers)

    def _look_into(self, slopes: Node, readers: Mapping[Node, set[Node]]) -> None:
        inner: set[Node] = {slopes}
        found = columns_of(slopes, inner)
        read_here = all(readers.get(n, set()) <= inner for n in inner if n is not slopes)
        if found is not None and read_here:
            self.outer[slopes] = found
            self.within |= inner

    def row(self, slopes: Node, component: int = 0) -> str:
        """Where a component is, for the neighbours from k on."""
        return f"list.slopes + {self.first[slopes] + component} * w.pitch + k"

    def store(self, body: Body, slopes: Node) -> list[str]:
        """Statements that store J."""
        if slopes not in self.outer:
            values = body.value(slopes, slopes)
            return [f"store({self.row(slopes, c)}, {vector(value)});" for c, value in enumerate(values)]
        lines = []
        width = slopes.kind.shape[1]
        for q, products in enumerate(self.outer[slopes]):
            rows, columns = products[0][0].kind.components, products[0][1].kind.components
            total = " + ".join(f"{body.array(a)}[x] * {body.array(b)}[y]" for a, b in products)
            lines += [
                f"for (int x = 0; x < {rows}; ++x)",
                f"for (int y = 0; y < {columns}; ++y)",
                f"store({self.row(slopes, q)} + (x * {columns} + y) * {width} * w.pitch, {total});",
            ]
        return lines


# vectors a (n) and b (m) of Σ a_x b_y, in the order of the axes of the sum
OuterProducts = list[tuple[Node, Node]]


def columns_of(slopes: Node, inner: set[Node]) -> list[OuterProducts] | None:
    """For each column of J (n, Q) the outer products that add up to it; None where others are among them.

    inner: to it, the nodes that make J of these vectors.
    """
    width = slopes.kind.shape[1]
    found: list[OuterProducts] = [[] for _ in range(width)]
    stack = [slopes]
    while stack:
        node = stack.pop()
        inner.add(node)
        if node.op is ops.add:
            stack.extend(node.args)
        elif node.op is ops.put and node.kind.shape == slopes.kind.shape and len(node["indices"]) == 1:
            products = _outer_products(node.args[0], inner)
            if products is None:
                return None
            found[node["indices"][0]] += products
        else:
            return None
    sizes = {(a.kind.components, b.kind.components) for products in found for a, b in products}
    return found if all(found) and len(sizes) == 1 else None


def _outer_products(node: Node, inner: set[Node]) -> OuterProducts | None:
    inner.add(node)
    if node.op is ops.reshape:
        return _outer_products(node.args[0], inner)
    if node.op is ops.add and all(a.kind.shape == node.kind.shape for a in node.args):
        parts = [_outer_products(a, inner) for a in node.args]
        return None if None in parts else [pair for part in parts for pair in part or ()]
    if node.op is not ops.einsum or len(node.args) != 2:
        return None
    contraction = parsed(node["spec"])
    if sorted(contraction.output) != sorted(contraction.inputs) or len(set(contraction.output)) != 2:
        return None
    a, b = node.args
    return [(a, b) if contraction.output == "".join(contraction.inputs) else (b, a)]


class SparseProducts:
    """The products of one loop over neighbours.

    of_atom: statements before the neighbours of an atom. of_species: the same, of one species.
    """

    def __init__(self) -> None:
        self.of_atom: list[str] = []
        self.of_species: list[str] = []

    def product(self, body: Body, node: Node) -> Value | None:
        """Σ_s J_s x_s where J is stored in rows; None for any other node."""
        rows, slopes = body.rows, slopes_of(node)
        if slopes is None or slopes not in rows.first:
            return None
        size, width = slopes.kind.shape
        numbers, x, sums = node.args[1], body.writer.name(), body.writer.name()
        if body.is_table(numbers):
            add = f"for (int s = 0; s < {size}; ++s) {x}.add(s, {body.pointer(numbers)}[s]);"
            self.of_species += [f"Sparse<{size}> {x};", add]
        else:
            self.of_atom += [f"Sparse<{size}> {x};", *_added(x, body.kept(numbers.args[0]))]
        body.writer.lines.append(f"V {sums}[{width}] = {{}};")
        body.writer.lines.append(f"{x}.add_products({rows.row(slopes)}, w.pitch, {sums});")
        return [f"{sums}[{q}]" for q in range(width)]


def _added(x: str, kept: Sequence[float | int]) -> list[str]:
    """Statements that add the numbers of an atom: those of its slots, and known ones."""
    slots = {s: slot for s, slot in enumerate(kept) if isinstance(slot, int)}
    known = {s: value for s, value in enumerate(kept) if isinstance(value, float) and value}
    lines = [f"{x}.add({s}, {literal(value)});" for s, value in known.items()]
    if slots:
        lines += [
            f"static const int of_{x}[] = {{{', '.join(map(str, slots))}}};",
            f"static const int from_{x}[] = {{{', '.join(map(str, slots.values()))}}};",
            f"for (int s = 0; s < {len(slots)}; ++s) {x}.add(of_{x}[s], S[from_{x}[s] * LANES + a]);",
        ]
    return lines


def slopes_of(node: Node) -> Node | None:
    """J of a product Σ_s J_s x_s as `passes.factor` makes it."""
    is_one = node.op is ops.einsum and node["spec"] == "sq,s->q"
    return node.args[0] if is_one and node.args[0].kind.shape[0] >= _FEWEST else None
