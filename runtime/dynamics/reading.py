"""The first structure of a run, from a file, with its velocities where it has them. NumPy, no jax."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..data.checks import frozen_count
from ..data.file_kind import AS_IT_LOOKS, FileKind
from ..data.frames import frames, split_slice, taken
from ..structures.arrays import Velocities
from ..structures.structure import Structure, from_atoms

if TYPE_CHECKING:
    from ase import Atoms

_MOST = 64  # cells along a vector
# in units that the file does not say
_VELOCITIES = ("v", "vel", "velo", "velocity", "velocities", "momentum")


def start_of(
    where: str, repeat: str | None = None, kind: FileKind = AS_IT_LOOKS
) -> tuple[Structure, Velocities | None, list[str]]:
    """The structure, its velocities or None, and what there is to say.

    where: a file, or `FILE@3`. repeat: `2,2,1`. Raises DataError as `frames`, empty-selection, bad-value.
    """
    path, chosen = split_slice(where)
    read = frames(path, kind)
    found = taken(read, slice(2) if chosen == slice(None) else chosen)
    if not found:
        message = f"`{where}` takes none of the structures"
        raise DataError(Diagnostic("empty-selection", message, place=str(path)))
    remarks = [f"the first structure of {path.name} is taken"] if len(found) > 1 else []
    structure, velocities = _repeated(found[0], where, (1, 1, 1) if repeat is None else _counts(repeat))
    unread = [name for name in found[0].arrays if name.lower() in _VELOCITIES]
    if unread and velocities is None:
        remarks.append(f"the column `{unread[0]}` is not read: write `momenta`, in the units of ASE")
    if structure.given_masses is not None:
        remarks.append("masses are those of the file")
    if structure.frozen is not None:
        remarks.append(frozen_count(structure))
    return structure, velocities, remarks


def _repeated(atoms: Atoms, where: str, counts: tuple[int, int, int]) -> tuple[Structure, Velocities | None]:
    """The cells and their velocities. ASE does not repeat every constraint, so they are taken before."""
    one = from_atoms(atoms, where)
    atoms.set_constraint()
    if counts != (1, 1, 1):
        atoms = atoms.repeat(counts)
    frozen = None if one.frozen is None else np.tile(one.frozen, (prod(counts), 1))
    many = replace(from_atoms(atoms, where), frozen=frozen, constraints=one.constraints)
    return many, _velocities(atoms)


def _velocities(atoms: Atoms) -> Velocities | None:
    return np.array(atoms.get_velocities(), dtype=np.float64) if atoms.has("momenta") else None


def _counts(text: str) -> tuple[int, int, int]:
    try:
        a, b, c = (int(part) for part in text.split(","))
    except ValueError:
        a = b = c = 0
    if not all(1 <= n <= _MOST for n in (a, b, c)):
        message = f"`{text}` does not say how often to repeat the cell"
        help = f"three numbers of 1 to {_MOST}: `--repeat 2,2,1`"
        raise DataError(Diagnostic("bad-value", message, help=help))
    return a, b, c
