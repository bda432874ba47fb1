"""Atoms that may not move, from the constraints of ASE. NumPy only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Bools, Floats, Frozen

if TYPE_CHECKING:
    from ase import Atoms
    from ase.constraints import FixConstraint

_HOLDING = frozenset(
    (
        *("constrained", "constraint", "constraints", "fix", "fixed", "freeze", "frozen", "immobile"),
        *("mobile", "movable", "move", "moveable", "movemask", "selective"),
    )
)
_PARALLEL = 1e-9  # of a vector's length: more is not along an axis


def frozen_components(atoms: Atoms) -> tuple[Frozen | None, tuple[str, ...]]:
    """The coordinates that the constraints of `atoms` hold, (N, 3), and the other constraints, by name.

    None where nothing is held. A column that seems to hold atoms, but is not `move_mask`, counts as another
    constraint. FixAtoms and FixCartesian are read, FixScaled, FixedPlane and FixedLine where
    they hold Cartesian coordinates.
    """
    frozen = np.zeros((len(atoms), 3), dtype=np.bool_)
    others = []
    for constraint in atoms.constraints:
        held = _held(constraint, atoms)
        if held is None:
            others.append(f"constraint {type(constraint).__name__}")
        else:
            frozen[constraint.index] |= held
    others += [f"column `{name}`" for name in atoms.arrays if _seems_to_hold(name)]
    return (frozen if frozen.any() else None), tuple(sorted(set(others)))


def constraints_of(frozen: Frozen) -> list[FixConstraint]:
    """Constraints of ASE that hold these coordinates: whole atoms together, the others one by one."""
    from ase.constraints import FixAtoms, FixCartesian

    whole = np.flatnonzero(frozen.all(axis=1))
    parts = np.flatnonzero(frozen.any(axis=1) & ~frozen.all(axis=1))
    found: list[FixConstraint] = [FixCartesian([k], mask=frozen[k]) for k in parts.tolist()]
    return [*([FixAtoms(indices=whole)] if len(whole) else []), *found]


def _held(constraint: Any, atoms: Atoms) -> Bools | None:
    """The Cartesian axes (3,) that a constraint holds of its atoms; None where it holds something else."""
    name = type(constraint).__name__
    if name == "FixAtoms":
        return np.ones(3, dtype=np.bool_)
    if name == "FixCartesian":
        return np.asarray(constraint.mask, dtype=np.bool_)
    if name == "FixScaled":
        mask = np.asarray(constraint.mask, dtype=np.bool_)
        return mask if mask.all() or not mask.any() or _along_axes(atoms.cell.array) else None
    if name in ("FixedPlane", "FixedLine") and _along_axes(np.atleast_2d(constraint.dir)):
        along = np.abs(np.asarray(constraint.dir)) > 0.5
        return along if name == "FixedPlane" else ~along
    return None


def _seems_to_hold(name: str) -> bool:
    words = re.split(r"[^a-z]+", name.lower())
    return words == ["free"] or not _HOLDING.isdisjoint(words)


def _along_axes(vectors: Floats) -> bool:
    """Whether each vector has one component, that of its own axis where there are three."""
    size = np.abs(vectors)
    if len(vectors) == 3:
        return bool((size - np.diag(np.diag(size)) <= _PARALLEL * size.max()).all())
    return bool((np.sort(size, axis=1)[:, :-1] <= _PARALLEL).all())
