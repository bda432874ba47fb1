"""A cheap study: copper labelled by the effective-medium potential of ASE, a pair potential, short runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write

SPEC = "species Cu\nE = pin zbl() + pair(bessel6, rc = 4.2)\n"
TOML = """
spec = "cu.pes"
data = ["first.xyz"]
[explore]
structures = ["cell.xyz"]
temperatures = [600, 1500]
runs = 1
[md]
steps = 60
timestep = 3
write_every = 10
log_every = 20
save_every = 30
[select]
most = 3
grade = 1.0
[label]
calculator = "emt"
[fit.data]
test = "test.xyz"
[stop]
rounds = 2
"""


def labelled(rng: np.random.Generator, count: int, scale: float) -> list[Atoms]:
    frames = []
    for _ in range(count):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.positions += rng.normal(scale=scale, size=atoms.positions.shape)
        atoms.set_cell(atoms.cell * (1 + 0.02 * rng.normal()), scale_atoms=True)
        atoms.calc = EMT()
        atoms.get_stress()  # with energy and forces
        frames.append(atoms)
    return frames


def laid_out(folder: Path, **changes: str) -> Path:
    """The files of a study; the configuration. changes: words of it and of the spec replaced."""
    rng = np.random.default_rng(0)
    write(folder / "first.xyz", labelled(rng, 4, 0.03), format="extxyz")
    write(folder / "test.xyz", labelled(rng, 3, 0.2), format="extxyz")
    write(folder / "cell.xyz", bulk("Cu", cubic=True) * (2, 2, 2), format="extxyz")
    spec, text = SPEC, TOML
    for old, new in changes.items():
        assert old in spec + text
        spec, text = spec.replace(old, new), text.replace(old, new)
    (folder / "cu.pes").write_text(spec)
    (folder / "cu.toml").write_text(text)
    return folder / "cu.toml"
