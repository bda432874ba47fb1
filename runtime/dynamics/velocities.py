"""First velocities, and how many degrees of freedom they have. NumPy, no jax."""

from __future__ import annotations

import numpy as np
from ase import units

from ..structures.arrays import PerAtom, Velocities
from ..structures.structure import Structure
from .settings import MDSettings

_LINEAR = 1e-8  # a principal moment of inertia that is so small a part of the largest is none


def count_dof(structure: Structure, masses: PerAtom, settings: MDSettings) -> int:
    """The number of degrees of freedom: 3N less one for each conserved momentum.

    The total momentum is zero in every ensemble. The angular momentum is conserved too where no direction is
    periodic, but for Langevin's thermostat; drawn velocities have none.
    """
    return 3 * structure.n_atoms - 3 - len(_rotations(structure, masses, settings))


def drawn(structure: Structure, masses: PerAtom, settings: MDSettings) -> Velocities:
    """From the Maxwell–Boltzmann distribution at the first temperature, in Å per ASE's unit of time.

    Drawn from the seed; the total momentum, and where it is conserved the angular one, is projected away,
    which leaves the canonical distribution of the rest, and the kinetic energy as drawn.
    """
    source = np.random.default_rng(settings.seed)
    kT = units.kB * settings.temperature
    spread = np.sqrt(kT / masses)[:, None]
    velocities = at_rest(spread * source.standard_normal((structure.n_atoms, 3)), masses)
    for turning in _rotations(structure, masses, settings):  # orthonormal, in velocities times √m
        weighted = velocities * np.sqrt(masses)[:, None]
        velocities = velocities - (weighted * turning).sum() * turning / np.sqrt(masses)[:, None]
    return velocities


def at_rest(velocities: Velocities, masses: PerAtom) -> Velocities:
    """Without the motion of the centre of mass."""
    return velocities - (masses @ velocities) / masses.sum()


def _rotations(structure: Structure, masses: PerAtom, settings: MDSettings) -> list[Velocities]:
    """Rigid rotations that are conserved, orthonormal in mass-weighted velocities: 0, 2 or 3."""
    free = settings.ensemble == "nve" or settings.thermostat != "langevin"
    if structure.pbc.any() or not free or settings.velocities == "structure":
        return []
    arms = structure.positions - masses @ structure.positions / masses.sum()
    turns = np.stack([np.cross(axis, arms) * np.sqrt(masses)[:, None] for axis in np.eye(3)])
    _, size, rows = np.linalg.svd(turns.reshape(3, -1), full_matrices=False)
    kept = size > np.sqrt(_LINEAR) * size[0]
    return [row.reshape(-1, 3) for row in rows[kept]]
