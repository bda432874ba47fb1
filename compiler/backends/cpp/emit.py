"""A model as one self-contained C++17 file, to be compiled for the machine that it runs on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from textwrap import indent
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...analysis.intervals import ranges
from ...ir import ops
from ...ir.graph import Model, Node, topological
from ...schedule.sweep import Loop, Sweep, make_sweep
from . import splines, triads
from .adjoints import AddedAdjoints
from .loops import Adjoints, Context, LoopBody, Slots, make_room, outer_factors
from .passes import optimize
from .refusals import require_own_neighbours
from .sparse import SlopeRows
from .sums import accumulators
from .tables import Tables
from .writer import vector

Real = Literal["double", "float"]


@dataclass(frozen=True)
class Source:
    """The text of a kernel, the digest that the kernel names, and the tables that its constants hold.

    cutoff: of the longest list, Å.
    """

    text: str
    digest: str
    tables: Tables
    cutoff: float

    def constants(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """The constants of the kernel for parameters theta (P,)."""
        return self.tables.constants(theta)


def emit(
    model: Model,
    real: Real = "double",
    theta: NDArray[np.float64] | None = None,
    varied: Collection[str] = (),
) -> Source:
    """The kernel of a model as built (output `energy` per site).

    varied: names of the parameters that differ between the sets of one call (`sets.hpp`).
    theta: parameters whose constants the file carries; without them the caller brings the constants.
    Raises ToolError `reads-beyond-neighbours`.
    """
    optimized = optimize(model, varied)
    require_own_neighbours(model, optimized)
    sweep = make_sweep(optimized, varied)
    context = context_of(sweep)
    body = [line for loop in sweep.loops if not loop.varied for line in loop_lines(context, loop)]
    again = [line for loop in sweep.loops if loop.varied for line in loop_lines(context, loop)]
    again += _energy(context, sweep)
    body += ["w.for_each_set([&] {", *again, "});"] if varied else again
    return assembled(model, real, context, body, ("sets.hpp", "sparse.hpp") if varied else (), theta)


def context_of(sweep: Sweep, first_slot: int = 3, adjoints: Adjoints | None = None) -> Context:
    """first_slot: of neighbours, after those that hold their positions."""
    return Context(
        sweep=sweep,
        ranges=ranges(sweep.model, tuple(topological(sweep.model.outputs.values()))),
        sites=Slots(0),
        edges={domain: Slots(first_slot) for domain in sweep.lists},
        tables={},
        rows=SlopeRows(sweep),
        adjoints=adjoints or {},
    )


def assembled(
    model: Model,
    real: Real,
    context: Context,
    body: list[str],
    more: Sequence[str] = (),
    theta: NDArray[np.float64] | None = None,
    definitions: Sequence[str] = (),
) -> Source:
    """The file of a kernel. body: the work on a block of atoms; more: parts of the prelude that it needs."""
    sweep = context.sweep
    tables = Tables.of(sweep, tuple(context.tables))
    head = _definitions(context, sweep, tables, definitions)
    names = ["lists.hpp", "driver.hpp", *more, *splines.parts(sweep.model.nodes())]
    if triads.are_in(sweep.model.nodes()):
        names.append(triads.PART)
    parts = map(_part, names)
    own = "\n".join(["\n".join(head) + "\n", *parts, *splines.definitions(context.knots), _block(body)])
    prelude = [_part(name) for name in ("abi.h", "simd.hpp", "elementary.hpp")]
    text = "\n".join([f"#define POTENTIA_REAL {real}", *prelude, own])
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    given = None if theta is None else tables.constants(theta)
    cutoff = max((d.rc or 0.0 for d in sweep.lists), default=0.0)
    return Source(text + _about(model, cutoff, given, digest), digest, tables, cutoff)


def _part(name: str) -> str:
    return (files(__package__) / "prelude" / name).read_text()


def _definitions(context: Context, sweep: Sweep, tables: Tables, more: Sequence[str]) -> list[str]:
    cutoffs = [repr(float(d.rc or 0.0)) for d in sweep.lists]
    slots = [str(context.edges[d].used | 1) for d in sweep.lists]
    slopes = [str(context.rows.used[d]) for d in sweep.lists]
    lines = [
        "namespace potentia {",
        f"constexpr int NS = {len(sweep.model.species)}, NLISTS = {len(cutoffs)};",
        f"constexpr int64_t CONSTANTS = {tables.size};",
        f"constexpr int SITE_SLOTS = {context.sites.used};",
        f"constexpr double CUTOFFS[] = {{{', '.join([*cutoffs, '0.0'])}}};",
        f"constexpr double LONGEST = {cutoffs[-1] if cutoffs else '0.0'};",
        f"constexpr int SLOTS[] = {{{', '.join([*slots, '1'])}}};",
        f"constexpr int SLOPES[] = {{{', '.join([*slopes, '0'])}}};",
    ]
    for node, number in context.tables.items():
        lines.append(f"constexpr int64_t TABLE_p{number} = {tables.places[node]};")
    return [*lines, *triads.definitions(context.triads), *more, "}  // namespace potentia"]


def _block(body: list[str]) -> str:
    head = (
        "namespace potentia {\n"
        "static void block(Work &w, int si, const int32_t *centre, int m) {\n"
        "  real *const S = w.S;\n"
        "  (void)S, (void)si;\n"
        "  for (int a = 0; a < m; ++a) w.pack(centre[a], a);\n"
    )
    return head + indent("\n".join(body), "  ") + "\n}\n}  // namespace potentia\n"


def _energy(context: Context, sweep: Sweep) -> list[str]:
    """Site energies of the block's atoms."""
    node = sweep.model.outputs["site_energy"]
    if node in sweep.tables:
        body = LoopBody(context, Loop(node.kind.domain, 0, (), (), (), ()))
        (value,) = body.value(node, node)
        text = f"double({value})" if isinstance(value, float) else f"double({body.pointers[node]}[0])"
        lines = body.pointer_lines()
    else:
        (slot,) = context.sites.values[node]
        lines, text = [], f"double(S[{slot} * LANES + a])"
    return [
        *lines,
        "for (int a = 0; a < m; ++a) {",
        f"  const double e = {text};",
        "  w.energy += e;",
        "  if (w.site_energy) w.site_energy[centre[a]] += e;",
        "}",
    ]


