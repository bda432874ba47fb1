"""Errors of a potential on labelled structures: RMSE and MAE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict

import numpy as np

from ...compiler.chemistry.constants import GPA
from ..potential.evaluators import Predicted
from ..potential.potential import Potential
from ..structures.arrays import Floats
from ..structures.structure import Structure

ErrorKey = Literal[
    "energy_rmse_ev_per_atom",
    "energy_mae_ev_per_atom",
    "forces_rmse_ev_per_ang",
    "forces_mae_ev_per_ang",
    "stress_rmse_gpa",
    "stress_mae_gpa",
]


class ErrorData(TypedDict, total=False):
    """`Metrics` as plain data. An error is None where no label of the kind is there."""

    n_structures: int
    energy_rmse_ev_per_atom: float | None
    energy_mae_ev_per_atom: float | None
    forces_rmse_ev_per_ang: float | None
    forces_mae_ev_per_ang: float | None
    stress_rmse_gpa: float | None
    stress_mae_gpa: float | None
    by_config_type: dict[str, ErrorData]


@dataclass
class _Errors:
    """Differences prediction − label of one quantity: their number, sum of squares and of magnitudes."""

    n: int = 0
    squares: float = 0.0
    magnitudes: float = 0.0

    def add(self, difference: Floats) -> None:
        self.n += difference.size
        self.squares += float(np.square(difference).sum())
        self.magnitudes += float(np.abs(difference).sum())

    @property
    def rmse(self) -> float | None:
        return (self.squares / self.n) ** 0.5 if self.n else None

    @property
    def mae(self) -> float | None:
        return self.magnitudes / self.n if self.n else None


@dataclass
class Metrics:
    """Errors over a set of structures: energy eV/atom, forces eV/Å over 3N components, stress GPa over six
    components, those in its plane of a slab.
    """

    n_structures: int = 0
    energy: _Errors = field(default_factory=_Errors)
    forces: _Errors = field(default_factory=_Errors)
    stress: _Errors = field(default_factory=_Errors)
    by_config_type: dict[str, Metrics] = field(default_factory=dict)

    def add(self, structure: Structure, predicted: Predicted) -> None:
        self.n_structures += 1
        if structure.energy is not None:
            self.energy.add(np.array([(predicted.energy - structure.energy) / structure.n_atoms]))
        if structure.forces is not None:
            self.forces.add(predicted.forces - structure.forces)
        if structure.stress is not None and predicted.stress is not None:
            upper = np.triu(structure.stress_components)
            self.stress.add((predicted.stress - structure.stress)[upper] * GPA)

    def as_dict(self) -> ErrorData:
        """Plain data."""
        found: ErrorData = {
            "n_structures": self.n_structures,
            "energy_rmse_ev_per_atom": self.energy.rmse,
            "energy_mae_ev_per_atom": self.energy.mae,
            "forces_rmse_ev_per_ang": self.forces.rmse,
            "forces_mae_ev_per_ang": self.forces.mae,
            "stress_rmse_gpa": self.stress.rmse,
            "stress_mae_gpa": self.stress.mae,
        }
        if self.by_config_type:
            found["by_config_type"] = {k: m.as_dict() for k, m in self.by_config_type.items()}
        return found


def evaluate(
    potential: Potential, structures: Sequence[Structure], on_progress: Callable[[int], None] | None = None
) -> Metrics:
    """Errors of the potential, in total and by config_type."""
    return compare(structures, potential.predict(structures, on_progress))


def compare(structures: Iterable[Structure], predicted: Iterable[Predicted]) -> Metrics:
    """Errors of given predictions, in total and by config_type."""
    metrics = Metrics()
    for structure, prediction in zip(structures, predicted, strict=True):
        metrics.add(structure, prediction)
        metrics.by_config_type.setdefault(structure.config_type, Metrics()).add(structure, prediction)
    return metrics
