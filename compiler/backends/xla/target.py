"""XLA as a target: optimized models, all structures in one padded batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ...ir.graph import Model
from ..target import Batches, Structure, StructurePrediction
from .kernel import Kernel


@dataclass(frozen=True)
class XlaTarget:
    """dtype: the precision of kernels."""

    dtype: str = "float64"
    optimized: bool = True

    def load(self, model: Model, batches: Batches) -> XlaPredictor:
        jax.config.update("jax_enable_x64", True)
        return XlaPredictor(Kernel(model, self.dtype), batches)


@dataclass(frozen=True)
class XlaPredictor:
    """A kernel, compiled once for each shape of batch."""

    kernel: Kernel
    batches: Batches

    def __call__(self, theta: Any, structures: Sequence[Structure]) -> list[StructurePrediction]:
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
