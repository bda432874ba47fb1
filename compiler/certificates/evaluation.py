"""Enclosures of all values of a graph, in a scene that says which atoms and distances there are.

A value is an array (cells, *features): a cell is a species, a pair of species with a range of distances,
and so on, as the scene has them. Rows of tables are cells too. Harmonics are written out as polynomials
before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..backends.lowering import Lowering
from ..ir import ops
from ..ir.graph import Model, Node, Op, topological
from ..ir.rows import row_of, table_of, unread_rows
from ..ir.types import TABLES, Domain, entries, row_number, table_row, unordered_rows
from . import contractions, functions, hyperharmonics, splines
from . import enclosure as arithmetic
from .enclosure import Enclosure, Values, exactly
from .triangles import is_cosine, is_inverse_distance, is_square_of_far_side

Species = NDArray[np.intp]

_WRITTEN_OUT = "the pass `expand` writes it out as polynomials"
_PARAMETERS_ONLY = "it belongs to derivatives with respect to parameters"
REFUSED: Mapping[Op, str] = {
    ops.sphericals: _WRITTEN_OUT,
    ops.spherical_slopes: _WRITTEN_OUT,
    ops.chain: "the pass `recur` makes it of families, after the forms that are certified",
    ops.to_knots: _PARAMETERS_ONLY,
    ops.to_bspline: _PARAMETERS_ONLY,
    ops.sum_at: _PARAMETERS_ONLY,
    ops.sum_rows_of: _PARAMETERS_ONLY,
    ops.motion: _PARAMETERS_ONLY,
}


class Scene(ABC):
    """Atoms and distances. least: the smallest number above 0 that a base of a power is told from 0.

    nearest: the least distance of two neighbours of an atom, Å.
    """

    nearest = 0.0

    def __init__(self, model: Model, theta: Values, least: float = 0.0) -> None:
        self.model, self.species, self.least = model, len(model.species), least
        self.tables = model.vector.tables(theta, lambda flat, at: np.append(flat, 0.0)[list(at)])

    @abstractmethod
    def cells(self, domain: Domain) -> int:
        """The number of cells of atoms or neighbours."""

    @abstractmethod
    def species_of(self, domain: Domain, letter: str) -> Species:
        """The species of atom i, j or k in each cell."""

    @abstractmethod
    def distance(self, domain: Domain) -> Enclosure: ...

    @abstractmethod
    def direction(self, domain: Domain) -> Enclosure:
        """The unit vector from i to j, (cells, 3)."""

    @abstractmethod
    def brought(self, node: Node, value: Enclosure) -> Enclosure:
        """A value on its way to neighbours or triples."""

    @abstractmethod
    def collected(self, node: Node, value: Enclosure) -> Enclosure:
        """A sum over neighbours or triples."""

    def spread(self, value: Enclosure, domain: Domain) -> Enclosure:
        """A value with all cells of its domain."""
        n = self.cells(domain)
        return value.map(lambda x: np.broadcast_to(x, (n, *x.shape[1:])))


Rule = Callable[..., Enclosure]

# A rule: (scene, node, *enclosures of the arguments) -> enclosure
encloses: Lowering[Rule] = Lowering("a certificate", REFUSED)


def enclosures(
    scene: Scene, roots: Iterable[Node], given: Mapping[Node, Enclosure] | None = None
) -> dict[Node, Enclosure]:
    """An enclosure of each node under the roots. given: those that are known. Raises InternalError for an
    operation that is refused.
    """
    found: dict[Node, Enclosure] = dict(given or {})
    order = list(topological(roots := list(roots)))
    unread = unread_rows(order, roots)
    for node in (n for n in order if n not in found):
        if node in unread and node.op is ops.at:  # the number of the row
            found[node] = exactly(_rows_at(scene, node))
            continue
        args = [found[a] for a in node.args]
        row = row_of(node)
        if row in unread:
            args.append(found[table_of(row)])
        found[node] = encloses.rule(node.op)(scene, node, *args)
    return found


# --- elementwise ---------------------------------------------------------------------------------


def _pointwise(op: Op, function: Callable[..., Enclosure]) -> None:
    """A rule of values alone: a single value stands for all components."""

    def rule(scene: Scene, node: Node, *args: Enclosure) -> Enclosure:
        return function(*(_wide(v, a, node) for v, a in zip(args, node.args, strict=True)))

    encloses(op)(rule)


def _wide(value: Enclosure, argument: Node, node: Node) -> Enclosure:
    missing = len(node.kind.shape) - len(argument.kind.shape)
    return value.map(lambda x: x.reshape(*x.shape, *(1,) * missing))


_pointwise(ops.neg, arithmetic.negative)
_pointwise(ops.exp, functions.exp)
_pointwise(ops.log, functions.log)
_pointwise(ops.erfc, functions.erfc)
_pointwise(ops.sin, functions.sin)
_pointwise(ops.cos, functions.cos)
_pointwise(ops.tanh, functions.tanh)
_pointwise(ops.abs, arithmetic.absolute)
_pointwise(ops.sign, functions.sign)
_pointwise(ops.step, functions.step)
_pointwise(ops.max, arithmetic.maximum)
_pointwise(ops.min, arithmetic.minimum)
_pointwise(ops.select, arithmetic.select)


@encloses(ops.add)
def _(scene: Scene, node: Node, a: Enclosure, b: Enclosure) -> Enclosure:
    total = arithmetic.add(*(_wide(v, x, node) for v, x in zip((a, b), node.args, strict=True)))
    if is_square_of_far_side(node):  # j and k are two atoms
        return arithmetic.meet(total, np.nextafter(scene.nearest**2, 0.0), np.inf)
    return total


@encloses(ops.mul)
def _(scene: Scene, node: Node, a: Enclosure, b: Enclosure) -> Enclosure:
    for vector, inverse in (node.args, node.args[::-1]):
        if vector.op is ops.displacement and is_inverse_distance(inverse, vector.kind.domain):
            return scene.direction(vector.kind.domain)
    x, y = node.args
    if x is y:
        return functions.whole_power(a, 2)
    return arithmetic.multiply(_wide(a, x, node), _wide(b, y, node))


@encloses(ops.pow)
def _(scene: Scene, node: Node, a: Enclosure) -> Enclosure:
    p = node["exponent"]
    if p == int(p):
        return functions.whole_power(a, int(p))
    return functions.general_power(a, exactly(p), scene.least)


@encloses(ops.power)
def _(scene: Scene, node: Node, a: Enclosure, p: Enclosure) -> Enclosure:
    x, y = node.args
    return functions.general_power(_wide(a, x, node), _wide(p, y, node), scene.least)


# --- leaves ----------------------------------------------------------------------------------------


@encloses(ops.const)
def _(scene: Scene, node: Node) -> Enclosure:
    domain = node.kind.domain
    rows = entries(domain, scene.species) if domain.name in TABLES else 1
    return exactly(np.array(node["values"], dtype=np.float64).reshape(rows, *node.kind.shape))


@encloses(ops.param)
def _(scene: Scene, node: Node) -> Enclosure:
    return exactly(scene.tables[node["name"]])


@encloses(ops.distance)
def _(scene: Scene, node: Node) -> Enclosure:
    return scene.distance(node.kind.domain)


@encloses(ops.displacement)
def _(scene: Scene, node: Node) -> Enclosure:
    r = scene.distance(node.kind.domain).map(lambda x: x[:, None])
    return arithmetic.multiply(r, scene.direction(node.kind.domain))


# --- moves and tables --------------------------------------------------------------------------------


@encloses(ops.to_i, ops.to_j, ops.to_ij, ops.to_ik)
def _(scene: Scene, node: Node, value: Enclosure) -> Enclosure:
    return value if len(value.low) == 1 else scene.brought(node, value)


@encloses(ops.of_structure)
def _(scene: Scene, node: Node, value: Enclosure) -> Enclosure:
    return value


@encloses(ops.sum_i, ops.sum_j, ops.sum_to_ij, ops.sum_to_ik, ops.total, ops.sum_species)
def _(scene: Scene, node: Node, value: Enclosure) -> Enclosure:
    return scene.collected(node, scene.spread(value, node.args[0].kind.domain))


@encloses(ops.at)
def _(scene: Scene, node: Node, table: Enclosure) -> Enclosure:
    return _rows(scene, node, table)[_rows_at(scene, node)]


def _rows_at(scene: Scene, node: Node) -> Species:
    """The row of its table for each cell."""
    atoms = [scene.species_of(node.kind.domain, letter) for letter in node["of"]]
    pairs = np.array(unordered_rows(scene.species))
    return table_row(node.args[0].kind.domain, atoms, scene.species, lambda a, b: pairs[a, b])


def _rows(scene: Scene, node: Node, table: Enclosure) -> Enclosure:
    """A table with all of its rows."""
    n = entries(node.args[0].kind.domain, scene.species)
    return table.map(lambda x: np.broadcast_to(x, (n, *x.shape[1:])))


@encloses(ops.row, ops.of_row)
def _(scene: Scene, node: Node, value: Enclosure) -> Enclosure:
    return value[:1]


@encloses(ops.rows_of)
def _(scene: Scene, node: Node, table: Enclosure) -> Enclosure:
    n, domain = scene.species, node.args[0].kind.domain
    own = np.array([row_number(domain, pair, n) for pair in product(range(n), repeat=2)]).reshape(n, n)
    return _rows(scene, node, table)[own[scene.species_of(node.kind.domain, "i")]]


@encloses(ops.to_species)
def _(scene: Scene, node: Node, value: Enclosure) -> Enclosure:
    own = scene.spread(value, node.args[0].kind.domain)
    rows = own[scene.species_of(node.kind.domain, "i")]
    return rows[np.arange(len(rows.low)), scene.species_of(node.kind.domain, "j")]


# --- features ------------------------------------------------------------------------------------------


@encloses(ops.einsum)
def _(scene: Scene, node: Node, *args: Enclosure) -> Enclosure:
    if is_cosine(node):
        return _cosine(args)
    return contractions.einsum(node, args)


def _cosine(args: tuple[Enclosure, ...]) -> Enclosure:
    cells = max(len(a.low) for a in args)
    return arithmetic.bounds(-np.ones(cells), np.ones(cells))


@encloses(ops.take)
def _(scene: Scene, node: Node, value: Enclosure) -> Enclosure:
    return value[..., list(node["indices"])]


@encloses(ops.put)
def _(scene: Scene, node: Node, value: Enclosure) -> Enclosure:
    empty = np.zeros((*value.shape[:-1], node["size"]))
    indices = node["indices"]
    if len(set(indices)) == len(indices):
        low, high = empty.copy(), empty
        low[..., list(indices)], high[..., list(indices)] = value.low, value.high
        return Enclosure(low, high)
    places = np.equal.outer(np.array(indices), np.arange(node["size"])).astype(np.float64)
    laid = arithmetic.multiply(value.map(lambda x: x[..., None]), exactly(places))
    return arithmetic.summed(laid, (laid.low.ndim - 2,))


@encloses(ops.stack)
def _(scene: Scene, node: Node, *args: Enclosure) -> Enclosure:
    low = np.stack(np.broadcast_arrays(*(a.low for a in args)), axis=1)
    return Enclosure(low, np.stack(np.broadcast_arrays(*(a.high for a in args)), axis=1))


@encloses(ops.reshape)
def _(scene: Scene, node: Node, value: Enclosure) -> Enclosure:
    return value.map(lambda x: x.reshape(len(x), *node["shape"]))


# --- splines ---------------------------------------------------------------------------------------------


@encloses(ops.interpolate)
def _(scene: Scene, node: Node, x: Enclosure, *knots: Enclosure) -> Enclosure:
    return splines.interpolate(x, node["order"], *knots)


@encloses(ops.bspline)
def _(scene: Scene, node: Node, *args: Enclosure) -> Enclosure:
    count = len(node["knots"])
    return splines.bspline(node["knots"], node["orders"], args[:count], *args[count:])


encloses(ops.hyperharmonics)(lambda scene, node, c, v: hyperharmonics.harmonics(c, v, node["top"]))
encloses(ops.triads)(lambda scene, node, x, y, z: hyperharmonics.triads(x, y, z, node["degrees"]))
encloses(ops.couple)(
    lambda scene, node, w, x, y: hyperharmonics.couple(w, x, y, node["degrees"], node["top"])
)

# --- families --------------------------------------------------------------------------------------------

encloses(ops.sines)(lambda scene, node, x: functions.sin(_multiples(x, 1, node["n"])))
encloses(ops.cosines)(lambda scene, node, x: functions.cos(_multiples(x, 0, node["n"])))


def _multiples(x: Enclosure, first: int, n: int) -> Enclosure:
    orders = exactly(np.arange(first, first + n, dtype=np.float64))
    return arithmetic.multiply(x.map(lambda v: v[:, None]), orders)


encloses(ops.chebyshev)(lambda scene, node, x: functions.chebyshev(x, node["n"]))
encloses(ops.chebyshev2)(lambda scene, node, x: functions.chebyshev2(x, node["n"]))
