"""Checks of one structure before anything is computed from it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Floats
from ..structures.neighbors import pairs
from ..structures.structure import Structure

ZERO_DISTANCE = 1e-3  # Å; closer atoms are one atom written twice
_SEARCH = 2.0  # Å; vesin is slow with cutoffs much below a bond
_FLAT = 1e-6  # volume of the periodic directions over the product of their lengths


def check(structure: Structure) -> list[Diagnostic]:
    """All that is wrong with a structure: no-atoms, flat-cell, nan-label, duplicate-atoms."""
    if structure.n_atoms == 0:
        return [Diagnostic("no-atoms", "the structure has no atoms", place=structure.place)]
    found = [*_not_finite(structure), *_flat_cell(structure)]
    geometry_is_sound = np.isfinite(structure.positions).all() and np.isfinite(structure.cell).all()
    if geometry_is_sound and not any(d.code == "flat-cell" for d in found):
        found += _duplicates(structure)
    return found


def _not_finite(structure: Structure) -> Iterator[Diagnostic]:
    if structure.energy is not None and not np.isfinite(structure.energy):
        yield _nan(structure, f"the energy is {structure.energy}")
    for name, rows in (("position", structure.positions), ("force", structure.forces)):
        if rows is not None and not np.isfinite(rows).all():
            atom, axis = np.argwhere(~np.isfinite(rows))[0]
            yield _nan(structure, f"the {name} of atom {atom + 1} along {'xyz'[axis]} is {rows[atom, axis]}")
    for name, matrix in (("cell", structure.cell), ("stress", structure.stress)):
        if matrix is not None and not np.isfinite(matrix).all():
            yield _nan(structure, f"the {name} holds {_first_bad(matrix)}")


def _first_bad(matrix: Floats) -> float:
    return float(matrix[~np.isfinite(matrix)][0])


def _nan(structure: Structure, message: str) -> Diagnostic:
    help = "leave the structure out, or compute it again: a fit cannot use it"
    return Diagnostic("nan-label", message, place=structure.place, help=help)


def _flat_cell(structure: Structure) -> Iterator[Diagnostic]:
    vectors = structure.cell[structure.pbc]
    if not len(vectors) or not np.isfinite(vectors).all():
        return
    lengths = np.linalg.norm(vectors, axis=1)
    size = np.sqrt(max(np.linalg.det(vectors @ vectors.T), 0.0))
    if lengths.min() == 0 or size < _FLAT * lengths.prod():
        along = ", ".join(axis for axis, p in zip("abc", structure.pbc, strict=True) if p)
        message = f"the cell is periodic along {along} but its vectors there span no volume"
        help = "give the cell, or say in which directions it is periodic (`pbc`)"
        yield Diagnostic("flat-cell", message, place=structure.place, help=help)


def _duplicates(structure: Structure) -> Iterator[Diagnostic]:
    near = pairs(structure, _SEARCH).within(ZERO_DISTANCE)
    if not len(near.i):
        return
    first, second = sorted((int(near.i[0]) + 1, int(near.j[0]) + 1))
    more = f" ({len(near.i)} such pairs)" if len(near.i) > 1 else ""
    image = " through the periodic boundary" if near.shift[0].any() else ""
    message = f"atoms {first} and {second} are at the same place{image}{more}"
    yield Diagnostic("duplicate-atoms", message, place=structure.place, help="delete one of each pair")
