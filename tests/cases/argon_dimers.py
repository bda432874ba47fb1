"""Dimers of argon with made-up energies, which a fit takes a few iterations for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import write


def write_dimers(folder: Path) -> None:
    """A spec `ar.pes` and its data `ar.xyz`."""
    spec = "species Ar\nE = lj(epsilon = 0.02 eV, sigma = 3.3 Å, rc = 9 Å)\n"
    (folder / "ar.pes").write_text(spec, encoding="utf-8")
    frames = []
    for k, r in enumerate(np.linspace(3.4, 6.0, 12)):
        energy = 0.04 * ((3.4 / r) ** 12 - (3.4 / r) ** 6) + 1e-4 * (-1) ** k
        frames.append(Atoms("Ar2", [[0, 0, 0], [r, 0, 0]], info={"energy": energy}))
    write(folder / "ar.xyz", frames)
