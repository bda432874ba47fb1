"""One evaluation of a model's graph in jax: node -> value.

Arrays have feature axes first and structural axes last: pairs (…, M), edges (…, N, K), triples (…, N, K, K).
On atoms and pairs a value with one feature axis is kept as `Rows`, a tuple of arrays without that axis: XLA
then sees nothing but elementwise work along long contiguous rows, which it merges into few loops. As one
stacked array the same kernel costs about twice as much, as XLA works out a stack anew in every loop that
reads it. On the dense lists, where many rows meet in products, they are stacked, and what is read often is
stored (`xla_storing`). Sums over a dense list are reductions; sums onto neighbours gather through the list
of reversed edges, so that only pair lists scatter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...ir import ops
from ...ir.graph import Model, Node, topological
from ...ir.types import TABLES, Domain, entries
from .arrays import Array, Arrays, Edge, Pair, Rows, Value, parameter_tables, sums_by_owner, table_row
from .materialize import stored, stored_once
from .ops import ELEMENTWISE, chained, contracted, matrix_product
from .species import MOST_SPECIES, chosen_product, row_of_neighbour, rows_of_neighbours, sums_by_species

_RANK = {"none": 0, "structure": 1, "site": 1, "pair": 1, "edge": 2, "triple": 3, **dict.fromkeys(TABLES, 1)}
# more components than this stay one array
_MOST_ROWS = 64


class Run:
    """Values of all nodes of a model for one batch."""

    def __init__(
        self, model: Model, theta: Array, arrays: Arrays, lists: Mapping[Domain, Pair | Edge], dtype: Any
    ) -> None:
        self.model, self.arrays, self.lists, self.dtype = model, arrays, lists, dtype
        self.tables = parameter_tables(model, theta)
        self.values: dict[Node, Value] = {}
        self.masks: dict[Domain, Array] = {}
        self.vectors: dict[Domain, Rows] = {}

    def outputs(self) -> dict[str, Array]:
        order = list(topological(self.model.outputs.values()))
        kept = stored(order)
        for node in order:
            value = self._evaluate(node)
            self.values[node] = stored_once(value, self.arrays.slots) if node in kept else value
        result = {}
        for name, node in self.model.outputs.items():
            value = self.whole(node)
            if node.kind.domain.name == "site":
                value = jnp.where(self.arrays.real, value, 0.0)
            result[name] = value
        return result

    def _evaluate(self, node: Node) -> Value:
        special: Callable[[Node], Value] | None = getattr(self, "_" + node.op.name, None)
        if special is not None:
            return special(node)
        operation = ELEMENTWISE[node.op.name]
        if self._in_rows(node):
            rows = [self._components(a, node.kind.shape[0], node.kind.domain) for a in node.args]
            return Rows(operation(node, *parts) for parts in zip(*rows, strict=True))
        return operation(node, *(self._aligned(a, node) for a in node.args))

    # --- shapes ------------------------------------------------------------------------------

    def _in_rows(self, node: Node) -> bool:
        """Whether a value is kept as rows: one feature axis, on atoms or pairs."""
        shape = node.kind.shape
        return len(shape) == 1 and shape[0] <= _MOST_ROWS and node.kind.domain.name in ("site", "pair")

    def _components(self, node: Node, n: int, domain: Domain) -> list[Array]:
        """n arrays on the domain: the rows of a value, or a single value n times."""
        value = self.values[node]
        if isinstance(value, Rows):
            return list(value)
        value = _ranked(value, node.kind.domain, domain)
        return [value[k] for k in range(n)] if node.kind.shape else [value] * n

    def _stacked(self, node: Node) -> Array:
        """A value as one array, stored once."""
        value = self.values[node]
        if not isinstance(value, Rows):
            return value
        return _together(value)

    def _aligned(self, node: Node, result: Node) -> Array:
        """For elementwise work on whole arrays: structural and feature axes of length one where missing."""
        value = _ranked(self._stacked(node), node.kind.domain, result.kind.domain)
        missing = len(result.kind.shape) - len(node.kind.shape)
        return value.reshape((1,) * missing + value.shape)

    def _extent(self, domain: Domain) -> tuple[int, ...]:
        if domain.name == "site":
            return self.arrays.real.shape
        if domain.name == "structure":
            return self.arrays.slots.shape
        if domain.name == "pair":
            return tuple(self.list_of(domain).j.shape)
        if domain.name in ("edge", "triple"):
            n, k = self.list_of(domain).j.shape
            return (n, k) if domain.name == "edge" else (n, k, k)
        return ()

    def list_of(self, domain: Domain) -> Any:
        return self.lists[domain if domain.name == "pair" else Domain("edge", domain.rc)]

    def whole(self, node: Node) -> Array:
        """A value with all rows of its domain written out."""
        return jnp.broadcast_to(self._stacked(node), node.kind.shape + self._extent(node.kind.domain))

    def _each(self, node: Node, change: Callable[[Array], Array]) -> Value:
        """A change of the structural axes, a row at a time where the value is in rows."""
        value, extent = self.values[node], self._extent(node.kind.domain)
        if isinstance(value, Rows):
            return Rows(change(jnp.broadcast_to(v, extent)) for v in value)
        return change(jnp.broadcast_to(value, node.kind.shape + extent))

    # --- leaves ------------------------------------------------------------------------------

    def _const(self, node: Node) -> Value:
        values = np.array(node["values"], dtype=self.dtype)
        if _is_table(node):
            rows = entries(node.kind.domain, len(self.model.species))
            return jnp.asarray(np.moveaxis(values.reshape(rows, *node.kind.shape), 0, -1))
        ones = (1,) * _RANK[node.kind.domain.name]
        if self._in_rows(node):
            return Rows(jnp.asarray(v.reshape(ones)) for v in values)
        return jnp.asarray(values.reshape(node.kind.shape + ones))

    def _param(self, node: Node) -> Array:
        return self.tables[node["name"]]

    def _displacement(self, node: Node) -> Value:
        vector = self._vector(node.kind.domain)
        return vector if self._in_rows(node) else _together(vector)

    def _vector(self, domain: Domain) -> Rows:
        if domain not in self.vectors:
            x, near = self.arrays.positions, self.list_of(domain)
            centre = [x[a][near.i] if isinstance(near, Pair) else x[a][:, None] for a in range(3)]
            self.vectors[domain] = Rows(x[a][near.j] - centre[a] + near.shift[a] for a in range(3))
        return self.vectors[domain]

    def _distance(self, node: Node) -> Array:
        return self._length(node.kind.domain)

    def _length(self, domain: Domain) -> Array:
        x, y, z = self._vector(domain)
        return jnp.sqrt(x * x + y * y + z * z)

    # --- features ----------------------------------------------------------------------------

    def _einsum(self, node: Node) -> Value:
        ins, out = node["spec"].split("->")
        letters = ins.split(",")
        place = self._looked_up(node)
        if place is not None:
            return self._as_kept(node, self._chosen_product(node, letters, out, place))
        values = [self.values[a] for a in node.args]
        if _RANK[node.kind.domain.name] and not _is_table(node):
            found = contracted(letters, out, values, node, self._ranked_argument, self._in_rows(node))
            if found is not None:
                return Rows(found) if isinstance(found, list) else found
        args = [_ranked(self._stacked(a), a.kind.domain, node.kind.domain) for a in node.args]
        return self._as_kept(node, matrix_product(letters, out, args))

    def _looked_up(self, node: Node) -> int | None:
        """Which of two arguments is a matrix of coefficients that is looked up by species."""
        if len(node.args) != 2 or len(self.model.species) > MOST_SPECIES:
            return None
        for k, a in enumerate(node.args):
            own = a.op is ops.to_species or (a.op is ops.at and a.args[0].kind.domain.name == "species")
            if own and len(a.kind.shape) == 2 and a.kind.domain.name in ("site", "edge"):
                return k
        return None

    def _chosen_product(self, node: Node, letters: list[str], out: str, place: int) -> Array:
        coefficients, other = node.args[place], node.args[1 - place]
        rows = self._stacked(coefficients.args[0])
        spec = f"{letters[place]},{letters[1 - place]}->{out}"
        if coefficients.op is ops.at:  # of the species of the atom
            rows = jnp.moveaxis(rows, -1, 0)
            return chosen_product(spec, rows, self.whole(other), ("", "X"), self.arrays.species)
        near = self.arrays.species[self.list_of(node.kind.domain).j]
        return chosen_product(spec, rows, self.whole(other), ("X", "XY"), near)

    def _ranked_argument(self, value: Array, argument: Node, result: Node) -> Array:
        return _ranked(value, argument.kind.domain, result.kind.domain)

    def _as_kept(self, node: Node, value: Array) -> Value:
        return Rows(value[k] for k in range(value.shape[0])) if self._in_rows(node) else value

    def _take(self, node: Node) -> Value:
        """Components of the last feature axis; a run of them is a slice."""
        value, indices = self.values[node.args[0]], node["indices"]
        if isinstance(value, Rows):
            return Rows(value[k] for k in indices)
        axis = len(node.kind.shape) - 1
        if indices == tuple(range(indices[0], indices[-1] + 1)):
            return self._as_kept(node, jax.lax.slice_in_dim(value, indices[0], indices[-1] + 1, axis=axis))
        if axis == 0 and self._in_rows(node):
            return Rows(value[k] for k in indices)
        return self._as_kept(node, jnp.take(value, jnp.asarray(indices), axis=axis))

    def _put(self, node: Node) -> Value:
        """Adjoint of take, laid row by row, as scatters are slow."""
        axis, indices, size = len(node.kind.shape) - 1, node["indices"], node["size"]
        value = self.values[node.args[0]]
        if not isinstance(value, Rows) and indices == tuple(range(indices[0], indices[-1] + 1)):
            widths = [(0, 0)] * value.ndim
            widths[axis] = (indices[0], size - indices[-1] - 1)
            return self._as_kept(node, jnp.pad(value, widths))
        given = value if isinstance(value, Rows) else jnp.moveaxis(value, axis, 0)
        rows: list[Any] = [None] * size
        for k, index in enumerate(indices):
            rows[index] = given[k] if rows[index] is None else rows[index] + given[k]
        filled = [jnp.zeros_like(given[0]) if r is None else r for r in rows]
        return Rows(filled) if self._in_rows(node) else jnp.stack(jnp.broadcast_arrays(*filled), axis=axis)

    def _stack(self, node: Node) -> Value:
        rows = [_ranked(self._stacked(a), a.kind.domain, node.kind.domain) for a in node.args]
        return Rows(rows) if self._in_rows(node) else _together(rows)

    def _chain(self, node: Node) -> Value:
        first, second, factor = (
            _ranked(self._stacked(a), a.kind.domain, node.kind.domain) for a in node.args
        )
        rows = chained(first, second, factor, node["n"])
        return Rows(rows) if self._in_rows(node) else _together(rows)

    def _reshape(self, node: Node) -> Value:
        value, inner = self.values[node.args[0]], node.args[0]
        if isinstance(value, Rows) and node["shape"] == ():
            return value[0]
        array = self._stacked(inner)
        return self._as_kept(node, array.reshape(node["shape"] + array.shape[len(inner.kind.shape) :]))

    # --- structure ---------------------------------------------------------------------------

    def _row(self, node: Node) -> Array:
        return self._stacked(node.args[0])[..., 0]

    def _at(self, node: Node) -> Value:
        table, index = self._stacked(node.args[0]), self._index(node)
        if self._in_rows(node):
            return Rows(table[k][index] for k in range(node.kind.shape[0]))
        return table[..., index]

    def _index(self, node: Node) -> Array:
        """Row of the table for the species of the atoms in hand."""
        s, domain = self.arrays.species, node.kind.domain
        if domain.name == "site":
            return s
        near = self.list_of(domain)
        if isinstance(near, Pair):
            first, second = s[near.i], s[near.j]
            atoms: tuple[Array, ...] = (second, first) if node["of"] == "ji" else (first, second)
        elif domain.name == "edge":
            atoms = (s[:, None], s[near.j])
        else:
            j, k = s[near.j][:, :, None], s[near.j][:, None, :]
            atoms = (j, k) if node["of"] == "jk" else (s[:, None, None], j, k)
        return table_row(node.args[0].kind.domain, atoms, len(self.model.species))

    def _to_i(self, node: Node) -> Value:
        near = self.list_of(node.kind.domain)
        return self._each(node.args[0], lambda v: v[..., near.i] if isinstance(near, Pair) else v[..., None])

    def _to_j(self, node: Node) -> Value:
        near = self.list_of(node.kind.domain)
        return self._each(node.args[0], lambda v: v[..., near.j])

    def _rows_of(self, node: Node) -> Value:
        (table,) = node.args
        rows = rows_of_neighbours(
            self._stacked(table), table.kind.domain, self.arrays.species, len(self.model.species)
        )
        return self._as_kept(node, rows)

    def _sum_species(self, node: Node) -> Value:
        (inner,) = node.args
        near, mask = self.arrays.species[self.list_of(inner.kind.domain).j], self._mask(inner.kind.domain)
        return self._as_kept(node, sums_by_species(self.whole(inner), near, mask, node["species"]))

    def _to_species(self, node: Node) -> Value:
        near = self.arrays.species[self.list_of(node.kind.domain).j]
        return row_of_neighbour(self.whole(node.args[0]), near)

    def _to_ij(self, node: Node) -> Value:
        return self._each(node.args[0], lambda v: v[..., :, None])

    def _to_ik(self, node: Node) -> Value:
        return self._each(node.args[0], lambda v: v[..., None, :])

    def _sum_i(self, node: Node) -> Value:
        inner = node.args[0]
        near = self.list_of(inner.kind.domain)
        if isinstance(near, Pair):
            return self._within(inner, lambda v: self._scatter(v, near.i, True))
        if inner.op is ops.einsum and inner["spec"] == "m,n->mn":
            return self._outer_sum(inner)
        return self._within(inner, lambda v: v.sum(-1))

    def _outer_sum(self, outer: Node) -> Array:
        """Σ_k a(i, k) ⊗ b(i, k) as a product of matrices for each atom."""
        a, b = outer.args
        mask = self._mask(outer.kind.domain)
        return jnp.einsum("aik,bik->abi", jnp.where(mask, self.whole(a), 0.0), self.whole(b))

    def _sum_j(self, node: Node) -> Value:
        near = self.list_of(node.args[0].kind.domain)
        if isinstance(near, Pair):
            return self._within(node.args[0], lambda v: self._scatter(v, near.j, False))

        def from_reversed(v: Array) -> Array:
            flat = v.reshape(*v.shape[:-2], -1)
            return jnp.where(near.valid, flat[..., near.reverse], 0.0).sum(-1)

        return self._within(node.args[0], from_reversed)

    def _sum_to_ij(self, node: Node) -> Value:
        return self._within(node.args[0], lambda v: v.sum(-1))

    def _sum_to_ik(self, node: Node) -> Value:
        return self._within(node.args[0], lambda v: v.sum(-2))

    def _total(self, node: Node) -> Array:
        inner = node.args[0]
        domain, slots, owner = inner.kind.domain, self.arrays.slots.shape[0], self.arrays.structure
        if domain.name == "site":
            value = jnp.where(self.arrays.real, self.whole(inner), 0.0)
        else:
            near = self.list_of(domain)
            if slots == 1 and inner.op is ops.einsum and inner["spec"] == "a,b->ab":
                return self._one_virial(inner)
            value = self.on_list(inner)
            if isinstance(near, Pair):
                owner = owner[near.i]
            else:
                value = value.sum(-1)
        return value.sum(-1, keepdims=True) if slots == 1 else sums_by_owner(value, owner, slots, False)

    def _one_virial(self, inner: Node) -> Array:
        """Σ d ⊗ g over all neighbours of the one structure: nine sums."""
        d, g = (self._components(a, 3, inner.kind.domain) for a in inner.args)
        mask = self._mask(inner.kind.domain)
        rows = [jnp.where(mask, y, 0.0) for y in g]
        return jnp.stack([jnp.stack([(x * y).sum() for y in rows]) for x in d])[..., None]

    def _scatter(self, value: Array, index: Array, ascending: bool) -> Array:
        return sums_by_owner(value, index, self.arrays.real.shape[0], ascending)

    def _within(self, node: Node, change: Callable[[Array], Array]) -> Value:
        """A change of a value on a list that is 0 for padding and beyond the cutoff."""
        mask = self._mask(node.kind.domain)
        return self._each(node, lambda v: change(jnp.where(mask, v, 0.0)))

    def on_list(self, node: Node) -> Array:
        return jnp.where(self._mask(node.kind.domain), self.whole(node), 0.0)

    def _mask(self, domain: Domain) -> Array:
        if domain not in self.masks:
            if domain.name == "triple":
                near = self._mask(Domain("edge", domain.rc))
                different = ~jnp.eye(near.shape[-1], dtype=bool)
                self.masks[domain] = near[:, :, None] & near[:, None, :] & different
            else:
                assert domain.rc is not None  # every list has a cutoff
                self.masks[domain] = self.list_of(domain).valid & (self._length(domain) < domain.rc)
        return self.masks[domain]


def _together(rows: Sequence[Array]) -> Array:
    """Rows as one array."""
    return jnp.stack(jnp.broadcast_arrays(*rows))


def _is_table(node: Node) -> bool:
    return node.kind.domain.name in TABLES


def _ranked(value: Array, own: Domain, result: Domain) -> Array:
    """Structural axes of length one where the value is of the whole model."""
    return value.reshape(value.shape + (1,) * (_RANK[result.name] - _RANK[own.name]))
