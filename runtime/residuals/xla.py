"""The outputs of a batch and their derivatives by XLA: batches of a few compiled shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Float

from ...compiler.backends.xla.kernel import Arrays, Kernel
from ..optimize.qr_system import Indices
from ..potential.evaluators import specs_of
from ..structures.arrays import Floats, Theta
from ..structures.batches import Batch, BatchPlan, plan_batches, single
from ..structures.few_shapes import FewShapes
from ..structures.structure import Structure
from .derivatives import WIDTH, Derivatives, compiled
from .xla_loss import Loss, compiled_loss

# elements of a batch that work best: dense lists stay in the cache of a core
_ELEMENTS = {"edge": 1 << 12, "pair": 1 << 16}
_BYTES = 64  # of an element of a batch


class XlaOutputs:
    """As `Outputs` has it."""

    target = described = "xla"

    def __init__(self, kernel: Kernel, species: tuple[str, ...]) -> None:
        self.kernel, self.species = kernel, species
        self._values, self._tangents = compiled(kernel)
        self._singles = FewShapes()

    @cached_property
    def _derivatives(self) -> Derivatives:
        return Derivatives(self.kernel)

    def plan(self, structures: Sequence[Structure], memory_mb: float) -> BatchPlan:
        largest = batch_elements(self.kernel, memory_mb)
        return plan_batches(structures, specs_of(self.kernel), self.species, max_elements=largest)

    def one(self, structure: Structure) -> Batch:
        return single(structure, specs_of(self.kernel), self.species, self._singles)

    def arrays(self, batch: Batch, structures: Sequence[Structure]) -> Arrays:
        return self.kernel.arrays(batch)

    def size(self, arrays: Arrays, batch: Batch) -> int:
        return _BYTES * batch.shape.elements(specs_of(self.kernel))

    def at(self, theta: Theta) -> Theta:
        return theta.astype(self.kernel.dtype)

    def values(self, theta: Theta, arrays: Arrays) -> Float[Floats, " m"]:
        return np.asarray(self._values(theta, arrays))

    def derivatives(self, theta: Theta, arrays: Arrays, numbers: Indices) -> Float[Floats, "F m"]:
        return np.asarray(self._derivatives(theta, arrays, numbers), np.float64)

    def along(
        self, theta: Theta, arrays: Arrays, directions: Float[Floats, "D P"]
    ) -> Iterator[Float[Floats, "d m"]]:
        for first in range(0, len(directions), WIDTH):
            chunk = directions[first : first + WIDTH]
            seeds = np.zeros((WIDTH, len(theta)), theta.dtype)
            seeds[: len(chunk)] = chunk
            yield np.asarray(self._tangents(theta, arrays, seeds)[1], np.float64)[: len(chunk)]

    def loss(
        self, theta: Theta, arrays: Arrays, scale: Float[Floats, " m"], wanted: Float[Floats, " m"]
    ) -> tuple[float, Float[Floats, " P"]]:
        scale, wanted = (x.astype(self.kernel.dtype) for x in (scale, wanted))
        loss, gradient = self._loss(theta, arrays, scale, wanted)
        return float(loss), np.asarray(gradient, np.float64)

    @cached_property
    def _loss(self) -> Loss:
        return compiled_loss(self.kernel)

    def n_directions(self, numbers: Indices) -> int:
        return self._derivatives.n_directions(numbers)


def batch_elements(kernel: Kernel, memory_mb: float) -> int:
    """How large a batch may be: what runs fastest, or less where memory does not allow it (about 2 kB an
    element).
    """
    best = min((_ELEMENTS[d.name] for d in kernel.lists), default=1 << 16)
    return max(256, min(best, int(memory_mb * 1e6 / 2e3)))
