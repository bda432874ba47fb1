"""Displacements through boundaries, MSD and diffusivity against walks that are known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.runtime.analysis.diffusion import (
    Diffusion,
    Displacements,
    TooShort,
    diffusion,
    evenly_spaced,
    squared_displacements,
)
from potentia.runtime.analysis.statistics import standard_error
from potentia.runtime.analysis.unwrapping import Unwrapper
from potentia.runtime.structures.structure import from_atoms
from trajectories import brownian


@contextmanager
def kept(x: np.ndarray) -> Iterator[Displacements]:
    with closing(Displacements(x.shape[1])) as found:
        for frame in x:
            found.add(frame)
        yield found


def of_walk(x: np.ndarray, interval: float = 0.1, blocks: int = 5, **options: object) -> Diffusion:
    numbers = np.full(x.shape[1], 3, dtype=np.int32)
    with kept(x) as displacements:
        (found,) = diffusion(displacements, numbers, interval, len(x), blocks, options.get("lags"))  # type: ignore[arg-type]
    return found


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 60), st.integers(1, 5), st.sampled_from([1e-2, 1.0, 1e3]))
def test_transforms_give_the_direct_sum(seed: int, frames: int, atoms: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=(frames, atoms, 3)), axis=0) + offset
    direct = [np.square(x[k:] - x[: frames - k]).sum(axis=(1, 2)).mean() for k in range(frames)]
    np.testing.assert_allclose(squared_displacements(x), direct, rtol=1e-9, atol=1e-9)


def test_the_95_percent_interval_holds_the_truth_in_95_percent() -> None:
    """Walks of 6 atoms, the true D known: misses are binomial, 5 % of 400 ± 4.4."""
    rng = np.random.default_rng(3)
    found = [of_walk(brownian(rng, 300, 6, 0.4, 0.1)) for _ in range(400)]
    hits = sum(d.interval[0] <= 0.4 <= d.interval[1] for d in found)
    assert 360 <= hits <= 396
    values = np.array([d.value for d in found])
    assert values.mean() == pytest.approx(0.4, abs=4 * values.std() / 20)
    # the error is that of the estimate, root mean squared
    assert np.mean([d.error**2 for d in found]) ** 0.5 == pytest.approx(values.std(), rel=0.15)
    assert np.mean([d.regime == "diffusive" for d in found]) > 0.9


def test_atoms_in_their_places_do_not_diffuse() -> None:
    found = of_walk(np.random.default_rng(0).normal(scale=0.2, size=(400, 20, 3)))
    assert found.regime == "bound"
    assert abs(found.value) < 3 * found.error + 1e-3


def test_flight_is_no_diffusion() -> None:
    rng = np.random.default_rng(5)
    found = of_walk(np.arange(200)[:, None, None] * 0.1 * rng.normal(size=(30, 3)))
    assert found.regime == "superdiffusive" and found.exponent == pytest.approx(2.0, abs=1e-3)


def test_species_are_apart_and_chunks_join(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    x = np.concatenate([brownian(rng, 200, 7, d, 0.2) for d in (0.5, 0.05)], axis=1)
    numbers = np.array([8] * 7 + [3] * 7, dtype=np.int32)
    order = rng.permutation(14)
    seen: list[float] = []
    monkeypatch.setattr("potentia.runtime.analysis.diffusion._CHUNK", 6 * 200 * 2)  # two atoms at once
    with kept(x[:, order]) as displacements:
        found = diffusion(displacements, numbers[order], 0.2, 200, 4, (1.0, 4.0), seen.append)
    assert [d.species for d in found] == ["Li", "O"] and seen[-1] == 1.0
    for d, part in zip(found, (x[:, 7:], x[:, :7]), strict=True):
        whole = squared_displacements(part) / 7
        np.testing.assert_allclose(d.msd, np.interp(d.lags, 0.2 * np.arange(200), whole), rtol=1e-4)
        slopes = [
            np.polyfit(0.2 * np.arange(5, 21), squared_displacements(part[k : k + 50])[5:21] / 7, 1)[0] / 6
            for k in range(0, 200, 50)
        ]
        assert d.value == pytest.approx(np.mean(slopes), rel=1e-4)
        assert d.window == pytest.approx((1.0, 4.0)) and d.blocks == 4


@pytest.mark.parametrize(
    ("frames", "lags", "reason"),
    [
        (30, None, "a block has 6 frames, and needs 8"),
        (100, (0.5, 2.0), "a block is 2 ps long, and the lags go to 2 ps"),
        (100, (0.5, 0.6), "the lags hold fewer than three frames, 0.1 ps apart"),
    ],
)
def test_too_short_for_a_diffusivity(frames: int, lags: object, reason: str) -> None:
    with pytest.raises(TooShort) as caught:
        of_walk(np.zeros((frames, 2, 3)), lags=lags)
    assert str(caught.value) == reason


def test_times_are_even_but_for_the_last() -> None:
    assert evenly_spaced([0.0, 0.1, 0.2, 0.3]) == (pytest.approx(0.1), 4)
    assert evenly_spaced([0.0, 0.1, 0.2, 0.3, 0.34]) == (pytest.approx(0.1), 4)
    assert evenly_spaced([0.0, 0.1, 0.3, 0.4, 0.5]) == "the frames are 0.1 ps apart, but 0.2 ps at 0.1 ps"


# --- unwrapping --------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["wrapped", "free", "mixed"]))
def test_walks_are_followed_through_a_cell_that_changes(seed: int, how: str) -> None:
    """The way in fractional coordinates is known; the cell breathes, shears and its atoms are written in any
    image.
    """
    rng = np.random.default_rng(seed)
    base = np.diag(rng.uniform(5, 9, 3)) + rng.normal(scale=0.8, size=(3, 3))
    steps = rng.uniform(-0.35, 0.35, size=(40, 5, 3))
    steps -= steps.mean(axis=1, keepdims=True)  # no drift, atoms of one mass
    steps = np.clip(steps, -0.39, 0.39)
    steps -= steps.mean(axis=1, keepdims=True)
    s = np.concatenate([[rng.random((5, 3))], steps]).cumsum(axis=0)
    cells = base * (1 + 0.02 * rng.normal(size=(41, 1, 1)))
    follower, expected = Unwrapper(), np.zeros((5, 3))
    for k in range(41):
        images = {"wrapped": -np.floor(s[k]), "free": 0.0, "mixed": rng.integers(-2, 3, (5, 3))}[how]
        atoms = Atoms("Nb5", positions=(s[k] + images) @ cells[k], cell=cells[k], pbc=True)
        moved = follower.add(from_atoms(atoms), k + 1)
        if k:
            expected = expected + steps[k - 1] @ ((cells[k - 1] + cells[k]) / 2)
        np.testing.assert_allclose(moved, expected, atol=1e-8)
    assert follower.ambiguous is None or np.abs(steps).max() > 0.399


def test_a_cell_that_breathes_moves_no_atom() -> None:
    rng = np.random.default_rng(0)
    s, follower = rng.random((6, 3)) * 3, Unwrapper()
    for k in range(20):
        cell = np.eye(3) * (8 + rng.normal())
        moved = follower.add(from_atoms(Atoms("Li3O3", positions=s @ cell, cell=cell, pbc=True)), k)
    np.testing.assert_allclose(moved, 0.0, atol=1e-12)


def test_the_drift_of_the_centre_of_mass_is_taken_away() -> None:
    follower = Unwrapper()
    for k in range(10):
        positions = np.array([[0.1 * k, 0, 0], [5, 0.3 * k, 0]]) + k * np.array([0.5, 0.2, 0.1])
        moved = follower.add(from_atoms(Atoms("LiO", positions=positions, cell=[9] * 3, pbc=True)), k)
    mass = Atoms("LiO").get_masses()
    np.testing.assert_allclose(mass @ moved, 0.0, atol=1e-9)
    np.testing.assert_allclose(moved[0] - moved[1], [0.9, -2.7, 0.0], atol=1e-9)


def test_a_jump_of_nearly_half_a_cell_is_ambiguous() -> None:
    follower = Unwrapper()
    for k, x in enumerate((0.0, 1.0, 5.2), 1):
        follower.add(from_atoms(Atoms("Li2", positions=[[0, 0, 0], [x, 5, 5]], cell=[10] * 3, pbc=True)), k)
    assert follower.ambiguous == (3, 1)


# --- errors of means ---------------------------------------------------------------------------


def test_the_error_of_a_correlated_series() -> None:
    """x' = 0.9 x + noise has √19 times the error of an independent series of its variance."""
    rng = np.random.default_rng(0)
    errors, means = [], []
    for _ in range(60):
        x, series = rng.normal() / (1 - 0.81) ** 0.5, []
        for noise in rng.normal(size=2048):
            x = 0.9 * x + noise
            series.append(x)
        errors.append(standard_error(np.array(series)))
        means.append(np.mean(series))
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.35)  # type: ignore[arg-type]
    assert standard_error(np.array([1.0])) is None
    assert standard_error(np.array([1.0, 3.0])) == pytest.approx(1.0)
