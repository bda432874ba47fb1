"""Outputs of a kernel and their derivatives with respect to chosen parameters.

Forward-mode, by jax, through the differentiated IR: rows are many, parameters few. Numbers that belong to
different species in the same place of their rows share a direction (`compiler.analysis.jacobian_coloring`):
with four species a network for each costs what one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from ...compiler.backends.xla.kernel import Arrays, Kernel
from ..optimize.qr_system import Array, Indices, Mask
from .places import UPPER, shared_places

# (theta, batch) → the outputs of a batch in one row; with seeds also a row of derivatives for each seed
Outputs = Callable[[jax.Array, Arrays], jax.Array]
Compiled = Callable[[Float[Array, " P"], Arrays], Float[jax.Array, " m"]]
Tangents = Callable[
    [Float[Array, " P"], Arrays, Float[Array, "width P"]],
    tuple[Float[jax.Array, " m"], Float[jax.Array, "width m"]],
]
Apart = Callable[[Float[Array, " P"], Arrays, Float[Array, "width P"]], Float[jax.Array, "width S m"]]

# parameters differentiated by one call; what the value itself costs again each time is a small part of it
WIDTH = 16

# telling species apart costs something, which fewer directions have to bring in
_WORTH = 0.8


class Derivatives:
    """Derivatives of the outputs of one kernel, compiled once for each shape of batch."""

    def __init__(self, kernel: Kernel) -> None:
        self._tangents = compiled(kernel)[1]
        self._apart = _compiled_apart(kernel)
        self._species, self._place = shared_places(kernel.model)

    def n_directions(self, numbers: Indices) -> int:
        """Along how many directions those numbers of theta are differentiated."""
        own, places = self._told_apart(numbers)
        return int((~own).sum()) + len(places)

    def __call__(
        self, theta: Float[Array, " P"], arrays: Arrays, numbers: Int[Indices, " F"]
    ) -> Float[NDArray[np.floating], "F m"]:
        """Of the outputs of a batch, as `outputs` has them, by those numbers of theta."""
        own, places = self._told_apart(numbers)
        row = np.where(own, np.searchsorted(places, self._place[numbers]), np.cumsum(~own) - 1)
        found: list[tuple[Indices, NDArray[np.floating]]] = []
        for among, seeds in _in_chunks(np.flatnonzero(~own), numbers, row, theta):
            along = np.asarray(self._tangents(theta, arrays, seeds)[1])
            found.append((among, along[: len(among)]))
        for among, seeds in _in_chunks(np.flatnonzero(own), numbers, row, theta):
            along = np.asarray(self._apart(theta, arrays, seeds))
            found.append((among, along[row[among] % WIDTH, self._species[numbers[among]]]))
        result = np.empty((len(numbers), found[0][1].shape[1]), theta.dtype)
        for among, along in found:
            result[among] = along
        return result

    def _told_apart(self, numbers: Indices) -> tuple[Mask, Indices]:
        """Which of the numbers share directions, and the directions."""
        own: Mask = self._species[numbers] >= 0
        places = np.unique(self._place[numbers[own]])
        if len(places) > _WORTH * own.sum():
            return np.zeros_like(own), places[:0]
        return own, places


def outputs(kernel: Kernel) -> Outputs:
    """Energy (B,), forces (3N,), virial (6B,) of a batch in one row, as a function of theta and the batch."""

    def found(theta: jax.Array, arrays: Arrays) -> jax.Array:
        p = kernel.predict(theta, arrays)
        return jnp.concatenate([p.energy, p.forces.ravel(), p.virial[UPPER].ravel()])

    return found


@lru_cache(maxsize=4)
def compiled(kernel: Kernel) -> tuple[Compiled, Tangents]:
    """Outputs, and outputs with derivatives, compiled: the same functions for all data and parameters."""
    return jax.jit(outputs(kernel)), jax.jit(partial(_along, outputs(kernel)))


@lru_cache(maxsize=4)
def _compiled_apart(kernel: Kernel) -> Apart:
    return jax.jit(lambda *given: _along(_outputs_apart(kernel), *given)[1])


def _outputs_apart(kernel: Kernel) -> Outputs:
    """The outputs that are due to the sites of each species, (S, m)."""

    def found(theta: jax.Array, arrays: Arrays) -> jax.Array:
        p = kernel.separate(theta, arrays)
        upper = p.virial[:, UPPER[0], UPPER[1]]
        return jnp.concatenate([part.reshape(len(part), -1) for part in (p.energy, p.forces, upper)], axis=1)

    return found


def _along(function: Outputs, theta: Array, arrays: Arrays, seeds: Array) -> tuple[jax.Array, jax.Array]:
    """Outputs (…, m), and their derivatives along each row of seeds (P, n_theta): (P, …, m).

    On a CPU one direction after another, so that the work stays in the cache: 4 times as fast as all at once.
    """
    together = None if jax.default_backend() == "cpu" else 64
    values, push = jax.linearize(lambda t: function(t, arrays), theta)
    return values, jax.lax.map(push, seeds, batch_size=together)


def _in_chunks(
    among: Indices, numbers: Indices, row: Indices, theta: Array
) -> Iterator[tuple[Indices, Array]]:
    """The numbers that are differentiated by one call, numbers of equal row along one direction, and
    the directions: always WIDTH of them, one compilation for whichever numbers.
    """
    for first in range(0, int(row[among].max(initial=-1)) + 1, WIDTH):
        chunk = among[(row[among] >= first) & (row[among] < first + WIDTH)]
        seeds = np.zeros((WIDTH, len(theta)), theta.dtype)
        seeds[row[chunk] - first, numbers[chunk]] = 1.0
        yield chunk, seeds
