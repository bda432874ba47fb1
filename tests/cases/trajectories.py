"""Trajectories that are known exactly: walks, crystals, gases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import write


def brownian(
    rng: np.random.Generator, frames: int, atoms: int, diffusivity: float, interval: float
) -> np.ndarray:
    """Positions (frames, atoms, 3) of walks with ⟨|x(t) − x(0)|²⟩ = 6 D t."""
    steps = rng.normal(scale=(2 * diffusivity * interval) ** 0.5, size=(frames - 1, atoms, 3))
    return np.concatenate([np.zeros((1, atoms, 3)), np.cumsum(steps, axis=0)])


def frames_of(
    symbols: str | Sequence[str],
    positions: Iterable[np.ndarray],
    cell: np.ndarray | float,
    interval: float = 0.1,
) -> list[Atoms]:
    """Frames with their times in `time_ps`, wrapped into the cell (Å, one for all or (frames, 3, 3))."""
    made = []
    for k, x in enumerate(positions):
        box = cell[k] if np.ndim(cell) == 3 else cell  # type: ignore[index]
        atoms = Atoms(symbols, positions=x, cell=np.eye(3) * box if np.ndim(box) == 0 else box, pbc=True)
        atoms.wrap()
        atoms.info["time_ps"] = k * interval
        made.append(atoms)
    return made


def saved(path: Path, frames: list[Atoms]) -> str:
    """The frames as extended XYZ; the name of the file."""
    write(path, frames, format="extxyz")
    return str(path)
