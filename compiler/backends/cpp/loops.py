"""Loops of a sweep as C++: over the atoms of a block, over their neighbours, over pairs of neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from ...ir import ops
from ...ir.bsplines import Knots
from ...ir.contraction import parsed
from ...ir.graph import Node
from ...ir.interval import Range
from ...ir.triads import Triad
from ...ir.types import Domain
from ...schedule.sweep import Loop, Sweep
from . import rules, splines
from .runs import LONG, looped, run_of
from .sparse import SlopeRows, SparseProducts
from .tables import known_numbers, species_letters
from .writer import Value, Writer, literal

# the slot of neighbours where their motion is, in kernels that have one
MOTION = 3
# a contraction of more products than this is a loop
WRITTEN_OUT = 500
# more sums than this over one product of vectors are made after the loop, in tiles
TILED = 24


@dataclass
class Slots:
    """Numbers that a domain keeps: of atoms in S, of neighbours in a list."""

    used: int
    values: dict[Node, list[float | int]] = field(default_factory=dict)

    def fresh(self, n: int = 1) -> int:
        self.used += n
        return self.used - n


@dataclass(frozen=True)
class Sum:
    """Where an output is added up: from a place on, in the row of the species that so many letters tell."""

    place: int
    letters: int


Adjoints = dict[Node, list[Sum]]


@dataclass
class Context:
    """What all loops of a file share.

    ranges: an interval of each node. number: of a list, by its domain. tables: those read, in order.
    adjoints: outputs that are added up by species. knots: of B-splines, with their numbers.
    triads: those whose symbols are read, with their names.
    """

    sweep: Sweep
    ranges: dict[Node, Range]
    sites: Slots
    edges: dict[Domain, Slots]
    tables: dict[Node, int]
    rows: SlopeRows
    adjoints: Adjoints = field(default_factory=dict)
    knots: dict[Knots, int] = field(default_factory=dict)
    names: Iterator[int] = field(default_factory=count)
    known: dict[Node, list[float] | None] = field(default_factory=dict)
    triads: dict[Triad, str] = field(default_factory=dict)

    def number(self, domain: Domain) -> int:
        return self.sweep.lists.index(Domain("edge", domain.rc))

    def slots(self, domain: Domain) -> Slots:
        return self.sites if domain.name == "site" else self.edges[Domain("edge", domain.rc)]


class LoopBody:
    """The body of one loop: values of its nodes, in the order in which they are asked for."""

    def __init__(self, context: Context, loop: Loop) -> None:
        self.context, self.loop = context, loop
        self.writer, self.outside = Writer(context.names), Writer(context.names)
        self.values: dict[Node, Value] = {}
        self.pointers: dict[Node, str] = {}
        self.read: dict[int, str] = {}
        self.arrays: dict[Node, str] = {}
        self.sparse = SparseProducts()

    def range(self, node: Node) -> Range:
        return self.context.ranges[node]

    @property
    def rows(self) -> SlopeRows:
        return self.context.rows

    @property
    def knots(self) -> dict[Knots, int]:
        return self.context.knots

    def is_table(self, node: Node) -> bool:
        return node in self.context.sweep.tables

    def displacement(self) -> Value:
        return [self.stored(q) for q in range(3)]

    def motion(self) -> Value:
        return [self.stored(MOTION + q) for q in range(3)]

    def write(self, skipped: set[Node]) -> None:
        """All nodes but some, whose sums need no value of theirs."""
        for node in self.loop.nodes:
            if node not in skipped and node not in self.rows.within and not splines.are_added(node):
                product = self.sparse.product(self, node) if self.loop.varied else None
                self.values[node] = product or self._by_rule(node)

    def _by_rule(self, node: Node) -> Value:
        args = [self.value(a, node) for a in splines.arguments(node)]
        return rules.lowers.rule(node.op)(self, node, args)

    def value(self, node: Node, reader: Node) -> Value:
        if node in self.values:
            return self.values[node]
        if self.is_table(node):
            found = self._table(node)
        elif node.kind.domain == self.loop.domain:
            kept = self.kept(node)
            read = self.stored if len(kept) < LONG else self.load
            found = [s if isinstance(s, float) else read(s) for s in kept]
        else:
            return self.moved(node, reader)
        self.values[node] = found
        return found

    def kept(self, node: Node) -> list[float | int]:
        return self.context.slots(node.kind.domain).values[node]

    def stored(self, slot: int) -> str:
        """The components of a slot for the lanes of this loop; read once."""
        if slot not in self.read:
            self.read[slot] = self.writer.let(f"load({self.address(slot)})")
        return self.read[slot]

    def load(self, slot: int) -> str:
        """The components of a slot, without a name."""
        return self.read.setdefault(slot, f"load({self.address(slot)})")

    def address(self, slot: int | str) -> str:
        if self.loop.domain.name == "site":
            return f"S + {slot} * LANES"
        return f"at + {slot} * LANES"

    def moved(self, node: Node, reader: Node) -> Value:
        """A value of another domain, as the loop sees it."""
        kept = self.kept(node)
        if reader.op is ops.to_species:
            n = reader.kind.components
            texts = [self._of_species(kept, c, n) for c in range(n)]
            return texts
        return [s if isinstance(s, float) else self._elsewhere(node, reader, s) for s in kept]

    def _of_species(self, kept: list[float | int], component: int, n: int) -> float | str:
        own = kept[component::n]
        if all(isinstance(s, float) and s == own[0] for s in own):
            return float(own[0])
        first, step = own[0], 0 if len(own) == 1 else int(own[1]) - int(own[0])
        if any(isinstance(s, float) or s != int(first) + k * step for k, s in enumerate(own)):
            return f"broadcast({self._chosen(own)})"
        return f"broadcast(S[({int(first)} + sj * {step}) * LANES + a])"

    def _chosen(self, own: list[float | int]) -> str:
        """The number of the neighbours' species where they are not in slots that follow each other."""
        texts = [literal(s) if isinstance(s, float) else f"S[{s} * LANES + a]" for s in own]
        return "".join(f"sj == {k} ? {t} : " for k, t in enumerate(texts[:-1])) + texts[-1]

    def _elsewhere(self, node: Node, reader: Node, slot: int) -> str:
        if node.kind.domain.name == "site":
            return f"broadcast(S[{slot} * LANES + a])"
        if reader.op is ops.to_ik:
            return self.writer.let(f"load(at + {slot} * LANES)")
        return f"broadcast(atj[{slot} * LANES])"

    def contract(self, node: Node, args: Sequence[Value]) -> Value:
        contraction = parsed(node["spec"])
        sizes = contraction.sizes(a.kind.shape for a in node.args)
        if contraction.products(sizes) <= WRITTEN_OUT:
            return rules.written_out(self.writer, node, args)
        return self._looped(node, args)

    def _looped(self, node: Node, args: Sequence[Value]) -> Value:
        """A large contraction as nested loops over arrays."""
        contraction = parsed(node["spec"])
        shapes = [a.kind.shape for a in node.args]
        sizes = contraction.sizes(shapes)
        w = self.writer
        texts = []
        for letters, shape, a, value in zip(contraction.inputs, shapes, node.args, args, strict=True):
            base = self._array(a, value)
            index = "0"
            for letter, size in zip(letters, shape, strict=True):
                index = f"({index}) * {size} + {letter}"
            texts.append(f"{base}[{index}]" if a not in self.pointers else f"broadcast({base}[{index}])")
        out = w.name()
        w.lines.append(f"V {out}[{max(1, node.kind.components)}];")
        place = "0"
        for letter in contraction.output:
            w.lines.append(f"for (int {letter} = 0; {letter} < {sizes[letter]}; ++{letter}) {{")
            place = f"({place}) * {sizes[letter]} + {letter}"
        w.lines.append("V total = {};")
        for letter in contraction.summed:
            w.lines.append(f"for (int {letter} = 0; {letter} < {sizes[letter]}; ++{letter})")
        w.lines.append(f"total += {' * '.join(texts)};")
        w.lines.append(f"{out}[{place}] = total;")
        w.lines.append("}" * len(contraction.output))
        return [f"{out}[{k}]" for k in range(node.kind.components)]

    def array(self, node: Node) -> str:
        """The name of an array of vectors with the components of a value of this loop."""
        if node not in self.arrays:
            self.arrays[node] = self.copied(self.value(node, node))
        return self.arrays[node]

    def _array(self, node: Node, value: Value) -> str:
        """The name of an array with these components: of vectors, or of numbers where it is a table."""
        if node in self.pointers:
            return self.pointers[node]
        return self.copied(value)

    def copied(self, value: Value) -> str:
        """The name of an array of vectors with these components: that of which they are all, or a new one."""
        first = str(value[0])
        base = first[: first.rfind("[")] if first.endswith("[0]") else ""
        if base and value == [f"{base}[{k}]" for k in range(len(value))]:
            return base
        name, run = self.writer.name(), run_of(value)
        if run is not None:
            counter = self.writer.name()
            filling = looped(counter, len(value), [f"{name}[{counter}] = {run.at(counter)};"])
            self.writer.lines += [f"V {name}[{len(value)}];", *filling]
            return name
        texts = [f"broadcast({literal(v)})" if isinstance(v, float) else v for v in value]
        self.writer.lines.append(f"const V {name}[{len(texts)}] = {{{', '.join(texts)}}};")
        return name

    def symbols(self, triad: Triad) -> str:
        """The name of the array of the symbols of a triad."""
        known = self.context.triads
        return known.setdefault(triad, f"SYMBOLS_{len(known)}")

    # --- tables ----------------------------------------------------------------------------------

    def _table(self, node: Node) -> Value:
        context = self.context
        if node not in context.known:
            context.known[node] = known_numbers(context.sweep.model, node)
        known = context.known[node]
        if known is not None:
            return list(known)
        pointer = self.pointer(node)
        return [f"broadcast({pointer}[{k}])" for k in range(node.kind.components)]

    def pointer(self, node: Node) -> str:
        if node not in self.pointers:
            tables = self.context.tables
            if node not in tables:
                tables[node] = len(tables)
            self.pointers[node] = f"p{tables[node]}"
        return self.pointers[node]

    def pointer_lines(self) -> list[str]:
        """Where the rows of the tables that were read are, and what is worked out before the inner loop."""
        rows = {0: "0", 1: "si", 2: "(si * NS + sj)", 3: "((si * NS + sj) * NS + sk)"}
        found = []
        for node, name in self.pointers.items():
            row = rows[species_letters(node)]
            found.append(f"const real *const {name} = w.C + TABLE_{name} + {row} * {node.kind.components};")
        return found + self.outside.lines

    # --- stores ----------------------------------------------------------------------------------

    def store(self, address: Callable[[int | str], str]) -> list[str]:
        """Statements that keep what later loops read; numbers that are kept already are not kept twice."""
        slots, lines = self.context.slots(self.loop.domain), []
        own = {name: slot for slot, name in self.read.items()}
        is_site = self.loop.domain.name == "site"
        sites = [n for n in self.loop.results if is_site and n not in self.context.adjoints]
        for node in dict.fromkeys((*self.loop.stores, *sites)):
            if node in self.rows.first:
                lines += self.rows.store(self, node)
                continue
            kept: list[float | int] = []
            run = run_of(self.values[node])
            if run is not None and not any(c in own for c in self.values[node]):
                n, counter = len(self.values[node]), self.writer.name()
                first = slots.fresh(n)
                place = address(f"({first} + {counter})")
                lines += looped(counter, n, [f"store({place}, {run.at(counter)});"])
                own |= {str(c): first + k for k, c in enumerate(self.values[node])}
            for component in self.values[node]:
                if isinstance(component, str) and component not in own:
                    own[component] = slots.fresh()
                    lines.append(f"store({address(own[component])}, {component});")
                kept.append(component if isinstance(component, float) else own[component])
            slots.values[node] = kept
        return lines


def make_room(context: Context, loop: Loop) -> None:
    """Slots for the sums of a loop, before anything reads them."""
    for node in loop.sums:
        slots = context.slots(node.kind.domain)
        if node not in slots.values:
            first = slots.fresh(node.kind.components)
            slots.values[node] = list(range(first, first + node.kind.components))


def outer_factors(loop: Loop, node: Node) -> tuple[Node, Node] | None:
    """The two vectors whose products a sum adds up, where there are many and nothing else reads them."""
    (inner,) = node.args
    if node.op is not ops.sum_i or inner.op is not ops.einsum or inner.kind.components <= TILED:
        return None
    contraction = parsed(inner["spec"])
    plain = contraction.output == "".join(contraction.inputs) and len(inner.args) == 2
    if not plain or any(len(letters) != 1 for letters in contraction.inputs):
        return None
    if inner in loop.stores or any(inner in n.args for n in loop.nodes):
        return None
    a, b = inner.args
    return a, b
