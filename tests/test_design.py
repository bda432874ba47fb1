"""Designing: columns in one order, factors, selection, the store of trials, the loop on a few structures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.compiler.diagnostics import ArtifactError, FitError, UserError
from potentia.runtime.artifact import covariance, load
from potentia.runtime.design.columns import Layout, read_columns, write_columns
from potentia.runtime.design.config import DesignConfig, load_design
from potentia.runtime.design.factors import fold_columns
from potentia.runtime.design.front import write_front
from potentia.runtime.design.loop import design
from potentia.runtime.design.material import length
from potentia.runtime.design.pieces import Material, base, piece
from potentia.runtime.design.selection import selected
from potentia.runtime.design.store import Store, Trial
from potentia.runtime.design.study import Study
from potentia.runtime.fit import fit
from potentia.runtime.held_out import folds_of
from potentia.runtime.label_keys import LabelKeys
from potentia.runtime.potential import compile
from potentia.runtime.residuals import Sigmas
from potentia.runtime.structures import Structure, from_atoms
from potentia.runtime.toml_config import ConfigError
from potentia.runtime.training_data import TrainingData

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


@pytest.fixture(scope="module")
def structures() -> list[Structure]:
    return crystals(14)


def config(**more: Any) -> DesignConfig:
    return DesignConfig.model_validate({"catalogue": [PAIR], "sizes": [3], "folds": 3, **more})


def study(
    folder: Path, structures: list[Structure], test: list[Structure] | None = None, **more: Any
) -> Study:
    data = TrainingData(tuple(structures), tuple(test or ()), LabelKeys(), (), {"cu.xyz": "sha256:0"})
    return Study(config(**more), data, folder, "metal.toml")


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
    table, layout = read_columns(tmp_path / "a.npy"), Layout(structures)
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


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_the_true_columns_are_found(seed: int) -> None:
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
    assert store.failures() == [(trials[2], "no rows")]
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


def _running(store: Store) -> bool:
    return "running" in store._status().values()


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


# --- the whole loop ------------------------------------------------------------------------------


def test_a_design_finds_a_front(tmp_path: Path, structures: list[Structure]) -> None:
    test = crystals(4, seed=5)
    made = study(tmp_path / "one", structures, test, catalogue=[PAIR, ANGLES], sizes=[2, 6])
    members = design(made)
    assert [m.size for m in members] == [2, 6]
    assert members[1].cv["forces"] < members[0].cv["forces"]
    rows = write_front(made, members)
    for member, row in zip(members, rows, strict=True):
        assert compile(Path(row["spec"])).n_parameters == member.size == row["size"]
        assert row["test"]["n_structures"] == 4
        assert sum(numbers for _, numbers, _ in member.terms) == member.size - 1
        text = Path(row["spec"]).read_text()
        for call, numbers, factor in member.terms:
            assert factor > 1.0 and f"× without the {numbers} of {call}" in text
    assert json.loads((tmp_path / "one" / "front.json").read_text()) == json.loads(json.dumps(rows))
    assert (tmp_path / "one" / "front.png").stat().st_size > 1000

    # nothing is done twice
    before = made.store.count()
    assert [m.spec for m in design(made)] == [m.spec for m in members]
    assert made.store.count() == before


def test_the_labels_of_test_structures_decide_nothing(tmp_path: Path, structures: list[Structure]) -> None:
    test = crystals(4, seed=5)
    wrong = [replace(s, energy=(s.energy or 0.0) + 100.0) for s in test]
    found = [design(study(tmp_path / str(k), structures, t)) for k, t in enumerate((test, wrong))]
    assert [m.spec for m in found[0]] == [m.spec for m in found[1]]
    assert [m.cv for m in found[0]] == [m.cv for m in found[1]]


def test_two_workers_find_the_same(tmp_path: Path, structures: list[Structure]) -> None:
    alone = design(study(tmp_path / "one", structures))
    made = study(tmp_path / "two", structures, budget={"workers": 2})
    assert [m.spec for m in design(made)] == [m.spec for m in alone]


def test_lengths_are_moved_where_that_helps(tmp_path: Path, structures: list[Structure]) -> None:
    short = [{"term": "pair(bessel4, rc = 1.15 * d)"}]  # nearest neighbours only; the truth reaches 4.5 Å
    still = design(study(tmp_path / "one", structures, catalogue=short, sizes=[4]))
    moved = design(study(tmp_path / "two", structures, catalogue=short, sizes=[4], moves=[1.5]))
    assert "rc = 1.15 * d" in still[0].spec and "rc = 1.15 * 1.5 * d" in moved[0].spec
    assert moved[0].cv["forces"] < 0.8 * still[0].cv["forces"]


def test_nonlinear_numbers_count(tmp_path: Path, structures: list[Structure]) -> None:
    catalogue = [{"term": "eam(rc = 1.6 * d, basis = bessel4)"}]
    members = design(study(tmp_path, structures, catalogue=catalogue, sizes=[5]))
    assert [m.size for m in members] == [5]
    assert compile(members[0].spec).n_parameters == 5


def test_the_solution_is_that_of_a_fit(tmp_path: Path, structures: list[Structure]) -> None:
    made = study(tmp_path, structures, catalogue=[PAIR, ANGLES], sizes=[4])
    (member,) = design(made)
    found = load(made.run(member.spec))
    again = fit(compile(member.spec), structures, made.fit_config)
    sigma, wanted = covariance(made.run(member.spec)), again.covariance
    assert sigma is not None and wanted is not None
    assert np.all(np.abs(found.theta - again.potential.theta) < 1e-3 * np.sqrt(np.diag(wanted)))
    assert np.allclose(sigma, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_a_budget_that_ends_early_is_told(tmp_path: Path, structures: list[Structure]) -> None:
    made = study(tmp_path, structures, budget={"fits": 1})
    with pytest.raises(FitError) as caught:
        design(made)
    assert caught.value.diagnostics[0].code == "budget-too-small"
    assert made.store.count() == 1


# --- the configuration ---------------------------------------------------------------------------

WRONG = {
    "": ("empty-catalogue", "the catalogue is empty: there is nothing to design from"),
    "catalogue = []": ("empty-catalogue", "the catalogue is empty: there is nothing to design from"),
    "size = [3]\n[[catalogue]]\nterm = 'pair()'": ("unknown-key", "`size` is not a key of the configuration"),
    "sizes = [0]\n[[catalogue]]\nterm = 'pair()'": (
        "bad-value",
        "`sizes`: a size is a number of parameters, at least 1",
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_faults_of_the_configuration(tmp_path: Path, text: str) -> None:
    path = tmp_path / "metal.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_design(path)
    found = caught.value.diagnostics[0]
    assert (found.code, found.message) == WRONG[text]
    assert found.place == str(path)


def test_growth_has_to_say_where_the_chosen_go() -> None:
    with pytest.raises(ValueError, match=r"write `of = {chosen}`"):
        config(catalogue=[{"term": "pair()", "grow": "five_body()"}])


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ("zbl()", "nothing-to-select"),
        ("pare(bessel5)", "unknown-term"),
        ("pair(bessel5", "unclosed-parenthesis"),
    ],
)
def test_faults_of_the_catalogue(tmp_path: Path, structures: list[Structure], term: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        design(study(tmp_path, structures, catalogue=[{"term": term}]))
    found = caught.value.diagnostics[0]
    assert found.place == "metal.toml"
    assert found.code == code
