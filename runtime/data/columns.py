"""Columns of extended XYZ files in the spellings of other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

_MASSES = ("mass", "masses")  # of GPUMD, and of ASE in capitals


def with_masses(atoms: Atoms) -> Atoms:
    """The atoms with the masses of a column `mass`, amu, where they have none."""
    for name in [n for n in atoms.arrays if n.lower() in _MASSES and n != "masses"]:
        if not atoms.has("masses") and atoms.arrays[name].ndim == 1:
            atoms.set_masses(np.asarray(atoms.arrays[name], dtype=np.float64))
            del atoms.arrays[name]
    return atoms
