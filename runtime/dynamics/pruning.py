"""Short lists out of long ones, on the device.

The host makes long lists rarely; from them, every few steps, the device takes the pairs that are near now
and lays them into arrays of a fixed size, in the same order. What the kernel works on is then little more
than what it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from ...compiler.backends.xla.arrays import Edge, LongLists, Pair
from ...compiler.backends.xla.kernel import Kernel
from ..structures.batches import ASIDE


@dataclass(frozen=True)
class Room:
    """Sizes that are compiled: of the host's pairs and of its edges an atom; of each list that the device
    makes, those of the kernel in its order and the watched pairs.
    """

    pairs: int = 0
    width: int = 0
    lists: tuple[int, ...] = ()


def squared_lengths(
    x: Float[Array, "3 N"],
    first: Int[Array, " *list"],
    second: Int[Array, " *list"],
    shift: Float[Array, " 3 *list"],
) -> Float[Array, " *list"]:
    """|x[second] − x[first] + shift|². An edge and its reverse have the same bits."""
    d = [x[a][second] - x[a][first] + shift[a] for a in range(3)]
    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2]


def turned(turn: Float[Array, "3 3"], shift: Float[Array, "3 ..."]) -> Float[Array, "3 ..."]:
    """turn·a of each vector a."""
    rows = [sum(turn[a, b] * shift[b] for b in range(3)) for a in range(3)]
    return jnp.stack(rows)


def short_lists(
    kernel: Kernel, long: LongLists, sizes: Sequence[int]
) -> tuple[tuple[Pair | Edge, ...], tuple[Int[Array, ""], ...]]:
    """The lists of an XLA kernel up to their cutoffs and the skin, and the sizes that they need."""
    x, pair, squares, edge, turn, skin = long
    n = x.shape[1]
    found: dict[int, tuple[Pair | Edge, Array]] = {}
    for index in sorted(range(len(kernel.lists)), key=lambda k: -float(kernel.lists[k].rc or 0.0)):
        cutoff, size = float(kernel.lists[index].rc or 0.0), sizes[index]
        most = (cutoff + skin) ** 2
        if kernel.lists[index].name == "pair":
            short, count, _ = near_pairs(pair, squares < most, size, cutoff, n)
            found[index] = short, count
        else:  # a shorter list of edges comes out of the longer one
            assert edge is not None  # the host makes edges where the kernel has any
            shift = edge.shift if turn is None else turned(turn, edge.shift)
            lengths = squared_lengths(x, jnp.arange(n)[:, None], edge.j, shift)
            edge, count = near_edges(edge, edge.valid & (lengths < most), size, cutoff)
            found[index] = edge, count
    lists = [found[k][0] for k in range(len(kernel.lists))]
    ours = tuple(each._replace(shift=each.shift.astype(kernel.dtype)) for each in lists)
    return ours, tuple(found[k][1] for k in range(len(kernel.lists)))


def near_pairs(
    long: Pair, keep: Bool[Array, " M"], size: int, cutoff: float, n: int
) -> tuple[Pair, Int[Array, ""], Int[Array, " size"]]:
    """The pairs that are kept, how many they are, and where each stood; padded as `batches` pads them."""
    ranks = jnp.cumsum(keep, dtype=jnp.int32)
    source = _sources(jnp.where(keep & (ranks <= size), ranks - 1, size), size)
    valid = jnp.arange(size) < ranks[-1]
    i, j = (jnp.where(valid, index[source], n - 1) for index in (long.i, long.j))
    return Pair(i, j, _moved(long.shift, source, valid, cutoff), valid), ranks[-1], source


def near_edges(
    long: Edge, keep: Bool[Array, "N K"], width: int, cutoff: float
) -> tuple[Edge, Int[Array, ""]]:
    """The edges that are kept (keep is the same of an edge and its reverse), and the most of any atom."""
    n = len(long.j)
    ranks = jnp.cumsum(keep, axis=1, dtype=jnp.int32)
    row = jnp.arange(n, dtype=jnp.int32)[:, None] * width
    now = jnp.where(keep & (ranks <= width), row + ranks - 1, n * width).ravel()  # where each edge goes
    source = _sources(now, n * width)
    valid = (jnp.arange(width) < ranks[:, -1:]).ravel()
    own = jnp.arange(n * width, dtype=jnp.int32)
    j = jnp.where(valid, long.j.ravel()[source], own // width)
    reverse = jnp.where(valid, now[long.reverse.ravel()[source]], own)
    shift = _moved(long.shift.reshape(3, -1), source, valid, cutoff)
    grid = (n, width)
    short = Edge(j.reshape(grid), shift.reshape(3, *grid), valid.reshape(grid), reverse.reshape(grid))
    return short, ranks[:, -1].max()


def _moved(
    shift: Float[Array, "3 long"], source: Int[Array, " short"], valid: Bool[Array, " short"], cutoff: float
) -> Float[Array, "3 short"]:
    """Shifts of what is kept; a row at a time, as XLA is slow with columns of a wide table."""
    aside = cutoff * ASIDE
    return jnp.stack([jnp.where(valid, shift[a][source], aside[a]) for a in range(3)])


def _sources(target: Int[Array, " long"], size: int) -> Int[Array, " size"]:
    """The element that goes to each place; target: the place of each element, `size` where it has none."""
    which = jnp.arange(len(target), dtype=jnp.int32)
    places = jnp.zeros(size + 1, jnp.int32)
    # with 32 bits and no check of bounds XLA's scatter takes half as long
    return places.at[target].set(which, mode="promise_in_bounds")[:size]
