"""Crystals of prototypes: their supercells, slabs and the usual ones of elements."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.runtime.properties.config import PropertiesConfig
from potentia.runtime.properties.families.surface import slab
from potentia.runtime.properties.prototypes import PROTOTYPES, candidate, default_candidates, nearest


@pytest.mark.parametrize("name", PROTOTYPES)
def test_supercells_of_prototypes_are_of_a_good_size(name: str) -> None:
    species = ("Ni", "Al")[: PROTOTYPES[name].n_species]
    crystal = candidate(
        name,
        PropertiesConfig.model_validate({"structures": {name: {"prototype": name}}}).structures[name],
        species,
        "",
    )
    atoms = crystal.structure.n_atoms * abs(round(np.linalg.det(crystal.supercell)))
    assert 30 <= atoms <= 64
    conventional = np.array(crystal.conventional) @ crystal.structure.cell
    if not PROTOTYPES[name].hexagonal:
        np.testing.assert_allclose(conventional, conventional[0, 0] * np.eye(3), atol=1e-12)


@pytest.mark.parametrize(
    ("symbol", "name", "a"),
    [("Nb", "bcc", 3.30), ("Cu", "fcc", 3.61), ("Si", "diamond", 5.43), ("Mg", "hcp", 3.21)],
)
def test_the_usual_crystal_of_an_element_comes_first(symbol: str, name: str, a: float) -> None:
    first = default_candidates([symbol])[0]
    assert first.name == name
    lengths = np.linalg.norm(np.array(first.conventional) @ first.structure.cell, axis=1)
    assert lengths[0] == pytest.approx(a, abs=0.02)


def test_several_species_have_a_crystal_each_where_they_have_one() -> None:
    assert [c.name for c in default_candidates(["Ni", "O", "Si"])] == ["Ni-fcc", "Si-diamond"]


@pytest.mark.parametrize(
    ("name", "plane", "spacing"),
    [
        ("bcc", (1, 1, 0), 2**-0.5),
        ("fcc", (1, 1, 1), 3**-0.5),
        ("bcc", (1, 0, 0), 0.5),
        ("fcc", (2, 1, 0), 0.05**0.5),
    ],
)
def test_slabs_have_the_smallest_cell(name: str, plane: tuple[int, int, int], spacing: float) -> None:
    (crystal,) = [c for c in default_candidates(["Nb"]) if c.name == name]
    a = np.linalg.norm(np.array(crystal.conventional) @ crystal.structure.cell, axis=1)[0]
    made = slab(crystal.structure, crystal.conventional, plane, 10.0)(crystal.structure)
    layers = int(np.ceil(10.0 / (a * spacing)))
    assert made.n_atoms == layers
    area = np.linalg.norm(np.cross(made.cell[0], made.cell[1]))
    assert area * a * spacing == pytest.approx(crystal.structure.volume)
    whole = nearest(crystal.structure)
    gaps = np.linalg.norm(made.positions[1:] - made.positions[:-1], axis=1)
    assert whole is not None and gaps.min() > 0.99 * whole
