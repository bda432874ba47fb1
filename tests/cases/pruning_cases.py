"""A linear model with more terms than its data need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from ase.build import bulk
from potentia.runtime.fitting.fit import fit
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.residuals.config import load_config
from potentia.runtime.structures.structure import Structure, from_atoms

CONFIG = load_config(None, {"weights": {"sigma_energy": 0.002, "sigma_forces": 0.05}, "tolerance": 1e-9})


def crystals(n: int, repeat: int = 1) -> list[Structure]:
    """Rattled cells of 2 repeat³ atoms; distances from about 2.4 Å."""
    rng = np.random.default_rng(7)
    found = []
    for k in range(n):
        atoms = bulk("Nb", "bcc", 3.2 * rng.uniform(0.96, 1.1), cubic=True).repeat(repeat)
        atoms.rattle(0.15, seed=k)
        found.append(from_atoms(atoms, f"structure {k}"))
    return found


def labelled(spec: str, structures: Sequence[Structure], noise: float) -> list[Structure]:
    """The structures with the labels of a spec at its starts, and noise of so many sigmas."""
    rng = np.random.default_rng(1)
    found = []
    for s, p in zip(structures, compile(spec).predict(structures), strict=True):
        energy = p.energy + noise * 0.002 * s.n_atoms * rng.normal()
        forces = p.forces + noise * 0.05 * rng.normal(size=p.forces.shape)
        found.append(replace(s, energy=energy, forces=forces))
    return found


def noisy() -> list[Structure]:
    """The labels of a morse potential with a correction, with noise."""
    truth = "reference(e0 = -3) + morse(rc = 4.5, D = 0.4) + pair(bessel2, rc = 4.5, c = [0.3, 0.2])"
    return labelled(f"species Nb\nE = {truth}\n", crystals(16), 1.0)


LINEAR = (
    "species Nb\nE = reference() + pair(bessel6, rc=4.5) + pair(gaussian5, rc=3.8)"
    " + eam(rc=4.5, c = keep(), embedding=quadratic, beta = fixed 2)\n"
)


def fitted(data: Sequence[Structure]) -> Potential:
    return fit(compile(LINEAR), data, CONFIG).potential
