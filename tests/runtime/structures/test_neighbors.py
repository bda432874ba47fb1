"""Neighbour lists against a sum over images written out."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.runtime.structures.arrays import Floats
from potentia.runtime.structures.neighbors import Pairs, coordination, pairs, slots
from potentia.runtime.structures.neighbors import directed as both_directions
from potentia.runtime.structures.structure import Structure, from_atoms


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


def directed(structure: Structure, half: Pairs) -> list[tuple[int, int, tuple[float, ...]]]:
    """Both directions of every pair."""
    d = structure.positions[half.j] + half.shift - structure.positions[half.i]
    there = zip(half.i, half.j, d, strict=True)
    back = zip(half.j, half.i, -d, strict=True)
    return sorted((int(i), int(j), tuple(np.round(x, 6) + 0.0)) for i, j, x in (*there, *back))


def check(structure: Structure, cutoff: float, reach: int) -> None:
    half = pairs(structure, cutoff)
    expected = brute_force(structure, cutoff, reach)
    assert 2 * len(half.i) == len(expected)
    got = directed(structure, half)
    assert [g[:2] for g in got] == [e[:2] for e in expected]
    assert np.allclose([g[2] for g in got], [e[2] for e in expected], atol=3e-6)
    d = structure.positions[half.j] + half.shift - structure.positions[half.i]
    assert np.allclose(np.linalg.norm(d, axis=1), half.distance)
    assert_rows_are_full(half, structure.n_atoms)


def assert_rows_are_full(half: Pairs, n_atoms: int) -> None:
    """Every place in the rows of neighbours is taken once, first those of pairs in which the atom is i."""
    place = slots(half, n_atoms)
    counts = coordination(half, n_atoms)
    for n in range(n_atoms):
        leaving, arriving = place.out[half.i == n], place.back[half.j == n]
        assert np.array_equal(leaving, np.arange(len(leaving)))
        assert np.array_equal(arriving, np.arange(len(leaving), counts[n]))


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
    assert half.i.shape == (0,) and half.shift.shape == (0, 3) and slots(half, 1).back.shape == (0,)
    assert coordination(half, 1).tolist() == [0]


def test_a_neighbour_at_the_cutoff_is_outside() -> None:
    two = from_atoms(Atoms("Nb2", positions=[[0, 0, 0], [3, 0, 0]]))
    assert len(pairs(two, 3.0).i) == 0
    assert len(pairs(two, np.nextafter(3.0, 4)).i) == 1


def test_rows_of_more_atoms_than_sixteen_bits_count() -> None:
    """A chain that is closed after 70 000 atoms: each has the next and the last as its neighbours."""
    n = 70_000
    i = np.arange(n, dtype=np.int32)
    here, r = (np.zeros(n, np.int32), np.zeros((1, 3))), np.ones(n)
    half = Pairs(i, np.roll(i, -1), *here, r)
    place = slots(half, n)
    assert np.array_equal(place.out, np.zeros(n)) and np.array_equal(place.back, np.ones(n))
    crossed = Pairs(i, i[::-1].copy(), *here, r)
    assert np.array_equal(slots(crossed, n).back, np.ones(n))
    low, high = np.repeat(i[: n // 2], 2), np.repeat(i[: n // 2 - 1 : -1], 2)
    assert np.array_equal(slots(Pairs(low, high, *here, r), n).back, i % 2)


def test_within_a_shorter_cutoff() -> None:
    crystal = from_atoms(
        Atoms("Nb2", scaled_positions=[[0, 0, 0], [0.5] * 3], cell=np.eye(3) * 3.3, pbc=True)
    )
    short = pairs(crystal, 6.0).within(3.4)
    assert len(short.i) == len(pairs(crystal, 3.4).i) == 14


def test_images_of_atoms_far_outside_their_cell() -> None:
    """They are as many as of atoms inside, and no grid is made of the way between them."""
    rng = np.random.default_rng(3)
    inside = from_atoms(Atoms("Nb4", scaled_positions=rng.random((4, 3)), cell=np.eye(3) * 4, pbc=True))
    away = replace(inside, positions=inside.positions + 4.0 * rng.integers(-9000, 9000, (4, 3)))
    near, far = pairs(inside, 5.0), pairs(away, 5.0)
    assert len(near.shifts) <= 27 and len(far.shifts) <= len(far.i)
    assert np.allclose(np.sort(near.distance), np.sort(far.distance), atol=1e-9)
    d = away.positions[far.j] + far.shift - away.positions[far.i]
    assert np.allclose(np.linalg.norm(d, axis=1), far.distance, atol=1e-9)


def test_both_directions_share_few_shifts() -> None:
    crystal = from_atoms(Atoms("Nb2", scaled_positions=[[0] * 3, [0.5] * 3], cell=np.eye(3) * 3.3, pbc=True))
    first, j, image, shifts = both_directions(pairs(crystal, 5.0), 2)
    assert len(image) == len(j) == first[-1] and len(shifts) <= 2 * 27
    owner = np.repeat([0, 1], np.diff(first))
    d = crystal.positions[j] + shifts[image] - crystal.positions[owner]
    for atom in (0, 1):  # a crystal looks alike from its two atoms
        around = np.round(d[owner == atom], 9)
        assert {tuple(x) for x in around + 0.0} == {tuple(x) for x in 0.0 - around}