def _about(model: Model, cutoff: float, given: NDArray[np.float64] | None, digest: str) -> str:
    values = "" if given is None else ", ".join(float(x).hex() for x in given) or "0"
    stored = "" if given is None else f"static const double constants[] = {{{values}}};\n"
    fields = [
        "POTENTIA_ABI",
        "potentia::NS",
        "sizeof(potentia::real)",
        "potentia::LANES",
        "potentia::CONSTANTS",
        "constants" if given is not None else "nullptr",
        repr(cutoff),
        f'"{" ".join(model.species)}"',
        "potentia::ISA",
        f'"{digest}"',
    ]
    return (
        f"\n{stored}"
        f"static const potentia_kernel about = {{{', '.join(fields)}}};\n"
        'extern "C" const potentia_kernel *potentia_about(void) { return &about; }\n'
    )


# --- loops -----------------------------------------------------------------------------------------


def loop_lines(context: Context, loop: Loop) -> list[str]:
    return _Emitted(context, loop).lines()


class _Emitted:
    """The text of one loop."""

    def __init__(self, context: Context, loop: Loop) -> None:
        self.context, self.loop, self.body = context, loop, LoopBody(context, loop)
        self.tiles = {s: f for s in loop.sums if (f := outer_factors(loop, s)) is not None}
        self.gradient = self._own_gradient()
        self.adjoints = AddedAdjoints(self.body)

    def lines(self) -> list[str]:
        self.body.write({s.args[0] for s in self.tiles})
        self.adjoints.write()
        return {"site": self._site, "edge": self._edge, "triple": self._triple}[self.loop.domain.name]()

    def _own_gradient(self) -> Node | None:
        found = (n for n in self.loop.results if n not in self.context.adjoints)
        return next((n for n in found if n.kind.domain.name == "edge"), None)

    def _site(self) -> list[str]:
        stores = self.body.store(lambda slot: f"S + {slot} * LANES")
        adding = ["const M valid = lanes_below(m);", *self.adjoints.lines] if self.adjoints.lines else []
        pointers = [*self.body.pointer_lines(), *self.adjoints.pointers]
        return ["{", *pointers, *self.body.writer.lines, *stores, *adding, "}"]

    # --- over neighbours --------------------------------------------------------------------------

    def _edge(self) -> list[str]:
        number = self.context.number(self.loop.domain)
        make_room(self.context, self.loop)
        body, lines = self.body, self.body.writer.lines
        tiled = self._tiled_stores()
        sums = [s for s in self.loop.sums if s not in self.tiles]
        whole = [s for s in sums if s.op is ops.sum_i]
        apart = [s for s in sums if s.op is ops.sum_species]
        before, adding, after = accumulators(body, whole, "")
        group_before, group_adding, group_after = accumulators(body, apart, " + sj * {n}")
        gradient_before, gradient, gradient_after = self._gradients(number)
        stores = body.store(lambda slot: f"at + {slot} * LANES")
        tiles = self._tile_lines(number, tiled)
        return [
            "for (int a = 0; a < m; ++a) {",
            f"List &list = w.lists[{number}];",
            *body.sparse.of_atom,
            *before,
            *gradient_before,
            "for (int sj = 0; sj < NS; ++sj) {",
            *body.pointer_lines(),
            *self.adjoints.pointers,
            *body.sparse.of_species,
            *group_before,
            "const int64_t first = list.begin[a][sj], end = first + list.count[a][sj];",
            "for (int64_t k = first; k < end; k += LANES) {",
            f"real *const at = list.numbers + k * SLOTS[{number}];",
            "const M valid = lanes_below(end - k);",
            "(void)valid;",
            *lines,
            *adding,
            *group_adding,
            *stores,
            *gradient,
            *self.adjoints.lines,
            *tiled.lines,
            "}",
            *group_after,
            "}",
            *after,
            *gradient_after,
            *tiles,
            "}",
        ]

    def _gradients(self, number: int) -> tuple[list[str], list[str], list[str]]:
        node = self.gradient
        if node is None:
            return [], [], []
        slots = self.context.slots(self.loop.domain)
        first = slots.fresh(3)
        x, y, z = self.body.displacement()
        names = [self.body.writer.name() for _ in range(9)]
        lines = []
        g = []
        for q, component in enumerate(self.body.values[node]):
            g.append(self.body.writer.name())
            lines.append(f"const V {g[-1]} = masked(valid, {vector(component)});")
            lines.append(f"store(at + {first + q} * LANES, {g[-1]});")
        terms = [
            *g,
            *(f"{d} * {f}" for d, f in ((x, g[0]), (y, g[1]), (z, g[2]), (x, g[1]), (x, g[2]), (y, g[2]))),
        ]
        lines += [f"{n} += {t};" for n, t in zip(names, terms, strict=True)]
        after = [
            f"const V sums[] = {{{', '.join(names)}}};",
            f"w.scatter<{number}, {first}>(centre[a], a, sums);",
        ]
        return [f"V {n} = {{}};" for n in names], lines, after

    # --- products summed in tiles -------------------------------------------------------------------

    def _tiled_stores(self) -> _Tiled:
        """Slots for the factors of sums of products; the first of them is masked."""
        slots, found = self.context.slots(self.loop.domain), _Tiled([], {})
        for node, factors in self.tiles.items():
            rows = []
            for factor, masked in zip(factors, (True, False), strict=True):
                rows.append(found.slots_of(self.body, node, factor, masked, slots))
            found.rows[node] = (rows[0], rows[1])
        return found

    def _tile_lines(self, number: int, tiled: _Tiled) -> list[str]:
        lines = []
        for node, (a, b) in tiled.rows.items():
            first = int(self.context.sites.values[node][0])
            lines += [
                "{",
                f"static const int rows[] = {{{', '.join(map(str, a))}}};",
                f"static const int columns[] = {{{', '.join(map(str, b))}}};",
                f"add_products<SLOTS[{number}], {len(a)}, {len(b)}>(",
                f"    list, a, rows, columns, S + {first} * LANES);",
                "}",
            ]
        return lines

    # --- over pairs of neighbours -------------------------------------------------------------------

    def _triple(self) -> list[str]:
        number = self.context.number(self.loop.domain)
        make_room(self.context, self.loop)
        onto_j = [s for s in self.loop.sums if s.op is ops.sum_to_ij]
        onto_k = [s for s in self.loop.sums if s.op is ops.sum_to_ik]
        slots = self.context.slots(self.loop.domain)
        before, adding, after = [], [], []
        for node in onto_j:
            for slot, component in zip(slots.values[node], self.body.value(node.args[0], node), strict=True):
                name = self.body.writer.name()
                before.append(f"V {name} = {{}};")
                adding.append(f"{name} += masked(valid, {vector(component)});")
                after.append(f"atj[{slot} * LANES] = real(sum({name}));")
        zero = []
        for node in onto_k:
            for slot, component in zip(slots.values[node], self.body.value(node.args[0], node), strict=True):
                zero.append(f"store(at + {slot} * LANES, V{{}});")
                place = f"at + {slot} * LANES"
                adding.append(f"store({place}, load({place}) + masked(valid, {vector(component)}));")
        clear = [
            "for (int64_t k = list.begin[a][0]; k < list.begin[a][NS]; k += LANES) {",
            f"real *const at = list.numbers + k * SLOTS[{number}];",
            *zero,
            "}",
        ]
        return [
            "for (int a = 0; a < m; ++a) {",
            f"List &list = w.lists[{number}];",
            *(clear if zero else []),
            "for (int sj = 0; sj < NS; ++sj)",
            "for (int64_t j = list.begin[a][sj]; j < list.begin[a][sj] + list.count[a][sj]; ++j) {",
            f"real *const atj = list.numbers + place<SLOTS[{number}]>(j);",
            *before,
            "for (int sk = 0; sk < NS; ++sk) {",
            *self.body.pointer_lines(),
            *self.adjoints.pointers,
            "const int64_t first = list.begin[a][sk], end = first + list.count[a][sk];",
            "for (int64_t k = first; k < end; k += LANES) {",
            f"real *const at = list.numbers + k * SLOTS[{number}];",
            "const M valid = lanes_below(end - k) & lanes_but(j - k);",
            *self.body.writer.lines,
            *adding,
            *self.adjoints.lines,
            "}",
            "}",
            *after,
            "}",
            "}",
        ]


@dataclass
class _Tiled:
    """Stores of factors, and for each sum the slots of both."""

    lines: list[str]
    rows: dict[Node, tuple[list[int], list[int]]]

    def slots_of(self, body: LoopBody, reader: Node, factor: Node, masked: bool, slots: Slots) -> list[int]:
        found = []
        for component in body.value(factor, reader):
            slot = slots.fresh()
            value = f"masked(valid, {vector(component)})" if masked else vector(component)
            self.lines.append(f"store(at + {slot} * LANES, {value});")
            found.append(slot)
        return found
