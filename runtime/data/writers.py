"""Structures as files that other programs read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic import write_atomic
from ..structures.constraints import constraints_of
from ..structures.structure import Structure
from .frame_text import Renamed, frame_text, with_labels

if TYPE_CHECKING:
    from ase import Atoms

_LABELS = ("energy", "free_energy", "stress")


def write_structures(path: Path, structures: Iterable[Structure]) -> None:
    """The structures as extxyz with their keys of selection, their labels under ASE's names.

    Energy in eV, forces in eV/Å, stress in eV/Å³, tension positive. Numbers can be read back unchanged.
    Raises ArtifactError `unwritable`.
    """
    write_atomic(path, "".join(frame_text(labelled_atoms(s)) for s in structures))


def write_relabelled(path: Path, structures: Iterable[Structure]) -> Renamed:
    """The structures as they were read, with the energy, forces and stress that they have now.

    Columns and info stay, numbers as they were written. Returns the new names of the labels of the file,
    None where they are gone. structures: with their `source`. Raises ArtifactError `unwritable`.
    """
    texts: list[str] = []
    renamed: Renamed = {}
    for s in structures:
        assert s.source is not None and s.energy is not None and s.forces is not None
        text = s.source if isinstance(s.source, str) else frame_text(s.source)
        made, labels = with_labels(text, s.energy, s.forces, s.stress)
        texts.append(made)
        renamed.update(labels)
    write_atomic(path, "".join(texts))
    return renamed


def labelled_atoms(structure: Structure) -> Atoms:
    """The structure as ASE has it, with the labels that it has as the results of a calculation."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.stress import full_3x3_to_voigt_6_stress

    s = structure
    info = {k: v for k, v in s.info.items() if k not in _LABELS}
    atoms = Atoms(numbers=s.numbers, positions=s.positions, cell=s.cell, pbc=s.pbc, info=info)
    if s.given_masses is not None:
        atoms.set_masses(s.given_masses)
    if s.frozen is not None:
        atoms.set_constraint(constraints_of(s.frozen))
    results: dict[str, object] = {"energy": s.energy, "forces": s.forces}
    if s.stress is not None:
        results["stress"] = full_3x3_to_voigt_6_stress(s.stress)
    known = {name: value for name, value in results.items() if value is not None}
    if known:
        atoms.calc = SinglePointCalculator(atoms, **known)
    return atoms
