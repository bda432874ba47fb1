"""A compiled kernel in the place of an XLA kernel, for loops that run inside jax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from ...ir.types import Domain
from ..xla.arrays import Array, Arrays, LongLists
from ..xla.kernel import Prediction
from . import ffi
from .ffi import Neighbours
from .kernel import CppKernel


@dataclass(frozen=True)
class JaxKernel:
    """Energies, forces and virial in float64, whatever the precision of the work on neighbours."""

    kernel: CppKernel
    threads: int = 1

    @property
    def dtype(self) -> Any:
        """Of positions and shifts."""
        return jnp.dtype("float64")

    @property
    def lists(self) -> tuple[Domain, ...]:
        """Those that `short` needs."""
        return (Domain("edge", self.kernel.cutoff),) if self.kernel.cutoff else ()

    def short(self, long: LongLists, sizes: Sequence[int]) -> tuple[Neighbours, tuple[Array, ...]]:
        """Lists up to cutoff and skin out of longer ones; any number of neighbours has room."""
        if long.edge is None:
            n = long.x.shape[1]
            none = Neighbours(jnp.zeros(n + 1, jnp.int64), jnp.zeros(1, jnp.int32), jnp.zeros((1, 3)))
            return none, ()
        within = self.kernel.cutoff + long.skin
        return ffi.near(long.edge, long.x, within, long.turn), (jnp.asarray(0, jnp.int32),)

    def deformed(self, near: Neighbours, turn: Array) -> Neighbours:
        """The lists in a cell whose vectors a have become turn·a."""
        return near._replace(shifts=near.shifts @ turn.T)

    def predict(self, constants: Array, arrays: Arrays, near: Neighbours) -> Prediction:
        """constants: those of the kernel for a set of parameters."""
        return ffi.call(self.kernel.library, constants, arrays, near, self.threads)
