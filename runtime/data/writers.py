"""Structures as files that other programs read."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic import write_atomic
from ..structures.structure import Structure

if TYPE_CHECKING:
    from ase import Atoms

_LABELS = ("energy", "free_energy", "stress")


def write_structures(path: Path, structures: Iterable[Structure]) -> None:
    """The structures as extxyz with their keys of selection, their labels under ASE's names.

    Energy in eV, forces in eV/Å, stress in eV/Å³, tension positive. Raises ArtifactError `unwritable`.
    """
    from ase.io import write

    text = StringIO()
    write(text, [labelled_atoms(s) for s in structures], format="extxyz")
    write_atomic(path, text.getvalue())


def labelled_atoms(structure: Structure) -> Atoms:
    """The structure as ASE has it, with the labels that it has as the results of a calculation."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.stress import full_3x3_to_voigt_6_stress

    s = structure
    info = {k: v for k, v in s.info.items() if k not in _LABELS}
    atoms = Atoms(numbers=s.numbers, positions=s.positions, cell=s.cell, pbc=s.pbc, info=info)
    results: dict[str, object] = {"energy": s.energy, "forces": s.forces}
    if s.stress is not None:
        results["stress"] = full_3x3_to_voigt_6_stress(s.stress)
    known = {name: value for name, value in results.items() if value is not None}
    if known:
        atoms.calc = SinglePointCalculator(atoms, **known)
    return atoms
