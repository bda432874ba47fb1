"""g(r), coordination and smallest distances against exact values."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.runtime.analysis.radial import PairStatistics, Radial
from potentia.runtime.structures.structure import from_atoms


def gathered(
    frames: list[Atoms], r_max: float, width: float = 0.05, core: float = 0.6
) -> list[PairStatistics]:
    radial = Radial(from_atoms(frames[0]), r_max, width, core)
    for number, atoms in enumerate(frames, 1):
        radial.add(from_atoms(atoms), number, 0.1 * number)
    return list(radial.statistics())


def gas(rng: np.random.Generator, symbols: str, length: float) -> Atoms:
    count = len(Atoms(symbols))
    return Atoms(symbols, positions=rng.random((count, 3)) * length, cell=[length] * 3, pbc=True)


def test_an_ideal_gas_has_g_of_one() -> None:
    rng = np.random.default_rng(1)
    frames = [gas(rng, "Li40O20", 6.0) for _ in range(400)]
    li, mixed, o = gathered(frames, r_max=9.0, width=1.0)  # beyond the cell: images
    assert (li.name, mixed.name, o.name) == ("Li-Li", "Li-O", "O-O")
    np.testing.assert_allclose(mixed.g[1:], 1.0, atol=0.02)
    # an atom is no neighbour of itself; from 6 Å on it is one of its images
    np.testing.assert_allclose(li.g[1:6], 1 - 1 / 40, atol=0.02)
    np.testing.assert_allclose(o.g[1:6], 1 - 1 / 20, atol=0.03)


def test_the_density_of_a_cell_that_fluctuates_is_that_of_each_frame() -> None:
    rng = np.random.default_rng(2)
    frames = [gas(rng, "Li20O20", length) for length in rng.choice([5.0, 9.0], 600)]
    (_, mixed, _) = gathered(frames, r_max=4.0, width=1.0)
    np.testing.assert_allclose(mixed.g[1:], 1.0, atol=0.03)


@pytest.mark.parametrize(("lattice", "shells"), [("fcc", [12, 6, 24, 12]), ("bcc", [8, 6, 12, 24])])
def test_shells_of_a_primitive_cell_are_exact(lattice: str, shells: list[int]) -> None:
    a = 4.0
    (one,) = gathered([bulk("Al", lattice, a=a)], r_max=7.0, width=0.01)
    volumes = 4 / 3 * np.pi * ((one.r + 0.005) ** 3 - (one.r - 0.005) ** 3)
    counts = one.g * volumes / bulk("Al", lattice, a=a).get_volume()
    found = counts[counts > 1e-9]
    np.testing.assert_allclose(found[:4], shells, rtol=1e-12)
    assert one.shell is not None and one.shell.neighbours is not None
    assert one.shell.neighbours[0] == pytest.approx(shells[0])
    assert one.closest is not None and one.closest.atoms == (1, 1)
    assert one.closest.distance == pytest.approx(a * (2**-0.5 if lattice == "fcc" else 3**0.5 / 2))


def test_neighbours_are_told_from_either_end() -> None:
    """Fluorite: Ca has 8 F, F has 4 Ca."""
    atoms = bulk("CaF2", "fluorite", a=5.46) * (2, 2, 2)
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(20):
        moved = atoms.copy()
        moved.positions += rng.normal(scale=0.05, size=moved.positions.shape)
        frames.append(moved)
    pair = {p.name: p for p in gathered(frames, r_max=8.0)}["F-Ca"]
    assert pair.shell is not None and pair.shell.neighbours == pytest.approx((4.0, 8.0))
    assert pair.shell.peak == pytest.approx(5.46 * 3**0.5 / 4, abs=0.1)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 5), st.floats(1.5, 8.0))
def test_counts_are_those_of_all_images(seed: int, count: int, r_max: float) -> None:
    rng = np.random.default_rng(seed)
    cell = np.diag(rng.uniform(2, 4, 3)) + rng.normal(scale=0.4, size=(3, 3))
    numbers = rng.choice([3, 8], count)
    atoms = Atoms(numbers, positions=rng.normal(scale=6, size=(count, 3)), cell=cell, pbc=True)
    found = {p.name: p for p in gathered([atoms], r_max, width=r_max)}
    heights = abs(np.linalg.det(cell)) / np.linalg.norm(np.cross(cell[[1, 2, 0]], cell[[2, 0, 1]]), axis=1)
    reach = np.ceil(r_max / heights).astype(int) + 1
    wrapped = atoms.get_scaled_positions(wrap=True) @ cell
    shifts = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in reach), indexing="ij"), -1).reshape(-1, 3)
    for name, pair in found.items():
        a, b = (np.flatnonzero(numbers == Atoms(s).numbers[0]) for s in name.split("-"))
        vectors = wrapped[b][None, :] - wrapped[a][:, None]
        all_images = np.linalg.norm(vectors[:, :, None] + shifts @ cell, axis=-1).ravel()
        within = all_images[(all_images < r_max) & (all_images > 1e-9)]
        volume = 4 / 3 * np.pi * r_max**3
        assert pair.g[0] * volume * len(a) * len(b) == pytest.approx(len(within) * atoms.get_volume())
        if len(within):
            assert pair.closest is not None and pair.closest.distance == pytest.approx(within.min())
        else:
            assert pair.closest is None and np.isinf(pair.distances[0])


def test_the_first_frame_within_the_core_and_how_often() -> None:
    def pair(distance: float) -> Atoms:
        return Atoms("Li2O", [[0, 0, 0], [distance, 0, 0], [0, 5, 5]], cell=[12] * 3, pbc=True)

    li = gathered([pair(d) for d in (2.5, 1.5, 0.9, 3.0)], r_max=6.0)[0]
    assert li.core == pytest.approx(0.6 * 2 * 1.28)
    assert li.inside == 2 and li.near == pytest.approx(0.25)
    assert li.first_inside is not None and (li.first_inside.frame, li.first_inside.atoms) == (2, (1, 2))
    assert li.closest is not None and (li.closest.frame, li.closest.time) == (3, pytest.approx(0.3))
    np.testing.assert_allclose(li.distances, [2.5, 1.5, 0.9, 3.0])
    assert gathered([pair(1.5)], r_max=6.0, core=0.5)[0].inside == 0


def test_one_angstrom_is_within_the_core_of_all_but_short_bonds() -> None:
    at = Atoms("HOZr", positions=[[0, 0, 0], [2, 2, 2], [4, 4, 4]], cell=[9] * 3, pbc=True)
    cores = {p.name: p.core for p in gathered([at], r_max=5.0, core=0.5)}
    assert cores["Zr-Zr"] == pytest.approx(1.75) and cores["O-Zr"] == pytest.approx(0.5 * (1.75 + 0.66))
    # H2 has a bond of 0.74 Å, water of 0.96 Å
    assert cores["H-H"] == pytest.approx(0.434) and cores["H-O"] == pytest.approx(0.679)
    assert cores["O-O"] == pytest.approx(0.924)
