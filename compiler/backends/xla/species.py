"""Values of atoms that have a row for each species of neighbour."""

from __future__ import annotations

from itertools import product

import jax.numpy as jnp
import numpy as np

from ...ir.contraction import Contraction
from ...ir.types import Domain
from .arrays import Array, einsum
from .interpreter import row_by_species


def own_rows(table: Domain, n: int) -> Array:
    """Of a table of pairs of n species, the rows that belong to each species: (n, n)."""
    pairs = np.array(list(product(range(n), repeat=2))).T
    return row_by_species(table, (jnp.asarray(pairs[0]), jnp.asarray(pairs[1])), n).reshape(n, n)


def sums_by_species(value: Array, neighbours: Array, mask: Array, n: int) -> Array:
    """(…, N, K) -> (n, …, N): sums over the neighbours of each species; neighbours, mask (N, K)."""
    own = jnp.stack([(mask & (neighbours == s)).astype(value.dtype) for s in range(n)])
    flat = jnp.where(mask, value, 0.0).reshape(-1, *mask.shape)
    summed = einsum("sik,aik->sai", own, flat)
    return summed.reshape(n, *value.shape[:-2], mask.shape[0])


def chosen_product(
    contraction: Contraction, rows: Array, other: Array, mixed: tuple[str, str], species: Array
) -> Array:
    """An einsum of two arguments, one of which is the row `species` of `rows`: the product with every row, as
    of matrices, and the choice after it.

    contraction: of the features, that argument first. mixed: the structural axes of rows; of the other and
    the result.
    """
    own, others = contraction.inputs
    of_rows, of_result = mixed
    every = einsum(f"R{own}{of_rows},{others}{of_result}->R{contraction.output}{of_result}", rows, other)
    found = every[0]
    for s in range(1, len(every)):
        found = jnp.where(species == s, every[s], found)
    return found


def row_of_neighbour(value: Array, neighbours: Array) -> Array:
    """(n, …, N) -> (…, N, K): of the rows of an atom the one that belongs to each neighbour."""
    chosen = value[0][..., None]
    for s in range(1, len(value)):
        chosen = jnp.where(neighbours == s, value[s][..., None], chosen)
    return jnp.broadcast_to(chosen, (*value.shape[1:], neighbours.shape[1]))
