from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk
from potentia.runtime.structures.structure import from_atoms


def test_geometry_of_atoms() -> None:
    structure = from_atoms(bulk("NaCl", "rocksalt", a=5.6, cubic=True), "salt.xyz, structure 1")
    assert structure.n_atoms == 8
    assert structure.symbols[:2] == ("Na", "Cl")
    assert structure.species == ("Na", "Cl")
    assert structure.place == "salt.xyz, structure 1"
    assert np.isclose(structure.volume, 5.6**3)
    assert structure.energy is None and structure.forces is None and structure.stress is None


def test_volume_of_a_left_handed_cell_is_positive() -> None:
    assert np.isclose(from_atoms(Atoms("Nb", cell=np.eye(3)[[1, 0, 2]] * 2, pbc=True)).volume, 8)


def test_volume_is_zero_without_three_periodic_directions() -> None:
    assert from_atoms(Atoms("Nb", cell=np.eye(3), pbc=[True, True, False])).volume == 0
    assert from_atoms(Atoms("Nb")).volume == 0


def test_the_arrays_are_copies() -> None:
    atoms = Atoms("Nb2", positions=np.zeros((2, 3)))
    structure = from_atoms(atoms)
    atoms.positions += 1
    assert not structure.positions.any()
