"""Checks of one structure before anything is computed from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Floats
from ..structures.extents import flat_cell
from ..structures.neighbors import pairs
from ..structures.structure import Structure

ZERO_DISTANCE = 1e-3  # Å; closer atoms are one atom written twice
_APART = 0.1  # Å; atoms so far from each other are no doubt two
_FEW = 100  # atoms of which all pairs are looked at
_SEARCH = 2.0  # Å; vesin is slow with cutoffs much below a bond


def check(structure: Structure) -> list[Diagnostic]:
    """All that is wrong with a structure: no-atoms, flat-cell, nan-label, duplicate-atoms."""
    if structure.n_atoms == 0:
        return [Diagnostic("no-atoms", "the structure has no atoms", place=structure.place)]
    flat = flat_cell(structure)
    found = [*_not_finite(structure), *([flat] if flat else [])]
    geometry_is_sound = np.isfinite(structure.positions).all() and np.isfinite(structure.cell).all()
    if geometry_is_sound and flat is None:
        found += _duplicates(structure)
    return found


def check_motion(structure: Structure) -> list[Diagnostic]:
    """All that is wrong with masses and constraints of moving atoms: bad-mass, unknown-constraint."""
    found = []
    bad = np.flatnonzero(~(np.isfinite(structure.masses) & (structure.masses > 0)))
    if bad.size:
        message = f"the mass of atom {bad[0] + 1} is {structure.masses[bad[0]]:g}, not a number above 0"
        help = "give masses in amu, or leave them out: then they are those of the elements"
        found.append(Diagnostic("bad-mass", message, place=structure.place, help=help))
    for name in structure.constraints:
        message = f"the structure has the {name}, which cannot be kept"
        help = "FixAtoms, FixCartesian and the column `move_mask` are kept; take the others out of the file"
        found.append(Diagnostic("unknown-constraint", message, place=structure.place, help=help))
    return found


def frozen_forces(structures: Sequence[Structure]) -> list[Diagnostic]:
    """A warning `frozen-forces` where the forces on frozen atoms are exactly 0, and few of the others are."""
    silent = [s for s in structures if _silent(s)]
    if not silent:
        return []
    message = f"the forces on frozen atoms are exactly 0 in {len(silent)} of {len(structures)} structures"
    help = "these are no slopes of the energy: write them without constraints (`apply_constraint=False`)"
    return [Diagnostic("frozen-forces", message, "warning", place=silent[0].place, help=help)]


def _silent(structure: Structure) -> bool:
    frozen, forces = structure.frozen, structure.forces
    if frozen is None or forces is None or frozen.all() or forces[frozen].any():
        return False
    return bool(np.count_nonzero(forces[~frozen]) > 0.5 * np.count_nonzero(~frozen))


def frozen_count(structure: Structure) -> str:
    """A sentence with the number of frozen atoms, those that are held along some directions told apart."""
    assert structure.frozen is not None
    whole, some = int(structure.frozen.all(axis=1).sum()), int(structure.frozen.any(axis=1).sum())
    verb = "is" if some == 1 else "are"
    part = f", {some - whole} of them along some directions only" if whole < some else ""
    return f"{some} of {structure.n_atoms} atoms {verb} frozen{part}"


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


def _all_apart(structure: Structure) -> bool:
    """Whether no two atoms can be at one place, as is seen at once for a few atoms in a usual cell."""
    n, cell = structure.n_atoms, structure.cell
    lengths = np.linalg.norm(cell, axis=1)
    if n > _FEW or not structure.pbc.all():
        return False
    height = abs(np.linalg.det(cell)) * lengths.min() / lengths.prod()  # of the cell, or less
    if not height > _APART:
        return False
    between = np.linalg.solve(cell.T, (structure.positions[:, None] - structure.positions).reshape(-1, 3).T)
    between -= np.round(between)
    near = np.abs(between.T @ cell).max(axis=1) < _APART
    return int(np.count_nonzero(near)) == n  # each atom is where it is itself


def _duplicates(structure: Structure) -> Iterator[Diagnostic]:
    if _all_apart(structure):
        return
    near = pairs(structure, _SEARCH).within(ZERO_DISTANCE)
    if not len(near.i):
        return
    first, second = sorted((int(near.i[0]) + 1, int(near.j[0]) + 1))
    more = f" ({len(near.i)} such pairs)" if len(near.i) > 1 else ""
    image = " through the periodic boundary" if near.shift[0].any() else ""
    message = f"atoms {first} and {second} are at the same place{image}{more}"
    yield Diagnostic("duplicate-atoms", message, place=structure.place, help="delete one of each pair")
