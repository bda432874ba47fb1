"""What no search for neighbours is given, and the searches that vesin cannot make by itself."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.structures.extents import all_pairs
from potentia.runtime.structures.neighbors import _box, pairs
from potentia.runtime.structures.structure import from_atoms

NEAR = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("atoms", "code", "message"),
    [
        (
            Atoms("Nb3", [*NEAR, [0, 30322565, 0]]),
            "too-wide",
            "atom 3 at (0, 30322565, 0) is 3.03e+07 Å away from others, but at most 1e+06 Å",
        ),
        (
            Atoms("Nb2", NEAR, cell=[1e308] * 3, pbc=True),
            "too-wide",
            "the cell is 1e+308 Å long, but at most 1e+06 Å",
        ),
        (
            Atoms("Nb2", [[0, 0, 0], [np.nan, 0, 0]]),
            "not-finite",
            "the position of atom 2 is not made of finite numbers",
        ),
        (
            Atoms("Nb2", NEAR, cell=[1e-3] * 3, pbc=True),
            "too-many-pairs",
            "within 6 Å an atom has about 3.5e+12 neighbours, more than fit into memory",
        ),
    ],
)
def test_what_is_no_structure_is_refused(atoms: Atoms, code: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        pairs(from_atoms(atoms, "x.xyz, structure 1"), 6.0)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.place) == (code, message, "x.xyz, structure 1")


# vesin ends the process with SIGFPE at each of these
@pytest.mark.parametrize("far", [[9e5, 0, 0], [9e4, 9e4, 1], [0, 2e5, 3e5], [4e3, 4e3, 0]])
@pytest.mark.parametrize("cell", [None, [[9.5e5, 0, 0], [0, 19, 0], [0, 0, 19]]])
def test_atoms_far_apart(far: list[float], cell: list[list[float]] | None) -> None:
    atoms = Atoms("Nb3", [*NEAR, far], cell=cell, pbc=cell is not None)
    found = pairs(from_atoms(atoms), 1.5 if cell is None else 3.0)
    assert len(found.i) == (0 if cell is None else 1)
    if cell is None:
        assert np.allclose(pairs(from_atoms(atoms), 2.5).distance, [2.0])


def test_every_pair_is_found_also_without_vesin() -> None:
    random = np.random.default_rng(1)
    cell = np.array([[6.0, 0.5, 0.0], [0.0, 5.0, 1.0], [0.3, 0.0, 4.0]])
    for pbc in ([True] * 3, [True, False, True], [False] * 3):
        structure = from_atoms(Atoms("Nb6", random.uniform(-9.0, 9.0, (6, 3)), cell=cell, pbc=pbc))
        box = _box(structure.cell, structure.pbc)
        i, j, images, distance = all_pairs(structure, box, 5.0)
        assert (np.diff(i) >= 0).all()
        apart = structure.positions[j] + images @ box - structure.positions[i]
        assert np.allclose(np.linalg.norm(apart, axis=1), distance)
        assert np.allclose(np.sort(distance), np.sort(pairs(structure, 5.0).distance))
