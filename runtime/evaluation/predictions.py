"""Predictions as files that other programs read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..data.frame_text import Renamed
from ..data.writers import write_relabelled
from ..potential.evaluators import Predicted
from ..structures.structure import Structure

_SHOWN = 10


def require_finite(structures: Sequence[Structure], predicted: Sequence[Predicted]) -> None:
    """Raise DataError `not-finite` where a potential has no value, as for two atoms at one place."""
    wrong = [
        Diagnostic("not-finite", "the energy or a force is not finite", place=s.place)
        for s, p in zip(structures, predicted, strict=True)
        if not np.isfinite(p.energy) or not np.isfinite(p.forces).all()
    ]
    if wrong:
        raise DataError(wrong[:_SHOWN])


def write_predictions(path: Path, structures: Sequence[Structure], predicted: Sequence[Predicted]) -> Renamed:
    """The structures as extxyz with all columns and info of the file, predictions under ASE's names.

    Energy in eV, forces in eV/Å, stress in eV/Å³, tension positive. Returns the new names of labels of
    the file, None where they are gone. structures: with their `source`. Raises ArtifactError `unwritable`.
    """
    found = (
        replace(s, energy=p.energy, forces=p.forces, stress=p.stress)
        for s, p in zip(structures, predicted, strict=True)
    )
    return write_relabelled(path, found)
