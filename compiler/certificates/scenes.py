"""Two scenes: an isolated pair of atoms at one distance, and any surroundings of any atoms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import floor

import numpy as np

from ..diagnostics.diagnostic import InternalError
from ..ir import ops
from ..ir.graph import Model, Node, Op
from ..ir.types import Domain
from . import enclosure as arithmetic
from .enclosure import Enclosure, Values, bounds, exactly, hull
from .evaluation import Scene, Species

NEAREST = 0.1  # Å: no two atoms are nearer
MOST_ATOMS = 1e9  # of a structure


def most_neighbors(cutoff: float) -> float:
    """How many atoms can be within a cutoff of one: spheres of diameter NEAREST, packed without gaps."""
    return float(floor((2.0 * cutoff / NEAREST + 1.0) ** 3))


class Dimer(Scene):
    """Pairs of atoms far from all others: i is one of them, j the other, at distances within given ranges.

    A cell of atoms and neighbours is an atom of a pair, first those of `pairs` and then their partners. There
    are no triples. The pair lies along z: of a model whose energy no rotation changes.
    """

    def __init__(self, model: Model, theta: Values, pairs: Sequence[tuple[int, int]], r: Enclosure) -> None:
        """r (pairs,): the distances, Å, in an interval for each pair."""
        super().__init__(model, theta)
        species = np.array(pairs, dtype=np.intp).reshape(-1, 2)
        self._of = {"i": np.concatenate(species.T), "j": np.concatenate(species.T[::-1])}
        self._r = r.map(lambda x: np.concatenate([x, x]))
        self._half = len(species)

    def cells(self, domain: Domain) -> int:
        return 1 if domain.name == "structure" else 0 if domain.name == "triple" else 2 * self._half

    def species_of(self, domain: Domain, letter: str) -> Species:
        return np.zeros(0, dtype=np.intp) if domain.name == "triple" else self._of[letter]

    def distance(self, domain: Domain) -> Enclosure:
        return self._r

    def direction(self, domain: Domain) -> Enclosure:
        way = np.zeros((2 * self._half, 3))
        way[: self._half, 2], way[self._half :, 2] = 1.0, -1.0
        return exactly(way)

    def brought(self, node: Node, value: Enclosure) -> Enclosure:
        if node.kind.domain.name == "triple":
            return value[:0]
        return value.map(lambda x: np.roll(x, self._half, axis=0)) if node.op is ops.to_j else value

    def collected(self, node: Node, value: Enclosure) -> Enclosure:
        if node.args[0].kind.domain.name == "triple":
            return exactly(np.zeros((2 * self._half, *value.shape[1:])))
        if node.op is not ops.sum_i:
            raise InternalError(f"an isolated pair has no rule of `{node.op.name}`")
        shape = (-1,) + (1,) * (value.low.ndim - 1)
        near, far = (x.reshape(shape) for x in (self._r.high < node["within"], self._r.low >= node["within"]))
        nothing = exactly(np.zeros((1,) * value.low.ndim))
        return arithmetic.chosen(near, value, arithmetic.chosen(far, nothing, hull([value, nothing])))

    def of_both(self, value: Enclosure) -> Enclosure:
        """The sum of a value over both atoms of each pair."""
        wide = value.map(lambda x: np.broadcast_to(x, (2 * self._half, *x.shape[1:])))
        return arithmetic.add(wide[: self._half], wide[self._half :])


class Surroundings(Scene):
    """All that atoms can meet: any species, neighbours at any distance of some ranges, and any directions.

    Cells of neighbours: species of i, of j, range of distances. Cells of triples: species of i, j, k, range
    of r_ij, of r_ik. A sum is that of no to `most_neighbors` values.
    """

    nearest = NEAREST

    def __init__(
        self, model: Model, theta: Values, ranges: Callable[[float], Enclosure], least: float = 0.0
    ) -> None:
        """ranges(cutoff): the ranges of distances within a cutoff, Å."""
        super().__init__(model, theta, least)
        self._ranges = ranges

    def ranges(self, domain: Domain) -> Enclosure:
        """The distances of one pair of species."""
        return self._ranges(float(domain.rc or 0.0))

    def grid(self, domain: Domain) -> tuple[int, ...]:
        """The axes of the cells: species of each atom, then ranges of distances."""
        atoms = _ATOMS.get(domain.name, 0)
        return (self.species,) * atoms + (() if atoms < 2 else (len(self.ranges(domain).low),) * (atoms - 1))

    def cells(self, domain: Domain) -> int:
        return int(np.prod(self.grid(domain), dtype=int))

    def _axis(self, domain: Domain, axis: int) -> Species:
        """For each cell its place along one axis."""
        return np.indices(self.grid(domain))[axis].reshape(-1)

    def species_of(self, domain: Domain, letter: str) -> Species:
        return self._axis(domain, "ijk".index(letter))

    def distance(self, domain: Domain) -> Enclosure:
        return self.ranges(domain)[self._axis(domain, 2)]

    def direction(self, domain: Domain) -> Enclosure:
        most = np.ones((self.cells(domain), 3))
        return bounds(-most, most)

    def brought(self, node: Node, value: Enclosure) -> Enclosure:
        domain, source = node.kind.domain, node.args[0].kind.domain
        if node.op in (ops.to_i, ops.to_j):
            return value[self._axis(domain, 0 if node.op is ops.to_i else 1)]
        axes = (0, 1, 3) if node.op is ops.to_ij else (0, 2, 4)
        at = np.ravel_multi_index(tuple(self._axis(domain, k) for k in axes), self.grid(source))
        return value[at]

    def collected(self, node: Node, value: Enclosure) -> Enclosure:
        domain = node.args[0].kind.domain
        within = dict(node.attrs).get("within") or domain.rc
        grid, kept = self.grid(domain), _KEPT[node.op]
        away = tuple(k for k in range(len(grid)) if k not in kept)
        laid = value.map(lambda x: x.reshape(*grid, *x.shape[1:]))
        if within is not None and within != domain.rc:
            near = np.flatnonzero(self.ranges(domain).low < within)
            for axis in away:
                if axis >= _ATOMS[domain.name]:
                    laid = laid.map(lambda x, axis=axis: np.take(x, near, axis=axis))  # type: ignore[misc]
        one = Enclosure(laid.low.min(axis=away), laid.high.max(axis=away))
        most = most_neighbors(float(within or 0.0))
        if node.op is ops.total:
            most = MOST_ATOMS * most ** (_ATOMS[domain.name] - 1)
        found = arithmetic.any_number(one, most)
        apart = (self.species,) if node.op is ops.sum_species else ()
        return found.map(lambda x: x.reshape(-1, *apart, *value.shape[1:]))


# atoms that an entry of a domain names
_ATOMS = {"site": 1, "pair": 2, "edge": 2, "triple": 3}
# axes of a grid that a sum leaves
_KEPT: Mapping[Op, tuple[int, ...]] = {
    ops.sum_i: (0,),
    ops.sum_j: (1,),
    ops.sum_to_ij: (0, 1, 3),
    ops.sum_to_ik: (0, 2, 4),
    ops.sum_species: (0, 1),
    ops.total: (),
}
