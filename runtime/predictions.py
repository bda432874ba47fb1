"""Predictions as files that other programs read."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from ..compiler.diagnostics import DataError, Diagnostic
from .checkpoint import write_atomic
from .potential import Predicted
from .structures import Structure

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


def write_predictions(path: Path, structures: Sequence[Structure], predicted: Sequence[Predicted]) -> None:
    """The structures as extxyz with what they may be selected by, predictions under ASE's names.

    Energy in eV, forces in eV/Å, stress in eV/Å³, tension positive. Raises ArtifactError `unwritable`.
    """
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write
    from ase.stress import full_3x3_to_voigt_6_stress

    frames = []
    for s, p in zip(structures, predicted, strict=True):
        info = {k: v for k, v in s.info.items() if k not in ("energy", "free_energy", "stress")}
        atoms = Atoms(numbers=s.numbers, positions=s.positions, cell=s.cell, pbc=s.pbc, info=info)
        results: dict[str, Any] = {"energy": p.energy, "forces": p.forces}
        if p.stress is not None:
            results["stress"] = full_3x3_to_voigt_6_stress(p.stress)
        atoms.calc = SinglePointCalculator(atoms, **results)
        frames.append(atoms)
    text = StringIO()
    write(text, frames, format="extxyz")
    write_atomic(path, text.getvalue())
