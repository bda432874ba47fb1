"""Checks of settings and structure before the first step. NumPy, no jax."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi

import numpy as np
from ase import units
from ase.data import chemical_symbols
from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..data import checks as structure_checks
from ..structures.arrays import Floats, Velocities
from ..structures.structure import Structure
from .distances import atoms_named, bond_lengths, nearest_fault
from .settings import MDSettings

_STIFFEST = 40.0  # eV/Å², a bond of hydrogen, 3000 cm⁻¹; hardly a bond that is not to hydrogen is stiffer
_PER_PERIOD = 5.0  # velocity Verlet is unstable below π steps a period, and of no use near it
_THINNEST = 1.0  # Å between opposite faces: thinner cells have hundreds of images


def present_species(structure: Structure, species: tuple[str, ...]) -> tuple[str, ...]:
    """The species of the potential that the structure has, in the potential's order."""
    return tuple(s for s in species if s in structure.species)


def distance_limits(present: tuple[str, ...], settings: MDSettings) -> Float[Floats, " species_pairs"]:
    """The smallest distance that each pair of species is let come to, Å."""
    return settings.min_distance * bond_lengths(present)


def check(
    structure: Structure, species: tuple[str, ...], settings: MDSettings, velocities: Velocities | None
) -> None:
    """Raises DataError with all that speaks against a run.

    no-atoms, nan-label, flat-cell, duplicate-atoms, bad-mass, unknown-constraint, frozen-atoms,
    unknown-species-in-data, too-few-atoms, no-velocities, timestep-too-long, not-periodic, cell-too-thin,
    inside-core.
    """
    found = [*structure_checks.check(structure), *structure_checks.check_motion(structure)]
    if not found:
        found = list(_too_frozen(structure, settings))
    if not found:
        found = [*_unknown_species(structure, species), *_unsuited(structure, settings, velocities)]
    if not found:
        found = list(_inside_core(structure, present_species(structure, species), settings))
    if found:
        raise DataError(found)


def longest_timestep(structure: Structure) -> float:
    """A fifth of the period of the lightest atom on the stiffest bond, fs."""
    lightest = float(structure.masses.min())
    return 2 * pi * (lightest / _STIFFEST) ** 0.5 / units.fs / _PER_PERIOD


def _unknown_species(structure: Structure, species: tuple[str, ...]) -> Iterator[Diagnostic]:
    for symbol in structure.species:
        if symbol not in species:
            message = f"the structure has {symbol}, which is not a species of the potential"
            help = f"species of the potential: {', '.join(species)}"
            yield Diagnostic("unknown-species-in-data", message, place=structure.place, help=help)


def _too_frozen(structure: Structure, settings: MDSettings) -> Iterator[Diagnostic]:
    if structure.frozen is None:
        return
    if structure.frozen.all():
        yield Diagnostic("frozen-atoms", "every atom is frozen, so nothing moves", place=structure.place)
    elif settings.ensemble == "npt":
        message = f"{structure_checks.frozen_count(structure)}, and npt moves every atom with the cell"
        help = "choose nvt, or free the atoms"
        yield Diagnostic("frozen-atoms", message, place=structure.place, help=help)


def _unsuited(
    structure: Structure, settings: MDSettings, velocities: Velocities | None
) -> Iterator[Diagnostic]:
    place = structure.place
    if structure.n_atoms < 2:
        message = "one atom alone has no temperature: its momentum is conserved"
        yield Diagnostic("too-few-atoms", message, place=place, help="repeat the cell")
    if settings.velocities == "structure" and velocities is None:
        help = "leave `--velocities` away, and they are drawn at the temperature"
        yield Diagnostic("no-velocities", "the structure has no velocities", place=place, help=help)
    if settings.velocities == "structure" and velocities is not None and not np.isfinite(velocities).all():
        bad = int(np.flatnonzero(~np.isfinite(velocities).all(axis=1))[0]) + 1
        help = "leave `--velocities` away, and they are drawn at the temperature"
        yield Diagnostic("nan-label", f"the velocity of atom {bad} is not finite", place=place, help=help)
    longest = longest_timestep(structure)
    if settings.timestep > longest:
        lightest = chemical_symbols[structure.numbers[np.argmin(structure.masses)]]
        message = f"a time step of {settings.timestep:g} fs is too long for {lightest}"
        period = f"its fastest vibration may take {_PER_PERIOD * longest:.0f} fs"
        help = f"{period}: write {longest:.1f} fs or less"
        yield Diagnostic("timestep-too-long", message, place=place, help=help)
    if settings.ensemble == "npt" and not structure.pbc.all():
        along = ", ".join(axis for axis, p in zip("abc", structure.pbc, strict=True) if not p)
        message = f"a pressure needs a periodic cell, and this one is open along {along}"
        yield Diagnostic("not-periodic", message, place=place, help="choose nvt, or set `pbc`")
    thinnest = _thinnest(structure)
    if thinnest < _THINNEST:
        message = f"the cell is {thinnest:.2f} Å thin: each atom would meet hundreds of its own images"
        yield Diagnostic("cell-too-thin", message, place=place, help="repeat the cell, or check its unit, Å")


def _thinnest(structure: Structure) -> float:
    """The least distance between opposite faces over the periodic directions, Å."""
    vectors = structure.cell[structure.pbc]
    return float((1 / np.linalg.norm(np.linalg.pinv(vectors), axis=0)).min()) if len(vectors) else np.inf


def _inside_core(
    structure: Structure, present: tuple[str, ...], settings: MDSettings
) -> Iterator[Diagnostic]:
    limits = distance_limits(present, settings)
    fault = nearest_fault(structure, present, limits) if settings.min_distance > 0 else None
    if fault is not None:
        i, j, distance, limit = fault
        apart = f"{atoms_named(structure, i, j)} are {distance:.2f} Å apart"
        message = f"{apart}: nearer than {limit:.2f} Å is inside the core"
        help = "relax the structure, or allow less with `--min-distance`"
        yield Diagnostic("inside-core", message, place=structure.place, help=help)
