"""One evaluation of a model's graph in jax: the steps of a plan, node -> value.

Arrays have feature axes first and structural axes last: pairs (…, M), edges (…, N, K), triples (…, N, K, K).
A value with the layout `rows` is a tuple of arrays without a feature axis: XLA then sees nothing but
elementwise work along long contiguous rows, which it merges into few loops. As one stacked array the same
kernel costs about twice as much, as XLA works out a stack again in every loop that reads it. Sums over a
dense list are reductions; sums onto neighbours gather through the list of reversed edges, so that only pair
lists scatter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...ir import ops
from ...ir.graph import Model, Node, Op
from ...ir.types import LISTS, TABLES, Domain, entries, table_row, unordered_rows
from ...schedule.plan import Layout, Plan, Step, Storage
from ..lowering import Lowering
from .arrays import Array, Arrays, Edge, Pair, Rows, Value, parameter_tables, ranked, sums_by_owner, together
from .materialize import materialize

Lists = Mapping[Domain, Pair | Edge]
Rule = Callable[["GraphInterpreter", Step], Value]

REFUSED: Mapping[Op, str] = {ops.motion: "jax takes gradients of a loss itself"}

lowers: Lowering[Rule] = Lowering("xla", REFUSED)


def pointwise(op: Op) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """A rule of arrays alone, component by component; attributes come by name."""

    def register(function: Callable[..., Array]) -> Callable[..., Array]:
        def rule(run: GraphInterpreter, step: Step) -> Value:
            node, attrs = step.node, dict(step.node.attrs)
            if step.layout is Layout.ROWS:
                rows = [run.components(a, node.kind.shape[0], node.kind.domain) for a in node.args]
                return Rows(function(*parts, **attrs) for parts in zip(*rows, strict=True))
            return function(*(run.aligned(a, node) for a in node.args), **attrs)

        lowers(op)(rule)
        return function

    return register


class GraphInterpreter:
    """Values of all nodes of a model for one batch, as its plan says."""

    def __init__(
        self, plan: Plan, model: Model, theta: Array, arrays: Arrays, lists: Lists, dtype: Any
    ) -> None:
        self.plan, self.model = plan, model
        self.arrays, self.lists, self.dtype = arrays, lists, dtype
        self.tables = parameter_tables(model, theta)
        self.values: dict[Node, Value] = {}
        self._masks: dict[tuple[Domain, float], Array] = {}
        self._vectors: dict[Domain, Rows] = {}

    def outputs(self) -> dict[str, Array]:
        """The outputs of the model by name, with all rows of their domains; 0 for padding atoms."""
        for step in self.plan.steps:
            value = lowers.rule(step.node.op)(self, step)
            stored = step.storage is Storage.STORED
            self.values[step.node] = materialize(value, self.arrays.slots) if stored else value
        result = {}
        for name, node in self.plan.outputs:
            value = self.whole(node)
            if node.kind.domain.name == "site":
                value = jnp.where(self.arrays.real, value, 0.0)
            result[name] = value
        return result

    # --- values ------------------------------------------------------------------------------

    def components(self, node: Node, n: int, domain: Domain) -> list[Array]:
        """n arrays on the domain: the rows of a value, or a single value n times."""
        value = self.values[node]
        if isinstance(value, Rows):
            return list(value)
        value = ranked(value, node.kind.domain, domain)
        return [value[k] for k in range(n)] if node.kind.shape else [value] * n

    def stacked(self, node: Node) -> Array:
        """A value as one array."""
        value = self.values[node]
        return together(value) if isinstance(value, Rows) else value

    def on_domain(self, node: Node, domain: Domain) -> Array:
        """A value as one array, with structural axes of length one where it is of the whole model."""
        return ranked(self.stacked(node), node.kind.domain, domain)

    def aligned(self, node: Node, result: Node) -> Array:
        """For elementwise work on whole arrays: structural and feature axes of length one where missing."""
        value = self.on_domain(node, result.kind.domain)
        missing = len(result.kind.shape) - len(node.kind.shape)
        return value.reshape((1,) * missing + value.shape)

    def whole(self, node: Node) -> Array:
        """A value with all rows of its domain written out."""
        return jnp.broadcast_to(self.stacked(node), node.kind.shape + self.extent(node.kind.domain))

    def as_planned(self, step: Step, value: Array) -> Value:
        """One array in the layout of the step."""
        return Rows(value[k] for k in range(value.shape[0])) if step.layout is Layout.ROWS else value

    def from_rows(self, step: Step, rows: Sequence[Array]) -> Value:
        """Arrays of the components in the layout of the step."""
        return Rows(rows) if step.layout is Layout.ROWS else together(rows)

    def each(self, node: Node, change: Callable[[Array], Array]) -> Value:
        """A change of the structural axes, a row at a time where the value is in rows."""
        value, extent = self.values[node], self.extent(node.kind.domain)
        if isinstance(value, Rows):
            return Rows(change(jnp.broadcast_to(v, extent)) for v in value)
        return change(jnp.broadcast_to(value, node.kind.shape + extent))

    # --- domains -----------------------------------------------------------------------------

    def extent(self, domain: Domain) -> tuple[int, ...]:
        """The lengths of the structural axes."""
        if domain.name == "site":
            return self.arrays.real.shape
        if domain.name == "structure":
            return self.arrays.slots.shape
        if domain.name == "pair":
            return tuple(self.list_of(domain).j.shape)
        if domain.name in ("edge", "triple"):
            n, k = self.list_of(domain).j.shape
            return (n, k) if domain.name == "edge" else (n, k, k)
        return (entries(domain, len(self.model.species)),) if domain.name in TABLES else ()

    def list_of(self, domain: Domain) -> Any:
        return self.lists[domain if domain.name == "pair" else Domain("edge", domain.rc)]

    def vector(self, domain: Domain) -> Rows:
        """From i to j, Å."""
        if domain not in self._vectors:
            x, near = self.arrays.positions, self.list_of(domain)
            centre = [x[a][near.i] if isinstance(near, Pair) else x[a][:, None] for a in range(3)]
            self._vectors[domain] = Rows(x[a][near.j] - centre[a] + near.shift[a] for a in range(3))
        return self._vectors[domain]

    def length(self, domain: Domain) -> Array:
        x, y, z = self.vector(domain)
        return jnp.sqrt(x * x + y * y + z * z)

    def table_rows(self, table: Domain, domain: Domain, of: str) -> Array:
        """The row of a table for the species of the atoms in hand."""
        s = self.arrays.species
        if domain.name == "site":
            return s
        near = self.list_of(domain)
        if domain.name == "pair":
            own = {"i": s[near.i], "j": s[near.j]}
            return row_by_species(table, tuple(own[c] for c in of), len(self.model.species))
        if domain.name == "edge":
            return row_by_species(table, (s[:, None], s[near.j]), len(self.model.species))
        j, k = s[near.j][:, :, None], s[near.j][:, None, :]
        atoms = (j, k) if of == "jk" else (s[:, None, None], j, k)
        return row_by_species(table, atoms, len(self.model.species))

    # --- masks -------------------------------------------------------------------------------

    def mask(self, domain: Domain, cutoff: float) -> Array:
        """Whether the neighbours of each entry are there and nearer than the cutoff (Å); of triples j ≠ k."""
        key = (domain, cutoff)
        if key not in self._masks:
            if domain.name == "triple":
                near = self.mask(Domain("edge", domain.rc), cutoff)
                different = ~jnp.eye(near.shape[-1], dtype=bool)
                self._masks[key] = near[:, :, None] & near[:, None, :] & different
            else:
                self._masks[key] = self.list_of(domain).valid & (self.length(domain) < cutoff)
        return self._masks[key]

    def mask_of(self, step: Step) -> Array:
        """The entries that a sum counts."""
        assert step.cutoff is not None  # every list has a cutoff
        return self.mask(step.node.args[0].kind.domain, step.cutoff)

    def within(self, step: Step, change: Callable[[Array], Array]) -> Value:
        """A change of the argument of a sum, which is 0 for padding and beyond the cutoff."""
        mask = self.mask_of(step)
        return self.each(step.node.args[0], lambda v: change(jnp.where(mask, v, 0.0)))

    def counted(self, step: Step) -> Array:
        """The argument of a sum with all rows of its domain, 0 where they do not count."""
        (inner,) = step.node.args
        if inner.kind.domain.name in LISTS:
            return jnp.where(self.mask_of(step), self.whole(inner), 0.0)
        if inner.kind.domain.name == "site":
            return jnp.where(self.arrays.real, self.whole(inner), 0.0)
        if inner.kind.domain.name == "structure":
            atoms = sums_by_owner(
                self.arrays.real.astype(self.dtype), self.arrays.structure, len(self.arrays.slots), False
            )
            return jnp.where(atoms > 0, self.whole(inner), 0.0)
        return self.whole(inner)


def row_by_species(table: Domain, atoms: Sequence[Array], n: int) -> Array:
    """The row of a table for atoms of given species, of n."""
    pairs = np.array(unordered_rows(n), np.int32)
    found: Array = table_row(table, atoms, n, lambda a, b: jnp.asarray(pairs)[a, b])
    return found
