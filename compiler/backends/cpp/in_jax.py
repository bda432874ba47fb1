"""A compiled kernel in the place of an XLA kernel, for loops that run inside jax."""

from __future__ import annotations

import jax.numpy as jnp

from ...ir.types import Domain
from ..xla.arrays import Array, Arrays, Edge
from ..xla.kernel import Prediction
from . import ffi
from .kernel import CppKernel


class JaxKernel:
    """Energies, forces and virial in float64, whatever the precision of the work on neighbours.

    lists: those that `arrays` have to bring.
    """

    def __init__(self, kernel: CppKernel, threads: int = 1) -> None:
        self.kernel, self.threads = kernel, threads
        self.dtype = jnp.dtype("float64")
        self.lists: tuple[Domain, ...] = (Domain("edge", kernel.cutoff),) if kernel.cutoff else ()

    def predict(self, constants: Array, arrays: Arrays) -> Prediction:
        """constants: those of the kernel for a set of parameters."""
        near = arrays.lists[0] if arrays.lists else _nobody(arrays)
        assert isinstance(near, Edge)
        return ffi.call(self.kernel.library, constants, arrays, near, self.threads)


def _nobody(arrays: Arrays) -> Edge:
    n = arrays.species.shape[0]
    none = jnp.zeros((n, 1), jnp.int32)
    return Edge(none, jnp.zeros((3, n, 1)), jnp.zeros((n, 1), bool), none)
