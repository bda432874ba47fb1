"""The reference as a target: models as built, structure by structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...ir.graph import Model
from ..target import Batches, Predictor, Structure, StructurePrediction
from .geometry import Array
from .predict import predict


@dataclass(frozen=True)
class ReferenceTarget:
    optimized: bool = False
    limits: None = None

    def load(self, model: Model, batches: Batches) -> Predictor:
        def predictions(theta: Array, structures: Sequence[Structure]) -> list[StructurePrediction]:
            return [predict(model, theta, *structure) for structure in structures]

        return predictions


TARGET = ReferenceTarget()
