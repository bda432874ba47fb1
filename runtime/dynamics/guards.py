"""The reason that a run was stopped, and the atoms at fault. NumPy, no jax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Floats, PerAtom, Positions
from ..structures.structure import Structure
from .distances import atoms_named, nearest_fault

_ASTRAY = 20.0  # Å: so far beyond where all atoms began, an atom of an open structure is lost


@dataclass(frozen=True)
class Fault:
    """Told to the user; atoms are those at fault, from 0."""

    diagnostic: Diagnostic
    atoms: tuple[int, ...]


def too_close(
    place: str, structure: Structure, present: tuple[str, ...], limits: Float[Floats, " species_pairs"]
) -> Fault:
    """Two atoms are within their limit."""
    found = nearest_fault(structure, present, limits)
    assert found is not None  # a guard saw them
    i, j, distance, limit = found
    message = (
        f"{atoms_named(structure, i, j)} came as near as {distance:.2f} Å, the limit being {limit:.2f} Å"
    )
    help = "the potential lets atoms cluster there: does it have a core, such as `pin zbl()`?"
    return Fault(Diagnostic("atoms-too-close", message, place=place, help=help), (i, j))


def not_finite(place: str, forces: Float[Floats, "3 N"]) -> Fault:
    """The energy or a force is NaN or infinite."""
    atoms = tuple(int(k) for k in np.flatnonzero(~np.isfinite(forces).all(axis=0)))
    what = f"the force on atom {atoms[0] + 1}" if atoms else "the energy"
    more = f" and on {len(atoms) - 1} more" if len(atoms) > 1 else ""
    help = "a shorter time step may help; else the potential is not defined where the atoms have gone"
    message = f"{what}{more} is not finite" if not more else f"{what}{more} are not finite"
    return Fault(Diagnostic("not-finite", message, place=place, help=help), atoms)


def too_hot(place: str, temperature: float, limit: float, kinetic: PerAtom) -> Fault:
    """kinetic: the energy of each atom, eV. The fastest atoms are named."""
    order = np.argsort(-kinetic)
    fast = tuple(int(k) for k in order[: max(1, int((kinetic > 10 * kinetic.mean()).sum()))])
    message = f"the temperature is {temperature:.0f} K, the limit being {limit:.0f} K"
    message += f"; atom {fast[0] + 1} is the fastest"
    help = (
        "a shorter time step may help; else the energy has a hole there. `--max-temperature` sets the limit"
    )
    return Fault(Diagnostic("too-hot", message, place=place, help=help), fast)


def too_fast(place: str, atom: int, symbol: str, moved: float, skin: float) -> Fault:
    """An atom moves farther in a single step than a list of neighbours holds."""
    message = (
        f"atom {atom + 1} ({symbol}) moves by {moved:.2f} Å in one step, half the skin being {skin / 2:.2f} Å"
    )
    help = "a shorter time step may help, or a thicker skin; else the energy has a hole there"
    return Fault(Diagnostic("too-fast", message, place=place, help=help), (atom,))


def cell_too_fast(place: str, skin: float) -> Fault:
    """The barostat strains the cell in a single step by more than a list of neighbours holds."""
    message = f"the cell strains in one step by more than a skin of {skin:.2f} Å allows"
    help = "let it follow more slowly: a longer `--tau-pressure`, or a larger `--bulk-modulus`"
    return Fault(Diagnostic("too-fast", message, place=place, help=help), ())


def lost(place: str, start: Structure, positions: Positions) -> Fault | None:
    """Atoms far outside where all began, in the open directions."""
    away = _beyond(start, positions)
    atoms = tuple(int(k) for k in np.flatnonzero(away > _ASTRAY))
    if not atoms:
        return None
    message = (
        f"atom {atoms[0] + 1} ({start.symbols[atoms[0]]}) is {away[atoms[0]]:.0f} Å outside the structure"
    )
    if len(atoms) > 1:
        message += f", and {len(atoms) - 1} more are lost"
    help = "it has evaporated: lower the temperature, or make the structure periodic"
    return Fault(Diagnostic("lost-atoms", message, place=place, help=help), atoms)


def _beyond(start: Structure, positions: Positions) -> PerAtom:
    """The distance of each atom from the box of the first positions, along the open directions, Å."""
    if start.pbc.all():
        return np.zeros(len(positions))
    periodic = start.cell[start.pbc]
    across = np.eye(3) - np.linalg.pinv(periodic) @ periodic if len(periodic) else np.eye(3)
    then, now = start.positions @ across, positions @ across
    outside = np.maximum(then.min(axis=0) - now, now - then.max(axis=0))
    return np.linalg.norm(np.maximum(outside, 0.0), axis=1)
