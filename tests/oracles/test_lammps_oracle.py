"""The judge is judged: LAMMPS through `lammps_oracle` against finite differences and against larger cells."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from lammps_cases import structures
from lammps_oracle import Labels, run

STYLE = "lj/cut 6.0"
COEFFS = ["1 1 0.10 2.40", "1 2 0.13 2.30", "2 2 0.08 2.20"]
SPECIES = ("Nb", "W")
STRUCTURES = structures(SPECIES, 2.6, seed=3)
STEP = 1e-4  # Å or strain; the central difference's own error is then about 1e-7 of the force


def lj(atoms: Atoms) -> Labels:
    """Shifted, so that a pair crossing the cutoff makes no jump in the energy."""
    return run(atoms, SPECIES, STYLE, COEFFS, commands=["pair_modify shift yes"])


def slope(atoms: Atoms, change: object, delta: float = STEP) -> float:
    """Central difference of the energy along `change(atoms, amount)`."""
    energies = []
    for amount in (delta, -delta):
        moved = atoms.copy()
        change(moved, amount)  # type: ignore[operator]
        energies.append(lj(moved).energy)
    return (energies[0] - energies[1]) / (2 * delta)


@pytest.mark.parametrize("name", STRUCTURES)
def test_forces_are_minus_the_slope_of_the_energy(name: str) -> None:
    atoms = STRUCTURES[name]
    forces = lj(atoms).forces
    for atom, axis in ((0, 0), (len(atoms) - 1, 2)):

        def shift(moved: Atoms, amount: float, atom: int = atom, axis: int = axis) -> None:
            moved.positions[atom, axis] += amount

        expected = 0.0 if len(atoms) == 1 else -slope(atoms, shift)
        assert forces[atom, axis] == pytest.approx(expected, rel=2e-6, abs=2e-6)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 2), (2, 0)])
def test_virial_is_the_slope_of_the_energy_against_strain(name: str, row: int, column: int) -> None:
    atoms = STRUCTURES[name]
    labels = lj(atoms)

    def strain(moved: Atoms, amount: float) -> None:
        deformation = np.eye(3)
        deformation[row, column] += amount
        moved.set_cell(moved.cell.array @ deformation.T, scale_atoms=False)
        moved.positions = moved.positions @ deformation.T

    assert labels.virial[row, column] == pytest.approx(slope(atoms, strain, 1e-5), rel=1e-5, abs=1e-5)
    if labels.stress is not None:
        assert labels.stress == pytest.approx(labels.virial / atoms.get_volume())


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_repeated_cell_gives_the_same_energy_per_atom(name: str) -> None:
    atoms = STRUCTURES[name]
    times = tuple(2 if periodic else 1 for periodic in atoms.pbc)
    small, large = lj(atoms), lj(atoms.repeat(times))
    copies = int(np.prod(times))
    assert large.energy == pytest.approx(copies * small.energy, rel=1e-12)
    assert large.virial == pytest.approx(copies * small.virial, rel=1e-10, abs=1e-10)
    assert large.forces[: len(atoms)] == pytest.approx(small.forces, abs=1e-11)
