"""One value of a node at a time, in plain Python: for an atom i with neighbours j and k at given places.

For questions about the formula that have to be answered before any numerical library is loaded. What an
atom's other neighbours would add up to is not known here: it is taken as a number that is nothing special.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod

from ..ir import ops
from ..ir.bsplines import weights
from ..ir.contraction import parsed, places
from ..ir.graph import Model, Node, Op
from ..ir.parameter import Parameter
from ..ir.types import row_number

Row = list[float]
Vector = tuple[float, float, float]
OTHERS = 1.3  # what is summed over other neighbours
LARGEST = 20_000  # components of a value


class NoSample(Exception):
    """A value that is no number here, or is not of atoms i, j, k."""


@dataclass(frozen=True)
class Scene:
    """Species of i, j, k (places in the model's list), r_ij and r_ik in Å, and unit vectors to j and k."""

    species: tuple[int, int, int]
    r_ij: float
    r_ik: float
    to_j: Vector = (0.36, 0.48, 0.8)
    to_k: Vector = (0.64, -0.6, 0.48)


@dataclass
class Sampler:
    """Values of nodes in one scene. Places: `i`, `j`, `k`, `ij`, `ik`, `ijk`."""

    model: Model
    numbers: Mapping[str, Row]  # as `sample_parameters` makes them
    scene: Scene
    _known: dict[tuple[Node, str], Row] = field(default_factory=dict)

    def value(self, node: Node, place: str) -> Row:
        """All components of a node, the last feature axis fastest. Raises NoSample."""
        if node.op is ops.param:
            return self.numbers[node["name"]]
        found = self._known.get((node, place))
        if found is None:
            if node.kind.components > LARGEST:
                raise NoSample
            try:
                found = self._made(node, place)
            except (ValueError, OverflowError, ZeroDivisionError):
                raise NoSample from None
            if not all(isinstance(x, float) and x == x for x in found):
                raise NoSample
            self._known[node, place] = found
        return found

    def _made(self, node: Node, place: str) -> Row:
        rule = _RULES.get(node.op)
        if rule is not None:
            return rule(self, node, place)
        scalar = node.op.scalar
        if scalar is None:
            raise NoSample
        rows, attrs, n = [self.value(a, place) for a in node.args], dict(node.attrs), node.kind.components
        wide = (r * n if len(r) == 1 else r for r in rows)
        return [scalar(*xs, **attrs) for xs in zip(*wide, strict=True)]

    # --- leaves and atoms

    def _const(self, node: Node, place: str) -> Row:
        return list(node["values"])

    def _param(self, node: Node, place: str) -> Row:
        return self.numbers[node["name"]]

    def _distance(self, node: Node, place: str) -> Row:
        return [self.scene.r_ik if place == "ik" else self.scene.r_ij]

    def _displacement(self, node: Node, place: str) -> Row:
        (r,) = self._distance(node, place)
        return [r * x for x in (self.scene.to_k if place == "ik" else self.scene.to_j)]

    def _at(self, node: Node, place: str) -> Row:
        table, width = self.value(node.args[0], ""), node.kind.components
        letters = place if node["of"] in ("i", "ij") else node["of"]
        atoms = [self.scene.species["ijk".index(x)] for x in letters]
        start = width * row_number(node.args[0].kind.domain, atoms, len(self.model.species))
        return table[start : start + width]

    def _to_i(self, node: Node, place: str) -> Row:
        return self.value(node.args[0], "i")

    def _to_j(self, node: Node, place: str) -> Row:
        return self.value(node.args[0], place[1])

    def _to_ij(self, node: Node, place: str) -> Row:
        return self.value(node.args[0], "ij")

    def _to_ik(self, node: Node, place: str) -> Row:
        return self.value(node.args[0], "ik")

    def _sum_i(self, node: Node, place: str) -> Row:
        return [OTHERS] * node.kind.components

    def _sum_to_ij(self, node: Node, place: str) -> Row:
        """Of the one neighbour k; of the neighbours of ik nothing is known."""
        return self.value(node.args[0], "ijk") if place == "ij" else [OTHERS] * node.kind.components

    # --- features

    def _einsum(self, node: Node, place: str) -> Row:
        contraction, rows = parsed(node["spec"]), [self.value(a, place) for a in node.args]
        sizes = contraction.sizes(a.kind.shape for a in node.args)
        names = list(sizes)
        if contraction.products(sizes) > LARGEST:
            raise NoSample
        strides = [_strides(s, names, sizes) for s in (*contraction.inputs, contraction.output)]
        total = [0.0] * node.kind.components
        for at in places(names, sizes):
            *sources, target = (sum(k * s for k, s in zip(at, stride, strict=True)) for stride in strides)
            total[target] += prod(row[k] for row, k in zip(rows, sources, strict=True))
        return total

    def _take(self, node: Node, place: str) -> Row:
        row, size = self.value(node.args[0], place), node.args[0].kind.shape[-1]
        return [row[start + k] for start in range(0, len(row), size) for k in node["indices"]]

    def _put(self, node: Node, place: str) -> Row:
        row, size = self.value(node.args[0], place), node.args[0].kind.shape[-1]
        total = [0.0] * node.kind.components
        for k, x in enumerate(row):
            total[k // size * node["size"] + node["indices"][k % size]] += x
        return total

    def _stack(self, node: Node, place: str) -> Row:
        return [x for a in node.args for x in self.value(a, place)]

    def _reshape(self, node: Node, place: str) -> Row:
        return self.value(node.args[0], place)

    def _sines(self, node: Node, place: str) -> Row:
        (x,) = self.value(node.args[0], place)
        return [math.sin(k * x) for k in range(1, node["n"] + 1)]

    def _chebyshev(self, node: Node, place: str) -> Row:
        """T_k = 2x T_{k−1} − T_{k−2}"""
        (x,) = self.value(node.args[0], place)
        found = [1.0, x]
        while len(found) < node["n"]:
            found.append(2.0 * x * found[-1] - found[-2])
        return found[: node["n"]]

    def _interpolate(self, node: Node, place: str) -> Row:
        """Its cubic in x; the derivative of an order is not sampled."""
        (x,), knots = self.value(node.args[0], place), self.value(node.args[1], place)
        if node["order"]:
            raise NoSample
        last = len(knots) // 2 - 1
        inside = min(max(x, 0.0), float(last))
        first = min(int(inside), last - 1)
        u = inside - first
        v, s, w, t = knots[2 * first : 2 * first + 4]
        b, a = s + t - 2.0 * (w - v), 3.0 * (w - v) - 2.0 * s - t
        slope = (3.0 * b * u + 2.0 * a) * u + s
        return [((b * u + a) * u + s) * u + v + slope * (x - inside)]

    def _bspline(self, node: Node, place: str) -> Row:
        """The sum; the derivative of an order is not sampled."""
        *values, row = (self.value(a, place) for a in node.args)
        if any(node["orders"]):
            raise NoSample
        parts = [(0, 1.0)]
        for knots, (x,) in zip(node["knots"], values, strict=True):
            first, four = weights(knots, x)
            here = [(first + q, w) for q, w in enumerate(four)]
            parts = [(at * (len(knots) - 1) + own, v * w) for at, v in parts for own, w in here]
        return [sum(v * row[at] for at, v in parts)]

    def _sphericals(self, node: Node, place: str) -> Row:
        """Not the harmonics: numbers of their size, other ones for each component."""
        return [math.cos(1.0 + k) for k in range(node.kind.components)]


def _strides(letters: str, names: list[str], sizes: Mapping[str, int]) -> list[int]:
    found, step = dict.fromkeys(names, 0), 1
    for c in reversed(letters):
        found[c] += step
        step *= sizes[c]
    return [found[c] for c in names]


# every operation that is no function of plain numbers, or named in `NOT_SAMPLED`
_RULES: dict[Op, Callable[[Sampler, Node, str], Row]] = {
    ops.const: Sampler._const,
    ops.param: Sampler._param,
    ops.distance: Sampler._distance,
    ops.displacement: Sampler._displacement,
    ops.at: Sampler._at,
    ops.to_i: Sampler._to_i,
    ops.to_j: Sampler._to_j,
    ops.to_ij: Sampler._to_ij,
    ops.to_ik: Sampler._to_ik,
    ops.sum_i: Sampler._sum_i,
    ops.sum_to_ij: Sampler._sum_to_ij,
    ops.einsum: Sampler._einsum,
    ops.take: Sampler._take,
    ops.put: Sampler._put,
    ops.stack: Sampler._stack,
    ops.reshape: Sampler._reshape,
    ops.sines: Sampler._sines,
    ops.chebyshev: Sampler._chebyshev,
    ops.sphericals: Sampler._sphericals,
    ops.hyperharmonics: Sampler._sphericals,
    ops.interpolate: Sampler._interpolate,
    ops.bspline: Sampler._bspline,
}


def sample_parameters(model: Model) -> dict[str, Row]:
    """A number for each entry of each table: its start, and another one within the bounds where that is 0."""
    found = {}
    for p in model.parameters:
        flat = [_sample(p, k) for k in range(len(p.start))]
        found[p.name] = [flat[k] if k >= 0 else 0.0 for k in p.entries]
    return found


def _sample(p: Parameter, k: int) -> float:
    if p.start[k] != 0.0 or not p.free[k]:
        return p.start[k]
    other = 0.5 + 0.618 * (k + 1) % 1.0
    return min(max(other, p.lower[k]), p.upper[k])
