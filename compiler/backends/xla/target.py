"""XLA as a target: optimized models, all structures in one padded batch. jax is imported by `load` alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...ir.graph import Model
from ...schedule.limits import Limits
from ..target import Batches, Structure, StructurePrediction
from .limits import XLA

if TYPE_CHECKING:
    from .kernel import Kernel


@dataclass(frozen=True)
class XlaTarget:
    """dtype: the precision of kernels."""

    dtype: str = "float64"
    optimized: bool = True
    limits: Limits = XLA

    def load(self, model: Model, batches: Batches) -> XlaPredictor:
        from .kernel import Kernel
        from .start import start

        start()
        return XlaPredictor(Kernel(model, self.dtype, self.limits), batches)


@dataclass(frozen=True)
class XlaPredictor:
    """A kernel, compiled once for each shape of batch."""

    kernel: Kernel
    batches: Batches

    def __call__(self, theta: Any, structures: Sequence[Structure]) -> list[StructurePrediction]:
        import numpy as np

        out = self.kernel(theta, self.batches(self.kernel.lists, structures))
        energy, site, forces, virial = (
            np.asarray(x, float) for x in (out.energy, out.site_energy, out.forces, out.virial)
        )
        found, first = [], 0
        for k, structure in enumerate(structures):
            own = slice(first, first + len(structure.species))
            found.append(StructurePrediction(float(energy[k]), site[own], forces[:, own].T, virial[:, :, k]))
            first = own.stop
        return found


TARGET = XlaTarget()
