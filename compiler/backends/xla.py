"""The XLA backend: a model becomes one function of (theta, batch) that jax compiles for CPU or GPU.

Arrays have feature axes first and structural axes last: pairs (…, M), edges (…, N, K), triples (…, N, K, K). Elementwise
work then runs along long contiguous rows; sums over a dense list are reductions; sums onto neighbours gather through
the list of reversed edges, so that only pair lists scatter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from ..ir import Model, Node, topological
from ..kinds import TABLES, Domain, entries
from .xla_ops import ELEMENTWISE, FEATURES

Array = jax.Array
_RANK = {"none": 0, "structure": 1, "site": 1, "pair": 1, "edge": 2, "triple": 3, **dict.fromkeys(TABLES, 1)}


class Lists(Protocol):
    """A batch as docs/design.md describes it (runtime/batches.py)."""

    positions: Any
    species: Any
    structure: Any
    real: Any
    n_structures: int
    lists: tuple[Any, ...]


class Prediction(NamedTuple):
    """energy (B,) eV; forces (3, N) eV/Å; virial = dE/dε (3, 3, B) eV; site_energy (N,) eV."""

    energy: Array
    forces: Array
    virial: Array
    site_energy: Array


class Pair(NamedTuple):
    i: Array
    j: Array
    shift: Array
    valid: Array


class Edge(NamedTuple):
    j: Array
    shift: Array
    valid: Array
    reverse: Array


class Arrays(NamedTuple):
    """A batch on the device. `slots` has the length B, for its shape alone."""

    positions: Array
    species: Array
    structure: Array
    real: Array
    slots: Array
    lists: tuple[Pair | Edge, ...]


class Kernel:
    """An optimized model as a function. `lists` says which neighbour lists a batch has to bring, in order."""

    def __init__(self, model: Model, dtype: Any = jnp.float64) -> None:
        self.model = model
        self.dtype = jnp.dtype(dtype)
        self.lists: tuple[Domain, ...] = model.lists()
        self._call: Callable[[Array, Arrays], Prediction] = jax.jit(self.predict)

    def arrays(self, batch: Lists) -> Arrays:
        """A batch on the device, in the kernel's precision."""
        real = self.dtype
        lists: list[Pair | Edge] = []
        for spec, given in zip(self.lists, batch.lists, strict=True):
            shift, valid, j = jnp.asarray(given.shift, real), jnp.asarray(given.valid), jnp.asarray(given.j)
            if spec.name == "pair":
                lists.append(Pair(jnp.asarray(given.i), j, shift, valid))
            else:
                lists.append(Edge(j, shift, valid, jnp.asarray(given.reverse)))
        return Arrays(
            jnp.asarray(batch.positions, real),
            jnp.asarray(batch.species),
            jnp.asarray(batch.structure),
            jnp.asarray(batch.real),
            jnp.zeros(batch.n_structures, real),
            tuple(lists),
        )

    def __call__(self, theta: Any, batch: Lists | Arrays) -> Prediction:
        """Compiled once for each shape of batch. theta: all parameters, flat."""
        arrays = batch if isinstance(batch, Arrays) else self.arrays(batch)
        return self._call(jnp.asarray(theta, self.dtype), arrays)

    def predict(self, theta: Array, arrays: Arrays) -> Prediction:
        """The pure function, for jax's transformations."""
        out = self.outputs(theta, arrays)
        atoms, slots = arrays.real.shape[0], arrays.slots.shape[0]
        forces = out.get("forces", jnp.zeros((3, atoms), self.dtype))
        virial = out.get("virial", jnp.zeros((3, 3, slots), self.dtype))
        return Prediction(out["energy"], forces, virial, out["site_energy"])

    def outputs(self, theta: Array, arrays: Arrays) -> dict[str, Array]:
        """All outputs of the model by name."""
        run = _Run(self.model, theta, arrays, dict(zip(self.lists, arrays.lists, strict=True)), self.dtype)
        return run.outputs()


