"""Generated C++ as a target: models as built, a structure at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...ir.graph import Model
from ...ir.types import Domain
from ..target import Batches, Predictor, Structure, StructurePrediction
from . import rules
from .emit import Real
from .kernel import CppKernel
from .library import Atoms, with_images

__all__ = ["TARGET", "CppTarget", "rules"]


@dataclass(frozen=True)
class CppTarget:
    """real: the precision of the work on neighbours."""

    real: Real = "double"
    optimized: bool = False
    limits: None = None

    def load(self, model: Model, batches: Batches) -> Predictor:
        kernel = CppKernel(model, self.real)

        def predictions(theta: Any, structures: Sequence[Structure]) -> list[StructurePrediction]:
            constants = kernel.constants(np.asarray(theta, float))
            return [_one(kernel, constants, structure, batches) for structure in structures]

        return predictions


def _one(kernel: CppKernel, constants: Any, structure: Structure, batches: Batches) -> StructurePrediction:
    found = kernel(constants, atoms_of(structure, kernel.cutoff, batches))
    return StructurePrediction(found.energy, found.site_energy, found.forces, found.virial)


def atoms_of(structure: Structure, cutoff: float, batches: Batches) -> Atoms:
    """The structure with the valid neighbours of its padded list."""
    wanted = (Domain("edge", cutoff),) if cutoff else ()
    lists = batches(wanted, [structure]).lists if wanted else ()
    positions = np.ascontiguousarray(structure.positions, float)
    species = np.ascontiguousarray(structure.species, np.int32)
    n = len(species)
    if not lists:
        return Atoms(positions, species, np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
    valid = np.asarray(lists[0].valid)[:n]
    first = np.concatenate([[0], np.cumsum(valid.sum(axis=1))]).astype(np.int64)
    index = np.asarray(lists[0].j)[:n][valid].astype(np.int32)
    shift = np.asarray(lists[0].shift, float)[:, :n][:, valid].T
    shifts, image = np.unique(shift, axis=0, return_inverse=True)
    neighbours = with_images(index, image.astype(np.int32), n)
    return Atoms(positions, species, first, neighbours, np.ascontiguousarray(shifts))


TARGET = CppTarget()
