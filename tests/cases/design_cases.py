"""Few structures and small configurations that the tests of designs share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ase.build import bulk
from potentia.runtime.data.dataset import TrainingData
from potentia.runtime.data.labels import LabelKeys
from potentia.runtime.design.config import DesignConfig
from potentia.runtime.design.study import Study
from potentia.runtime.potential.potential import compile
from potentia.runtime.residuals.residuals import Sigmas
from potentia.runtime.structures.structure import Structure, from_atoms

TRUTH = "species Cu\nE = morse(rc = 4.5, D = 0.35 eV, a = 1.4, r0 = 2.6) + reference(e0 = -3 eV)"
PAIR = {"term": "pair(bessel4, rc = 1.7 * d)"}
ANGLES = {
    "term": "three_body(bessel(1), l = 1, rc = 1.3 * d)",
    "grow": "five_body(bessel(1), l = 1, rc = 1.3 * d, densities = [0], of = {chosen})",
}
SIGMAS = Sigmas(0.001, 0.1, 0.01)


def crystals(count: int, seed: int = 0, sizes: int = 1) -> list[Structure]:
    """Shaken and strained copper, cells of 4, 8, … atoms in turn, labelled by a Morse potential."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(count):
        atoms = bulk("Cu", "fcc", a=3.6 * rng.uniform(0.96, 1.05), cubic=True) * (1 + k % sizes, 1, 1)
        atoms.rattle(0.12, rng=rng)
        found.append(from_atoms(atoms))
    labels = compile(TRUTH).predict(found)
    return [
        replace(s, energy=p.energy, forces=p.forces, stress=p.stress)
        for s, p in zip(found, labels, strict=True)
    ]


def config(**more: Any) -> DesignConfig:
    return DesignConfig.model_validate({"catalogue": [PAIR], "sizes": [3], "folds": 3, **more})


def study(
    folder: Path, structures: list[Structure], test: list[Structure] | None = None, **more: Any
) -> Study:
    data = TrainingData(tuple(structures), tuple(test or ()), LabelKeys(), (), {"cu.xyz": "sha256:0"})
    return Study(config(**more), data, folder, "metal.toml")
