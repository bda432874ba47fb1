"""Random NEP models of every kind, structures for them, and calorine, which judges them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from ase import Atoms
from potentia.runtime.formats.nep.nep_file import Header, Nep, Zbl, from_numbers, text_of

SPECIES = ("Li", "Nb", "O", "Te")
CORES = ("none", "universal", "typewise", "flexible")


def random_nep(
    rng: np.random.Generator, version: int, l_max: tuple[int, int, int], core: str, species: int
) -> Nep:
    """A model with numbers of the size that trained ones have, of single precision as in files of GPUMD."""
    header = Header(
        version,
        SPECIES[:species],
        (float(rng.choice([3.7, 4.25, 5.0])), float(rng.choice([2.9, 3.5]))),
        (100, 50),
        (int(rng.integers(0, 4)), int(rng.integers(0, 3))),
        (int(rng.integers(0, 5)), int(rng.integers(1, 5))),
        l_max,
        int(rng.integers(1, 8)),
        _core(rng, core),
    )
    return from_numbers(header, _numbers(rng, header))


def _core(rng: np.random.Generator, core: str) -> Zbl | None:
    inner = float(rng.uniform(0.5, 1.0))
    return {
        "none": None,
        "universal": Zbl(round(inner, 3), round(2 * inner, 3)),
        "typewise": Zbl(round(inner, 3), 2.5, round(float(rng.uniform(0.4, 0.8)), 3)),
        "flexible": Zbl(0.0, 0.0),
    }[core]


def _numbers(rng: np.random.Generator, header: Header) -> np.ndarray:
    values = rng.normal(0.0, 0.4, header.size)
    if header.zbl is not None and header.zbl.flexible:
        pairs = header.shapes["flexible"][0]
        table = np.concatenate(
            [
                rng.uniform(0.3, 0.9, (pairs, 1)),
                rng.uniform(1.2, 2.4, (pairs, 1)),
                rng.uniform(0.05, 3.0, (pairs, 8)),
            ],
            axis=1,
        )
        values[-table.size :] = table.ravel()
    return values.astype(np.float32).astype(float)


def structures(species: Sequence[str], rng: np.random.Generator) -> list[Atoms]:
    """A cell of one atom, cells much smaller than the cutoffs, a skewed one, a cluster, a surface."""
    found = [
        Atoms([species[0]], cell=np.diag([2.1, 2.2, 2.3]), pbc=True),
        _random(rng, species, 3, np.array([[2.4, 0, 0], [0.5, 2.6, 0], [0.2, 0.7, 2.9]]), True),
        _random(rng, species, 6, np.diag([5.0, 4.6, 4.2]), True),
        _random(rng, species, 5, np.diag([4.0, 4.0, 4.0]), False),
        _random(rng, species, 4, np.array([[3.5, 0.3, 0], [0, 3.4, 0.2], [0, 0, 9.0]]), (True, True, False)),
    ]
    return found


def _random(rng: np.random.Generator, species: Sequence[str], n: int, cell: np.ndarray, pbc: Any) -> Atoms:
    """Atoms at random, some inside the core, none on top of another."""
    symbols = [species[k % len(species)] for k in range(n)]
    while True:
        atoms = Atoms(symbols, scaled_positions=rng.random((n, 3)), cell=cell, pbc=pbc)
        distances = atoms.get_all_distances(mic=True)[np.triu_indices(n, 1)]
        if distances.min() > 1.0:
            return atoms


def calorine_labels(path: Path, atoms: Atoms) -> tuple[float, np.ndarray, np.ndarray]:
    """Energy eV, forces eV/Å, stress (3, 3) eV/Å³ of calorine; the test is skipped where that is absent."""
    calculators = pytest.importorskip("calorine.calculators", reason="calorine is not installed")
    boxed = atoms.copy()
    boxed.cell = atoms.cell.array if atoms.cell.rank == 3 else np.eye(3) * 60.0
    for axis, periodic in enumerate(atoms.pbc):  # calorine knows periodic boxes only: far apart
        if not periodic:
            boxed.cell[axis] *= 60.0 / np.linalg.norm(boxed.cell[axis])
    boxed.pbc = True
    # its C++ knows nep3, and only its Python refuses it
    with _quiet(), mock.patch("calorine.nep.model._require_nep4"):
        boxed.calc = calculators.CPUNEP(str(path))
        return boxed.get_potential_energy(), boxed.get_forces(), boxed.get_stress(voigt=False)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What compiled code prints goes nowhere."""
    saved = os.dup(1)
    with open(os.devnull, "w", encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(saved, 1)
            os.close(saved)


def written(nep: Nep, path: Path) -> Path:
    path.write_text(text_of(nep), encoding="utf-8")
    return path
