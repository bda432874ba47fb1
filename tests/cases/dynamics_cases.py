"""Small systems for tests of dynamics: argon that interacts as Lennard-Jones has it, compiled once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ase import Atoms
from ase.build import bulk
from potentia.runtime.dynamics import MDSettings
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.structures.structure import Structure, from_atoms

LJ = "species Ar\nE = lj(epsilon = 0.0104 eV, sigma = 3.4 Å, rc = 6 Å)\n"


@lru_cache
def argon() -> Potential:
    return compile(LJ)


def crystal(repeat: int = 2, rattle: float = 0.05, seed: int = 1) -> Atoms:
    """4·repeat³ atoms of fcc argon, moved a little."""
    atoms = bulk("Ar", cubic=True, a=5.3).repeat(repeat)
    atoms.rattle(rattle, seed=seed)
    return atoms


def start(repeat: int = 2, **kwargs: Any) -> Structure:
    return from_atoms(crystal(repeat, **kwargs), "ar.xyz")


def settings(**given: Any) -> MDSettings:
    """Short runs of argon: nve from 40 K with 4 fs, unless said otherwise."""
    usual = {"ensemble": "nve", "temperature": 40.0, "timestep": 4.0, "steps": 50, "log_every": 10}
    return MDSettings.model_validate({**usual, **given})
