"""Standard deviations of the predictions of a run, for a calculator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Forces

if TYPE_CHECKING:
    from ..information.uncertainty import Uncertainty
    from ..structures.structure import Structure


@dataclass(frozen=True)
class RunDeviations:
    """Standard deviations of the predictions for a structure."""

    uncertainty: Uncertainty

    def __call__(self, structure: Structure) -> tuple[float, Forces]:
        (deviation,) = self.uncertainty.best([self.uncertainty.of(structure)])
        return deviation.energy, deviation.forces


def not_calibrated(folder: Path) -> Diagnostic:
    """The warning that deviations of a run are too small."""
    message = "the deviations are not calibrated: errors of the formula itself are not in them"
    help = f"`potentia fisher {folder} --data FILE` calibrates them"
    return Diagnostic("not-calibrated", message, "warning", place=str(folder), help=help)
