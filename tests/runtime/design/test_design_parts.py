"""Designing, its parts: columns in one order, factors, selection, the store of trials."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from design_cases import SIGMAS, crystals
from hypothesis import given
from hypothesis import strategies as st
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.design.columns import Layout, read_columns, write_columns
from potentia.runtime.design.factors import fold_columns
from potentia.runtime.design.material import length
from potentia.runtime.design.pieces import Material, base, piece
from potentia.runtime.design.selection import selected
from potentia.runtime.design.store import Store, Trial
from potentia.runtime.information.folds import folds_of
from potentia.runtime.structures.structure import Structure, from_atoms


@pytest.fixture(scope="module")
def structures() -> list[Structure]:
    return crystals(14)


# --- columns and factors -------------------------------------------------------------------------


def test_columns_do_not_depend_on_batches(tmp_path: Path) -> None:
    structures = crystals(9, sizes=3)
    material = Material(("Cu",), 2.6)
    made = piece(material, "pair(bessel3, rc = 1.5 * d)", "here")
    write_columns(tmp_path / "a.npy", made, structures, SIGMAS, 1000.0)
    write_columns(tmp_path / "b.npy", made, structures[:6], SIGMAS, 1000.0)
    whole, part = read_columns(tmp_path / "a.npy"), read_columns(tmp_path / "b.npy")
    assert whole.shape == (Layout(structures).size, 4)
    assert np.allclose(whole[: len(part)], part, rtol=1e-5, atol=1e-5)
    assert np.abs(whole).max(axis=0).all()
    assert not list(tmp_path.glob("*.part"))


def test_columns_are_the_derivatives_of_the_labels(tmp_path: Path) -> None:
    structures = crystals(4, sizes=2)
    material = Material(("Cu",), 2.6)
    made = piece(material, "pair(bessel3, rc = 1.5 * d)", "here")
    write_columns(tmp_path / "a.npy", made, structures, SIGMAS, 1000.0)
    write_columns(tmp_path / "b.npy", made, structures, SIGMAS, 1000.0, slopes_alone=True)
    table, layout = read_columns(tmp_path / "a.npy"), Layout(structures)
    assert np.array_equal(table, read_columns(tmp_path / "b.npy"))  # its numbers start at 0, so do its values
    for k in range(3):
        theta = np.eye(3)[k]
        for s, p in enumerate(made.potential.with_theta(theta).predict(structures)):
            mine = layout.structure == s
            energy = table[mine & (layout.quantity == 0), k]
            forces = table[mine & (layout.quantity == 1), k]
            stress = table[mine & (layout.quantity == 2), k]
            assert p.stress is not None
            assert np.allclose(energy, p.energy / structures[s].n_atoms / SIGMAS.energy, rtol=1e-4, atol=1e-2)
            assert np.allclose(forces, p.forces.T.ravel() / SIGMAS.forces, rtol=1e-4, atol=1e-3)
            upper = np.triu_indices(3)
            assert np.allclose(stress, p.stress[upper] / SIGMAS.stress, rtol=1e-4, atol=1e-3)


def test_factors_hold_the_errors_of_every_choice(tmp_path: Path, structures: list[Structure]) -> None:
    material = Material(("Cu",), 2.6)
    pieces = [base(material, "", "here"), piece(material, "pair(bessel3, rc = 1.5 * d)", "here")]
    paths = [tmp_path / "0.npy", tmp_path / "1.npy"]
    for path, made in zip(paths, pieces, strict=True):
        write_columns(path, made, structures, SIGMAS, 1000.0)
    layout, folds = Layout(structures), folds_of(len(structures), 3, 0)
    factors = fold_columns(paths, layout, folds)
    table = np.concatenate([read_columns(paths[0])[:, :-1], read_columns(paths[1])[:, :-1]], axis=1)
    residual = read_columns(paths[0])[:, -1].astype(float)
    columns, coefficients = np.array([0, 2]), np.array([-3.0, 0.4])
    errors = table[:, columns].astype(float) @ coefficients + residual
    for fold in range(3):
        for kind in range(3):
            mine = (folds[layout.structure] == fold) & (layout.quantity == kind)
            assert factors.counts[fold, kind] == mine.sum()
            found = factors.squares(fold, columns, coefficients)[kind]
            assert np.isclose(found, np.sum(errors[mine] ** 2), rtol=1e-6)


@given(st.integers(1, 40), st.integers(2, 6), st.integers(0, 99))
def test_folds_are_of_equal_size(count: int, folds: int, seed: int) -> None:
    found = np.bincount(folds_of(count, folds, seed), minlength=folds)
    assert found.max() - found.min() <= 1
    assert np.array_equal(folds_of(count, folds, seed), folds_of(count, folds, seed))


def test_the_length_holds_for_every_lattice() -> None:
    fcc = from_atoms(bulk("Cu", "fcc", a=3.6))
    assert length([fcc]) == pytest.approx(3.6 / 2**0.5, abs=0.006)
    bcc = from_atoms(bulk("Nb", "bcc", a=3.3))
    assert length([bcc, bcc, fcc]) == pytest.approx((2**0.5 * 3.3**3 / 2) ** (1 / 3), abs=0.006)
    free = bulk("Cu", "fcc", a=3.6, cubic=True)
    free.pbc = False
    assert length([from_atoms(free)]) == pytest.approx(3.6 / 2**0.5, abs=0.006)


# --- selection -----------------------------------------------------------------------------------


def factor(jacobian: np.ndarray, residual: np.ndarray) -> np.ndarray:
    return np.triu(np.linalg.qr(np.column_stack([jacobian, residual]), mode="r"))


@pytest.mark.parametrize("seed", range(0, 400, 10))
def test_the_true_columns_are_found(seed: int) -> None:
    """Of one in some 400 such problems, 9475 among them, a search by exchanges ends in another minimum."""
    rng = np.random.default_rng(seed)
    jacobian = rng.normal(size=(300, 30)) @ (np.eye(30) + 0.1 * rng.normal(size=(30, 30)))
    jacobian *= 10 ** rng.uniform(-3, 3, size=30)
    true = rng.choice(np.arange(1, 30), 5, replace=False)
    effect = jacobian[:, true] / np.linalg.norm(jacobian[:, true], axis=0) @ rng.choice([-30.0, 30.0], 5)
    found = selected(factor(jacobian, -(effect + 0.01 * rng.normal(size=300))), [0], [6])
    assert set(found[6][0].tolist()) == {0, *true.tolist()}


def test_an_early_choice_is_undone() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 400))
    decoy = a + b + 0.3 * rng.normal(size=400)  # explains most alone, nothing beside the two
    others = rng.normal(size=(400, 3))
    found = selected(factor(np.column_stack([decoy, a, b, others]), -(a + b)), [], [1, 2])
    assert found[1][0].tolist() == [0]
    assert set(found[2][0].tolist()) == {1, 2}
    assert np.allclose(found[2][1], 1.0)


def test_columns_without_rows_and_copies_are_not_chosen() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(size=(50, 2))
    jacobian = np.column_stack([a, a[:, 0] * 3, np.zeros(50)])
    found = selected(factor(jacobian, -a @ [1.0, 2.0] + 0.1 * rng.normal(size=50)), [], [1, 2, 3, 4])
    assert sorted(found) == [1, 2]
    assert len({0, 2} & set(found[2][0].tolist())) == 1


def test_numbers_that_are_always_in_may_be_combinations_of_others() -> None:
    rng = np.random.default_rng(2)
    ones, more = np.ones((50, 1)), rng.normal(size=(50, 3))
    r = factor(np.column_stack([ones, 3.0 * ones, 0.0 * ones, more]), -(7.0 + more @ [0.0, 2.0, 0.0]))
    columns, coefficients = selected(r, [0, 1, 2], [4])[4]
    assert dict(zip(columns.tolist(), coefficients.round(9).tolist(), strict=True)) == {
        0: 7,
        1: 0,
        2: 0,
        4: 2,
    }


def selected_anew(factor: np.ndarray, always: list[int], size: int) -> tuple[list[int], np.ndarray]:
    """The selection of so many columns, each step by a QR decomposition of the chosen ones: the oracle."""
    scale = np.linalg.norm(factor[:, :-1], axis=0)
    columns, target, chosen = factor[:, :-1] / scale, -factor[:, -1], list(always)

    def split() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        q, upper = np.linalg.qr(columns[:, chosen])
        return q, upper, target - q @ (q.T @ target), 1.0 - np.sum(np.square(q.T @ columns), axis=0)

    def best(squares: np.ndarray, left: np.ndarray, lost: np.ndarray) -> tuple[int, int, float]:
        gains = np.where(left > 1e-6, squares / np.maximum(left, 1e-6), 0.0)
        gains[:, chosen] = 0.0
        net = gains - lost[:, None]
        j, m = np.unravel_index(np.argmax(net), net.shape)
        return int(j), int(m), float(net[j, m])

    while True:
        for _ in range(100 if len(chosen) == size else 4):
            q, upper, residual, left = split()
            own = (q @ np.linalg.inv(upper).T)[:, len(always) :]
            if not own.shape[1]:
                break
            own /= np.linalg.norm(own, axis=0)
            along, lost = own.T @ columns, own.T @ target
            squares = np.square(columns.T @ residual + lost[:, None] * along)
            j, m, net = best(squares, left + np.square(along), np.square(lost))
            if not net > 1e-9 * (residual @ residual):
                break
            chosen = [*chosen[: len(always) + j], *chosen[len(always) + j + 1 :], m]
        q, upper, residual, left = split()
        if len(chosen) == size:
            return chosen, np.linalg.solve(upper, q.T @ target) / scale[chosen]
        chosen.append(best(np.square(columns.T @ residual)[None], left[None], np.zeros(1))[1])


@pytest.mark.parametrize("apart", [1.0, 0.1, 3e-3])
@pytest.mark.parametrize("seed", range(4))
def test_a_selection_is_that_of_a_decomposition_for_each_step(apart: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    jacobian = rng.normal(size=(200, 12)) @ rng.normal(size=(12, 60)) + apart * rng.normal(size=(200, 60))
    jacobian *= 10 ** rng.uniform(-3, 3, size=60)
    jacobian[:, 0] = 1.0
    signal = jacobian / np.linalg.norm(jacobian, axis=0) @ rng.normal(size=60)
    r = factor(jacobian, 1e6 + 30.0 * signal + rng.normal(size=200))
    found = selected(r, [0], [5, 25])
    for size, (columns, coefficients) in found.items():
        chosen, expected = selected_anew(r, [0], size)
        assert columns.tolist() == chosen
        assert np.allclose(coefficients, expected, rtol=1e-6)
    assert len(found) == 2


# --- the store -----------------------------------------------------------------------------------


def test_a_trial_is_taken_once_and_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "study.sqlite")
    trials = [Trial("measure", {"piece": str(k)}) for k in range(3)]
    store.add([*trials, trials[0]])
    assert [store.take() for _ in range(4)] == [*trials, None]
    store.finish(trials[1], {"x": 1.5}, 0.1)
    store.fail(trials[2], "no rows", 0.1)
    assert store.result(trials[1]) == {"x": 1.5}
    assert store.result(trials[2]) is None
    assert store.unfinished(trials) == [trials[0]]
    assert store.failures() == {trials[2].id: "no rows"}
    store.add(trials)
    assert store.take() is None


HANG = """
import sys, time
from pathlib import Path
from potentia.runtime.design.store import Store
Store(Path(sys.argv[1])).take()
time.sleep(60)
"""


def test_what_a_killed_process_was_at_is_done_again(tmp_path: Path) -> None:
    store, trial = Store(tmp_path / "study.sqlite"), Trial("measure", {"piece": "a"})
    store.add([trial])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", HANG, str(store.path)], env=environment) as process:
        while not _running(store):
            time.sleep(0.05)
        store.release()
        assert store.take() is None  # it lives
        process.kill()
        process.wait()
    store.release()
    assert store.take() == trial


def test_what_another_machine_was_at_is_done_again_when_it_falls_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, trial = Store(tmp_path / "study.sqlite"), Trial("measure", {"piece": "a"})
    store.add([trial])
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "elsewhere")
        assert store.take() == trial
    hours = [0.0]  # that have gone by
    monkeypatch.setattr("potentia.runtime.design.store.time", lambda: time.time() + 3600 * hours[0])
    monkeypatch.setattr("potentia.runtime.design.store._EVERY", 0.02)
    with store.working(trial):
        hours[0] = 1.0
        while _seen(store) < time.time() + 3000:
            time.sleep(0.02)
        store.release()
        assert store.take() is None  # it has been heard of
    hours[0] = 2.0
    store.release()
    assert store.take() == trial


def _running(store: Store) -> bool:
    return "running" in store._status().values()


def _seen(store: Store) -> float:
    """When a worker was last heard of."""
    with store._open() as db:
        return float(db.execute("select max(seen) from beats").fetchone()[0])


def test_a_folder_holds_one_study(tmp_path: Path) -> None:
    store = Store(tmp_path / "study.sqlite")
    store.belongs({"configuration": "a", "data": "b"})
    store.belongs({"configuration": "a", "data": "b"})
    with pytest.raises(ArtifactError) as caught:
        store.belongs({"configuration": "a", "data": "c"})
    assert caught.value.diagnostics[0].code == "other-study"
    assert "was made with another data" in str(caught.value)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError) as caught:
        Store(tmp_path / "file" / "study.sqlite")
    assert caught.value.diagnostics[0].code == "unwritable"
