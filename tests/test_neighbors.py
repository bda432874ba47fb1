"""Neighbour lists against a sum over images written out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.runtime.neighbors import Edges, Pairs, coordination, edges, pairs
from potentia.runtime.structures import Floats, Structure, from_atoms


def brute_force(structure: Structure, cutoff: float, reach: int) -> list[tuple[int, int, tuple[float, ...]]]:
    """Every directed neighbour (i, j, displacement), images −reach … reach in periodic directions."""
    found = []
    images = product(*(range(-reach, reach + 1) if p else (0,) for p in structure.pbc))
    for image in images:
        shift = np.array(image) @ structure.cell
        for i, j in product(range(structure.n_atoms), repeat=2):
            d = structure.positions[j] + shift - structure.positions[i]
            if np.linalg.norm(d) < cutoff and (i != j or any(image)):
                found.append((i, j, tuple(np.round(d, 6) + 0.0)))
    return sorted(found)


def directed(structure: Structure, full: Edges) -> list[tuple[int, int, tuple[float, ...]]]:
    d = structure.positions[full.j] + full.shift - structure.positions[full.i]
    ends = zip(full.i, full.j, d, strict=True)
    return sorted((int(i), int(j), tuple(np.round(x, 6) + 0.0)) for i, j, x in ends)


def check(structure: Structure, cutoff: float, reach: int) -> None:
    half = pairs(structure, cutoff)
    full = edges(half, structure.n_atoms)
    expected = brute_force(structure, cutoff, reach)
    assert 2 * len(half.i) == len(full.i) == len(expected)
    got = directed(structure, full)
    assert [g[:2] for g in got] == [e[:2] for e in expected]
    assert np.allclose([g[2] for g in got], [e[2] for e in expected], atol=3e-6)
    assert_consistent(structure, half, full)


def assert_consistent(structure: Structure, half: Pairs, full: Edges) -> None:
    assert np.array_equal(full.j[full.partner], full.i)
    assert np.array_equal(full.i[full.partner], full.j)
    assert np.array_equal(full.shift[full.partner], -full.shift)
    assert np.array_equal(full.partner[full.partner], np.arange(len(full.i)))
    counts = coordination(half, structure.n_atoms)
    assert np.array_equal(counts, np.bincount(full.i, minlength=structure.n_atoms))
    for n in range(structure.n_atoms):
        assert np.array_equal(full.slot[full.i == n], np.arange(counts[n]))
    d = structure.positions[half.j] + half.shift - structure.positions[half.i]
    assert np.allclose(np.linalg.norm(d, axis=1), half.distance)


@st.composite
def crystals(draw: st.DrawFn) -> Structure:
    """1 to 4 atoms, some outside a skewed cell of either hand, each direction periodic or not."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pbc = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    cell: Floats = np.diag(rng.uniform(1.5, 4.0, 3)) + rng.uniform(-0.5, 0.5, (3, 3))
    cell = cell[rng.permutation(3)] * rng.choice([-1, 1], (3, 1))
    n = draw(st.integers(1, 4))
    return from_atoms(Atoms(f"Nb{n}", scaled_positions=rng.uniform(-1.5, 2.5, (n, 3)), cell=cell, pbc=pbc))


@settings(max_examples=60, deadline=None)
@given(crystals(), st.floats(0.5, 4.0))
def test_against_brute_force(structure: Structure, cutoff: float) -> None:
    check(structure, cutoff, reach=9)


@pytest.mark.parametrize("handed", [1, -1])
def test_small_cell_of_either_hand(handed: int) -> None:
    cell = np.diag([2.0, 2.1, handed * 2.2])
    check(from_atoms(Atoms("Nb", cell=cell, pbc=True)), 5.0, reach=3)


def test_an_atom_and_its_images_are_pairs_once() -> None:
    half = pairs(from_atoms(Atoms("Nb", cell=np.eye(3) * 3, pbc=True)), 3.1)
    assert len(half.i) == 3 and not half.i.any() and not half.j.any()


@pytest.mark.parametrize(
    "cell", [None, np.diag([3.0, 0, 0]), np.array([[3.0, 0, 0], [3.0, 0, 0], [0, 0, 0]])]
)
def test_open_directions_need_no_cell_vector(cell: Floats | None) -> None:
    pbc = [cell is not None, False, False]
    check(from_atoms(Atoms("Nb2", positions=[[0, 0, 0], [1, 1, 1]], cell=cell, pbc=pbc)), 4.0, reach=3)


def test_nobody_near() -> None:
    alone = from_atoms(Atoms("Nb"))
    half = pairs(alone, 5.0)
    full = edges(half, 1)
    assert half.i.shape == (0,) and half.shift.shape == (0, 3) and full.shift.shape == (0, 3)
    assert coordination(half, 1).tolist() == [0]


def test_a_neighbour_at_the_cutoff_is_outside() -> None:
    two = from_atoms(Atoms("Nb2", positions=[[0, 0, 0], [3, 0, 0]]))
    assert len(pairs(two, 3.0).i) == 0
    assert len(pairs(two, np.nextafter(3.0, 4)).i) == 1


def test_within_a_shorter_cutoff() -> None:
    crystal = from_atoms(
        Atoms("Nb2", scaled_positions=[[0, 0, 0], [0.5] * 3], cell=np.eye(3) * 3.3, pbc=True)
    )
    short = pairs(crystal, 6.0).within(3.4)
    assert len(short.i) == len(pairs(crystal, 3.4).i) == 14
