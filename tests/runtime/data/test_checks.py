"""Structures that no energy can be computed of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from potentia.compiler.diagnostics.diagnostic import DataError, Diagnostic
from potentia.runtime.data.readers import read


def fault(path: Path) -> Diagnostic:
    with pytest.raises(DataError) as caught:
        read(path, labels=False)
    (d,) = caught.value.diagnostics
    return d


@pytest.mark.parametrize(
    ("positions", "pbc", "message"),
    [
        ([[0, 0, 0], [1, 1, 1], [0, 0, 0]], False, "atoms 1 and 3 are at the same place"),
        (
            [[0, 0, 0], [4, 0, 0], [1, 1, 1]],
            True,
            "atoms 1 and 2 are at the same place through the periodic boundary",
        ),
        ([[1, 1, 1]] * 3, True, "atoms 1 and 2 are at the same place (3 such pairs)"),
    ],
)
def test_duplicate_atoms(tmp_path: Path, positions: Any, pbc: bool, message: str) -> None:
    ase.io.write(tmp_path / "a.xyz", Atoms("Nb3", positions=positions, cell=[4, 4, 4], pbc=pbc))
    d = fault(tmp_path / "a.xyz")
    assert (d.code, d.message, d.place) == ("duplicate-atoms", message, "a.xyz, structure 1")


@pytest.mark.parametrize(
    ("cell", "pbc", "along"),
    [
        (np.zeros((3, 3)), [True, True, True], "a, b, c"),
        (np.array([[3.0, 0, 0], [3.0, 0, 0], [0, 0, 3.0]]), [True, True, False], "a, b"),
    ],
)
def test_flat_cell(tmp_path: Path, cell: np.ndarray, pbc: list[bool], along: str) -> None:
    ase.io.write(tmp_path / "a.traj", Atoms("Nb", cell=cell, pbc=pbc))
    d = fault(tmp_path / "a.traj")
    assert (d.code, d.message) == (
        "flat-cell",
        f"the cell is periodic along {along} but its vectors there span no volume",
    )


def test_no_atoms(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "a.traj", Atoms())
    d = fault(tmp_path / "a.traj")
    assert (d.code, d.message) == ("no-atoms", "the structure has no atoms")
