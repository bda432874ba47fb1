"""The reference backend: NumPy, f64, slow and obvious. What the others are proved against.

It shares nothing with them but the IR as built, before any pass: neighbours by looping over images, values
as flat rows (one row a neighbour or triple), harmonics from their textbook formulas, and forces and virial
by the complex step dE/dx = Im E(x + ih)/h, exact to the last bits (doi:10.1145/838250.838251).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from ..ir.graph import Model, Node, topological
from ..ir.types import TABLES, entries

Array = NDArray[Any]
STEP = 1e-30


@dataclass(frozen=True)
class Reference:
    """Energy (eV), site energies (N,), forces (N, 3) in eV/Å, virial dE/dε (3, 3) in eV."""

    energy: float
    site_energy: Array
    forces: Array
    virial: Array


def predict(
    model: Model, theta: Array, positions: Array, cell: Array, pbc: Array, species: Array
) -> Reference:
    """Evaluate a model as built (output `energy` per site).

    theta: all parameters in order, flat. positions: (N, 3) Å. cell: (3, 3), rows are vectors. pbc: (3,) bool.
    species: (N,) indices into model.species.
    """
    images = _images(model, positions, cell, pbc)
    lists = {d.rc: _neighbours(positions, cell, images, d.rc) for d in model.lists() if d.rc is not None}
    order = tuple(topological([model.outputs["energy"]]))

    def energy(x: Array, h: Array) -> Array:
        return _Run(model, theta, x, h, species, lists).site_energy(order)

    x, h = positions.astype(complex), cell.astype(complex)
    site = energy(x, h).real
    forces = np.zeros_like(positions)
    for atom, axis in np.ndindex(positions.shape):
        moved = x.copy()
        moved[atom, axis] += 1j * STEP
        forces[atom, axis] = -energy(moved, h).sum().imag / STEP
    virial = np.zeros((3, 3))
    for a, b in np.ndindex(3, 3):
        strain = np.eye(3, dtype=complex)
        strain[a, b] += 1j * STEP
        virial[a, b] = energy(x @ strain, h @ strain).sum().imag / STEP
    return Reference(float(site.sum()), site, forces, virial)


def _images(model: Model, positions: Array, cell: Array, pbc: Array) -> list[tuple[int, int, Array]]:
    """All (i, j, S) with j + S nearer to i than the longest cutoff."""
    reach = max((d.rc or 0.0 for d in model.lists()), default=0.0)
    spans = [0, 0, 0]
    if any(pbc):
        heights = 1.0 / np.linalg.norm(np.linalg.pinv(cell), axis=0)
        spread = np.ptp(positions @ np.linalg.pinv(cell), axis=0)
        spans = [int(np.ceil(reach / heights[k] + spread[k])) + 1 if pbc[k] else 0 for k in range(3)]
    found = []
    for shift in product(*(range(-n, n + 1) for n in spans)):
        offset = np.array(shift, float)
        distance = np.linalg.norm(positions + offset @ cell - positions[:, None], axis=-1)
        found += [(i, j, offset) for i, j in np.argwhere(distance < reach) if i != j or any(shift)]
    return found


class _Neighbours(NamedTuple):
    """Atoms i and j + S of each neighbour; the two neighbours of each triple, as rows of this list."""

    i: Array
    j: Array
    shift: Array
    ij: Array
    ik: Array


class _Run:
    """One evaluation: values of nodes as arrays whose first axis is the rows of their domain."""

    def __init__(
        self,
        model: Model,
        theta: Array,
        x: Array,
        h: Array,
        species: Array,
        lists: dict[float, _Neighbours],
    ) -> None:
        self.model, self.x, self.species = model, x, species
        self.table = _tables(model, theta)
        self.lists = {rc: (n.i, n.j, x[n.j] + n.shift @ h - x[n.i]) for rc, n in lists.items()}
        self.triples = {rc: (n.ij, n.ik) for rc, n in lists.items()}

    def site_energy(self, order: Iterable[Node]) -> Array:
        values: dict[Node, Array] = {}
        for node in order:
            values[node] = self._evaluate(node, [values[a] for a in node.args])
        energy = values[self.model.outputs["energy"]]
        return np.broadcast_to(energy, (len(self.x),))

    def rows(self, node: Node) -> int:
        name, rc = node.kind.domain.name, node.kind.domain.rc
        if name == "site":
            return len(self.x)
        if name == "edge":
            return len(self.lists[rc][0])  # type: ignore[index]
        if name == "triple":
            return len(self.triples[rc][0])  # type: ignore[index]
        return entries(node.kind.domain, len(self.model.species)) if name in TABLES else 1

    def _evaluate(self, node: Node, args: list[Array]) -> Array:
        special = getattr(self, "_" + node.op.name, None)
        if special is not None:
            return np.asarray(special(node, *args))
        wide = [_widen(v, a, node) for v, a in zip(args, node.args, strict=True)]
        return _ELEMENTWISE[node.op.name](node, *wide)

    # leaves

    def _const(self, node: Node) -> Array:
        shape = node.kind.shape
        rows = entries(node.kind.domain, len(self.model.species)) if node.kind.domain.name in TABLES else 1
        return np.array(node["values"], dtype=float).reshape(rows, *shape)

    def _param(self, node: Node) -> Array:
        return self.table[node["name"]]

    def _displacement(self, node: Node) -> Array:
        return self.lists[node.kind.domain.rc][2]  # type: ignore[index]

    def _distance(self, node: Node) -> Array:
        d = self.lists[node.kind.domain.rc][2]  # type: ignore[index]
        return np.sqrt((d * d).sum(axis=1))

    # structure

    def _at(self, node: Node, table: Array) -> Array:
        s, n = self.species, len(self.model.species)
        if node.kind.domain.name == "site":
            return table[s]
        i, j, _ = self.lists[node.kind.domain.rc]  # type: ignore[index]
        if node["of"] == "ij":
            return table[_row(node.args[0], (s[i], s[j]), n)]
        ij, ik = self.triples[node.kind.domain.rc]  # type: ignore[index]
        atoms = (s[j[ij]], s[j[ik]]) if node["of"] == "jk" else (s[i[ij]], s[j[ij]], s[j[ik]])
        return table[_row(node.args[0], atoms, n)]

    def _to_i(self, node: Node, value: Array) -> Array:
        return self._all(value, node.args[0])[self.lists[node.kind.domain.rc][0]]  # type: ignore[index]

    def _to_j(self, node: Node, value: Array) -> Array:
        return self._all(value, node.args[0])[self.lists[node.kind.domain.rc][1]]  # type: ignore[index]

    def _to_ij(self, node: Node, value: Array) -> Array:
        return self._all(value, node.args[0])[self.triples[node.kind.domain.rc][0]]  # type: ignore[index]

    def _to_ik(self, node: Node, value: Array) -> Array:
        return self._all(value, node.args[0])[self.triples[node.kind.domain.rc][1]]  # type: ignore[index]

    def _sum_i(self, node: Node, value: Array) -> Array:
        out = np.zeros((len(self.x), *node.kind.shape), dtype=complex)
        np.add.at(out, self.lists[node.args[0].kind.domain.rc][0], self._all(value, node.args[0]))  # type: ignore[index]
        return out

    def _sum_to_ij(self, node: Node, value: Array) -> Array:
        rc = node.kind.domain.rc
        edges = len(self.lists[rc][0])  # type: ignore[index]
        out = np.zeros((edges, *node.kind.shape), dtype=complex)
        np.add.at(out, self.triples[rc][0], self._all(value, node.args[0]))  # type: ignore[index]
        return out

    def _all(self, value: Array, node: Node) -> Array:
        return np.broadcast_to(value, (self.rows(node), *node.kind.shape))

    # features

    def _einsum(self, node: Node, *args: Array) -> Array:
        ins, out = node["spec"].split("->")
        spec = ",".join("Z" + s for s in ins.split(",")) + "->Z" + out
        rows = self.rows(node)
        return np.einsum(spec, *(np.broadcast_to(a, (rows, *a.shape[1:])) for a in args))

    def _take(self, node: Node, value: Array) -> Array:
        return value[..., list(node["indices"])]

    def _put(self, node: Node, value: Array) -> Array:
        out = np.zeros((*value.shape[:-1], node["size"]), dtype=complex)
        for column, index in enumerate(node["indices"]):
            out[..., index] += value[..., column]
        return out

    def _stack(self, node: Node, *args: Array) -> Array:
        return np.stack(np.broadcast_arrays(*args), axis=1)

    def _reshape(self, node: Node, value: Array) -> Array:
        return value.reshape(len(value), *node["shape"])

    def _sines(self, node: Node, x: Array) -> Array:
        return np.sin(x[:, None] * np.arange(1, node["n"] + 1))

    def _cosines(self, node: Node, x: Array) -> Array:
        return np.cos(x[:, None] * np.arange(node["n"]))

    def _chebyshev(self, node: Node, x: Array) -> Array:
        return np.stack([np.polynomial.chebyshev.Chebyshev.basis(k)(x) for k in range(node["n"])], axis=1)

    def _sphericals(self, node: Node, u: Array) -> Array:
        return np.stack(_textbook_harmonics(u[:, 0], u[:, 1], u[:, 2])[: (node["l"] + 1) ** 2], axis=1)


# --- pieces ------------------------------------------------------------------------------------


def _tables(model: Model, theta: Array) -> dict[str, Array]:
    tables, offset = {}, 0
    for p in model.parameters:
        rows = entries(p.kind.domain, len(model.species))
        flat = np.asarray(theta[offset : offset + len(p.start)], dtype=float)
        if p.places is not None:
            flat = np.array([flat[k] if k >= 0 else 0.0 for k in p.places])
        tables[p.name] = flat.reshape(rows, *p.kind.shape)
        offset += len(p.start)
    return tables


def _neighbours(x: Array, h: Array, images: list[tuple[int, int, Array]], rc: float) -> _Neighbours:
    i = np.array([e[0] for e in images], dtype=int)
    j = np.array([e[1] for e in images], dtype=int)
    shift = np.array([e[2] for e in images], dtype=float).reshape(-1, 3)
    near = np.linalg.norm(x[j] + shift @ h - x[i], axis=1) < rc
    return _Neighbours(i[near], j[near], shift[near], *_pairs_of(i[near]))


def _pairs_of(centres: Array) -> tuple[Array, Array]:
    """Pairs of different neighbours of one atom, as rows of the neighbour list."""
    found = [(a, b) for a, i in enumerate(centres) for b in np.flatnonzero(centres == i) if a != b]
    both = np.array(found, dtype=int).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _row(table: Node, atoms: tuple[Array, ...], n: int) -> Array:
    """Row of a table for the species of two or three atoms."""

    def unordered(a: Array, b: Array) -> Array:
        low, high = np.minimum(a, b), np.maximum(a, b)
        return low * n - low * (low - 1) // 2 + high - low

    name = table.kind.domain.name
    if name == "species_pair":
        return unordered(*atoms)
    if name == "species_pair_ordered":
        return atoms[0] * n + atoms[1]
    if name == "species_triple_ordered":
        return (atoms[0] * n + atoms[1]) * n + atoms[2]
    return atoms[0] * (n * (n + 1) // 2) + unordered(atoms[1], atoms[2])


def _widen(value: Array, node: Node, result: Node) -> Array:
    """A single value against components: a trailing axis of length one for each."""
    missing = len(result.kind.shape) - len(node.kind.shape)
    return value.reshape(value.shape + (1,) * missing)


def _fractional(x: Array, p: Array | float) -> Array:
    """x^p, 0 at 0."""
    zero = x == 0
    return np.where(zero, 0.0, np.where(zero, 1.0, x).astype(complex) ** p)


def _pow(node: Node, x: Array) -> Array:
    p = node["exponent"]
    return np.asarray(x ** int(p)) if p == int(p) else _fractional(x, p)


def _where(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition, a, b)


_ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "add": lambda n, a, b: a + b,
    "mul": lambda n, a, b: a * b,
    "neg": lambda n, a: -a,
    "exp": lambda n, a: np.exp(a),
    "log": lambda n, a: np.log(a),
    "erfc": lambda n, a: erfc(a),
    "sin": lambda n, a: np.sin(a),
    "cos": lambda n, a: np.cos(a),
    "tanh": lambda n, a: np.tanh(a),
    "abs": lambda n, a: np.where(a.real < 0, -a, a),
    "sign": lambda n, a: np.sign(a.real),
    "step": lambda n, a: (a.real > 0).astype(float),
    "pow": _pow,
    "power": lambda n, a, b: _fractional(a, b),
    "max": lambda n, a, b: _where(a.real > b.real, a, b),
    "min": lambda n, a, b: _where(a.real < b.real, a, b),
    "select": lambda n, c, a, b: _where(c.real > 0, a, b),
}


def _textbook_harmonics(x: Array, y: Array, z: Array) -> list[Array]:
    """Real spherical harmonics of a unit vector to l = 4, times sqrt(4π/(2l+1)), order m = −l…l."""
    s3, s5, s15, s35, s70 = (np.sqrt(k) for k in (3.0, 5.0, 15.0, 35.0, 70.0))
    s6, s10 = np.sqrt(6.0), np.sqrt(10.0)
    one = np.ones_like(x)
    return [
        one,
        y, z, x,
        s3 * x * y, s3 * y * z, (3 * z**2 - 1) / 2, s3 * x * z, s3 / 2 * (x**2 - y**2),
        s10 / 4 * y * (3 * x**2 - y**2), s15 * x * y * z, s6 / 4 * y * (5 * z**2 - 1), z * (5 * z**2 - 3) / 2,
        s6 / 4 * x * (5 * z**2 - 1), s15 / 2 * z * (x**2 - y**2), s10 / 4 * x * (x**2 - 3 * y**2),
        s35 / 2 * x * y * (x**2 - y**2), s70 / 4 * y * z * (3 * x**2 - y**2), s5 / 2 * x * y * (7 * z**2 - 1),
        s10 / 4 * y * z * (7 * z**2 - 3), (35 * z**4 - 30 * z**2 + 3) / 8, s10 / 4 * x * z * (7 * z**2 - 3),
        s5 / 4 * (x**2 - y**2) * (7 * z**2 - 1), s70 / 4 * x * z * (x**2 - 3 * y**2),
        s35 / 8 * (x**4 - 6 * x**2 * y**2 + y**4),
    ]  # fmt: skip
