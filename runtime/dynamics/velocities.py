"""First velocities, and how many degrees of freedom they have. NumPy, no jax."""

from __future__ import annotations

import numpy as np
from ase import units

from ..structures.arrays import Frozen, PerAtom, Velocities
from ..structures.structure import Structure
from .settings import MDSettings

_LINEAR = 1e-8  # a principal moment of inertia that is so small a part of the largest is none


def count_dof(structure: Structure, masses: PerAtom, settings: MDSettings) -> int:
    """The number of degrees of freedom: 3N less one for each conserved momentum.

    The total momentum is zero in every ensemble. The angular momentum is conserved too where no direction is
    periodic, but for Langevin's thermostat; drawn velocities have none. Where atoms are frozen the number is
    that of coordinates that move, less one for each direction along which nothing is held.
    """
    if structure.frozen is not None:
        return int((~structure.frozen).sum()) - int((~structure.frozen.any(axis=0)).sum())
    return 3 * structure.n_atoms - 3 - len(_rotations(structure, masses, settings))


def drawn(structure: Structure, masses: PerAtom, settings: MDSettings) -> Velocities:
    """From the Maxwell–Boltzmann distribution at the first temperature, in Å per ASE's unit of time.

    Drawn from the seed; the total momentum, and where it is conserved the angular one, is projected away,
    which leaves the canonical distribution of the rest, and the kinetic energy as drawn. Frozen atoms rest.
    """
    source = np.random.default_rng(settings.seed)
    kT = units.kB * settings.temperature
    spread = np.sqrt(kT / masses)[:, None]
    velocities = at_rest(spread * source.standard_normal((structure.n_atoms, 3)), masses, structure.frozen)
    for turning in _rotations(structure, masses, settings):  # orthonormal, in velocities times √m
        weighted = velocities * np.sqrt(masses)[:, None]
        velocities = velocities - (weighted * turning).sum() * turning / np.sqrt(masses)[:, None]
    return velocities


def at_rest(velocities: Velocities, masses: PerAtom, frozen: Frozen | None = None) -> Velocities:
    """Without the motion of the centre of mass, along directions where nothing is frozen, nor of what is."""
    drift = (masses @ velocities) / masses.sum()
    if frozen is None:
        return velocities - drift
    return np.where(frozen, 0.0, velocities - np.where(frozen.any(axis=0), 0.0, drift))


def _rotations(structure: Structure, masses: PerAtom, settings: MDSettings) -> list[Velocities]:
    """Rigid rotations that are conserved, orthonormal in mass-weighted velocities: 0, 2 or 3."""
    free = settings.ensemble == "nve" or settings.thermostat != "langevin"
    held = structure.frozen is not None
    if structure.pbc.any() or not free or held or settings.velocities == "structure":
        return []
    arms = structure.positions - masses @ structure.positions / masses.sum()
    turns = np.stack([np.cross(axis, arms) * np.sqrt(masses)[:, None] for axis in np.eye(3)])
    _, size, rows = np.linalg.svd(turns.reshape(3, -1), full_matrices=False)
    kept = size > np.sqrt(_LINEAR) * size[0]
    return [row.reshape(-1, 3) for row in rows[kept]]