class _Run:
    """One evaluation of the graph: node -> array."""

    def __init__(self, model: Model, theta: Array, arrays: Arrays, lists: Mapping[Domain, Pair | Edge], dtype: Any) -> None:
        self.model, self.arrays, self.lists, self.dtype = model, arrays, lists, dtype
        self.tables = _tables(model, theta)
        self.values: dict[Node, Array] = {}
        self.masks: dict[Domain, Array] = {}

    def outputs(self) -> dict[str, Array]:
        for node in topological(self.model.outputs.values()):
            self.values[node] = self._evaluate(node)
        result = {}
        for name, node in self.model.outputs.items():
            value = self._full(node)
            if node.kind.domain.name == "site":
                value = jnp.where(self.arrays.real, value, 0.0)
            result[name] = value
        return result

    def _evaluate(self, node: Node) -> Array:
        special = getattr(self, "_" + node.op, None)
        if special is not None:
            return special(node)  # type: ignore[no-any-return]
        if node.op in FEATURES:
            return FEATURES[node.op](node, *(self._ranked(a, node) for a in node.args))
        return ELEMENTWISE[node.op](node, *(self._aligned(a, node) for a in node.args))

    # --- shapes ------------------------------------------------------------------------------

    def _ranked(self, node: Node, result: Node) -> Array:
        """Structural axes of length one where the value is of the whole model."""
        value = self.values[node]
        missing = _RANK[result.kind.domain.name] - _RANK[node.kind.domain.name]
        return value.reshape(value.shape + (1,) * missing)

    def _aligned(self, node: Node, result: Node) -> Array:
        """For elementwise work: feature axes of length one too."""
        value = self._ranked(node, result)
        missing = len(result.kind.shape) - len(node.kind.shape)
        return value.reshape((1,) * missing + value.shape)

    def _extent(self, domain: Domain) -> tuple[int, ...]:
        if domain.name == "site":
            return self.arrays.real.shape
        if domain.name == "structure":
            return self.arrays.slots.shape
        if domain.name == "pair":
            return self._list(domain).j.shape
        if domain.name in ("edge", "triple"):
            n, k = self._list(domain).j.shape
            return (n, k) if domain.name == "edge" else (n, k, k)
        return ()

    def _list(self, domain: Domain) -> Any:
        return self.lists[domain if domain.name == "pair" else Domain("edge", domain.rc)]

    def _full(self, node: Node) -> Array:
        """A value with all rows of its domain written out."""
        shape = node.kind.shape + self._extent(node.kind.domain)
        return jnp.broadcast_to(self.values[node], shape)

    # --- leaves ------------------------------------------------------------------------------

    def _const(self, node: Node) -> Array:
        values = np.array(node["values"], dtype=self.dtype)
        if node.kind.domain.name in TABLES:
            rows = entries(node.kind.domain, len(self.model.species))
            return jnp.asarray(np.moveaxis(values.reshape(rows, *node.kind.shape), 0, -1))
        return jnp.asarray(values.reshape(node.kind.shape + (1,) * _RANK[node.kind.domain.name]))

    def _param(self, node: Node) -> Array:
        return self.tables[node["name"]]

    def _displacement(self, node: Node) -> Array:
        x, near = self.arrays.positions, self._list(node.kind.domain)
        if isinstance(near, Pair):
            return jnp.stack([x[a][near.j] - x[a][near.i] + near.shift[a] for a in range(3)])
        return jnp.stack([x[a][near.j] - x[a][:, None] + near.shift[a] for a in range(3)])

    def _distance(self, node: Node) -> Array:
        x, near = self.arrays.positions, self._list(node.kind.domain)
        centre = [x[a][near.i] if isinstance(near, Pair) else x[a][:, None] for a in range(3)]
        d = [x[a][near.j] - centre[a] + near.shift[a] for a in range(3)]
        return jnp.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])

    # --- structure ---------------------------------------------------------------------------

    def _row(self, node: Node) -> Array:
        return self.values[node.args[0]][..., 0]

    def _at(self, node: Node) -> Array:
        return self.values[node.args[0]][..., self._index(node)]

    def _index(self, node: Node) -> Array:
        """Row of the table for the species of the atoms in hand."""
        s, domain = self.arrays.species, node.kind.domain
        if domain.name == "site":
            return s
        near = self._list(domain)
        if isinstance(near, Pair):
            first, second = s[near.i], s[near.j]
            atoms = (second, first) if node["of"] == "ji" else (first, second)
        elif domain.name == "edge":
            atoms = (s[:, None], s[near.j])
        else:
            j, k = s[near.j][:, :, None], s[near.j][:, None, :]
            atoms = (j, k) if node["of"] == "jk" else (s[:, None, None], j, k)
        return _table_row(node.args[0].kind.domain, atoms, len(self.model.species))

    def _to_i(self, node: Node) -> Array:
        near, value = self._list(node.kind.domain), self._full(node.args[0])
        return value[..., near.i] if isinstance(near, Pair) else value[..., None]

    def _to_j(self, node: Node) -> Array:
        return self._full(node.args[0])[..., self._list(node.kind.domain).j]

    def _to_ij(self, node: Node) -> Array:
        return self.values[node.args[0]][..., :, None]

    def _to_ik(self, node: Node) -> Array:
        return self.values[node.args[0]][..., None, :]

    def _sum_i(self, node: Node) -> Array:
        value, near = self._within(node.args[0]), self._list(node.args[0].kind.domain)
        return self._scatter(value, near.i, True) if isinstance(near, Pair) else value.sum(-1)

    def _sum_j(self, node: Node) -> Array:
        value, near = self._within(node.args[0]), self._list(node.args[0].kind.domain)
        if isinstance(near, Pair):
            return self._scatter(value, near.j, False)
        flat = value.reshape(*value.shape[:-2], -1)
        return jnp.where(near.valid, flat[..., near.reverse], 0.0).sum(-1)

    def _sum_to_ij(self, node: Node) -> Array:
        return self._within(node.args[0]).sum(-1)

    def _sum_to_ik(self, node: Node) -> Array:
        return self._within(node.args[0]).sum(-2)

    def _total(self, node: Node) -> Array:
        inner = node.args[0]
        domain, value = inner.kind.domain, self._full(inner)
        slots = self.arrays.slots.shape[0]
        if domain.name == "site":
            value, owner = jnp.where(self.arrays.real, value, 0.0), self.arrays.structure
        else:
            value, near = self._within(inner), self._list(domain)
            owner = self.arrays.structure
            if isinstance(near, Pair):
                owner = owner[near.i]
            else:
                value = value.sum(-1)
        if slots == 1:
            return value.sum(-1, keepdims=True)
        return _segments(value, owner, slots, False)

    def _scatter(self, value: Array, index: Array, ascending: bool) -> Array:
        return _segments(value, index, self.arrays.real.shape[0], ascending)

    def _within(self, node: Node) -> Array:
        """A value on a list, 0 for what is padding or beyond the cutoff."""
        return jnp.where(self._mask(node.kind.domain), self._full(node), 0.0)

    def _mask(self, domain: Domain) -> Array:
        if domain not in self.masks:
            if domain.name == "triple":
                near = self._mask(Domain("edge", domain.rc))
                different = ~jnp.eye(near.shape[-1], dtype=bool)
                self.masks[domain] = near[:, :, None] & near[:, None, :] & different
            else:
                self.masks[domain] = self._list(domain).valid & (self._separation(domain) < domain.rc)
        return self.masks[domain]

    def _separation(self, domain: Domain) -> Array:
        from ..ops import make

        r = make("distance", domain=domain)
        return self.values[r] if r in self.values else self._distance(r)


def _segments(value: Array, owner: Array, n: int, ascending: bool) -> Array:
    """Sums of the last axis by owner, a feature row at a time: XLA's CPU scatter is fast on flat rows only."""
    rows = value.reshape(-1, value.shape[-1])
    summed = [jax.ops.segment_sum(row, owner, n, indices_are_sorted=ascending) for row in rows]
    return jnp.stack(summed).reshape(*value.shape[:-1], n)


def _tables(model: Model, theta: Array) -> dict[str, Array]:
    """Parameters by name, rows of the table as the last axis."""
    tables, offset = {}, 0
    for p in model.parameters:
        n = len(p.start)
        flat = theta[offset : offset + n]
        rows = entries(p.kind.domain, len(model.species))
        table = jnp.moveaxis(flat.reshape(rows, *p.kind.shape), 0, -1)
        tables[p.name] = table[..., 0] if p.kind.domain.name == "none" else table
        offset += n
    return tables


def _table_row(domain: Domain, atoms: tuple[Array, ...], n: int) -> Array:
    pairs = np.zeros((n, n), np.int32)
    for row, (a, b) in enumerate((a, b) for a in range(n) for b in range(a, n)):
        pairs[a, b] = pairs[b, a] = row
    if domain.name == "species_pair":
        return jnp.asarray(pairs)[atoms]
    if domain.name == "species_pair_ordered":
        return atoms[0] * n + atoms[1]
    if domain.name == "species_triple_ordered":
        return (atoms[0] * n + atoms[1]) * n + atoms[2]
    return atoms[0] * (n * (n + 1) // 2) + jnp.asarray(pairs)[atoms[1], atoms[2]]
