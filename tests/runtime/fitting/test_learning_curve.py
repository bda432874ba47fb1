"""Learning curves: of every method, written as the fit goes on, and gone on from after a kill."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.evaluation.errors import evaluate
from potentia.runtime.fitting.curve_plot import save_learning_curve
from potentia.runtime.fitting.fit import fit
from potentia.runtime.fitting.learning_curve import COLUMNS, FILE, LearningCurve
from potentia.runtime.fitting.result import Curve, Progress
from potentia.runtime.potential.potential import compile
from potentia.runtime.residuals.config import FitConfig
from potentia.runtime.residuals.label_errors import Rmse
from potentia.runtime.structures.structure import Structure, from_atoms

SPEC = "species Cu\nE = morse(rc = 4 Å)"
LINEAR = "species Cu\nE = reference() + pair(bessel3, rc = 4 Å)"


@pytest.fixture(scope="module")
def data() -> list[Structure]:
    made = compile("species Cu\nE = morse(rc = 4 Å, D = 0.45 eV, a = 1.4 /Å, r0 = 2.7 Å)")
    found = []
    for k in range(6):
        atoms = bulk("Cu", "fcc", a=3.8, cubic=True)
        atoms.rattle(0.1, seed=k)
        s = from_atoms(atoms, f"copper {k}")
        found.append(replace(s, weight=1.0 + k))
    rng = np.random.default_rng(0)
    return [
        replace(s, energy=p.energy + 1e-3 * rng.normal(), forces=p.forces, stress=p.stress)
        for s, p in zip(found, made.predict(found), strict=True)
    ]


def rows_of(path: Path) -> list[list[str]]:
    head, *rows = path.read_text().splitlines()
    assert tuple(head.split(",")) == COLUMNS
    return [row.split(",") for row in rows]


@pytest.mark.parametrize("spec", [SPEC, LINEAR])
def test_the_last_errors_are_those_of_the_fitted_potential(spec: str, data: list[Structure]) -> None:
    found = fit(compile(spec), data, FitConfig())
    assert found.curve is not None
    last = dict(zip(found.curve.columns, found.curve.rows[-1].tolist(), strict=True))
    errors = evaluate(found.potential, data).as_dict()
    assert last["loss"] == pytest.approx(found.loss)
    assert last["train_energy_meV_per_atom"] == pytest.approx(1e3 * errors["energy_rmse_ev_per_atom"])
    assert last["train_forces_meV_per_A"] == pytest.approx(1e3 * errors["forces_rmse_ev_per_ang"])
    assert last["train_stress_GPa"] == pytest.approx(errors["stress_rmse_gpa"])
    assert np.isnan(last["held_out_energy_meV_per_atom"])


def test_a_killed_fit_goes_on_with_its_curve(data: list[Structure], tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(progress: Progress) -> None:
        if progress.is_step and progress.iteration == 3:
            raise Killed

    config = FitConfig(starts=2, tolerance=1e-9)
    whole = fit(compile(SPEC), data, config, folder=tmp_path / "whole")
    with pytest.raises(Killed):
        fit(compile(SPEC), data, config, folder=tmp_path / "run", on_progress=kill)
    path = tmp_path / "run.partial" / FILE
    assert [row[0] for row in rows_of(path)] == ["1", "2", "3"]
    path.write_text(path.read_text() + "4,17,0.")  # a row that is half written
    again = fit(compile(SPEC), data, config, folder=tmp_path / "run", resume=True)
    assert again.curve is not None and whole.curve is not None
    for column in COLUMNS:
        if column != "seconds":
            np.testing.assert_allclose(again.curve.of(column), whole.curve.of(column), rtol=1e-7)
    assert np.all(np.diff(again.curve.of("seconds")) >= 0)
    assert set(again.curve.of("start")) == {0, 1}
    assert path.read_text() == again.curve.csv()


@pytest.mark.parametrize("method", ["quasi-newton", "first-order"])
def test_trainings_have_curves(method: str, data: list[Structure]) -> None:
    seen: list[Progress] = []
    config = FitConfig(method=method, max_iterations=12, precision="float64", held_out=0.2)
    found = fit(compile(SPEC), data, config, on_progress=seen.append)
    assert found.curve is not None
    curve = found.curve
    assert curve.of("iteration").tolist() == list(range(1, len(curve.rows) + 1))
    known = np.isfinite(curve.of("train_stress_GPa"))
    assert known[-1] and (known.sum() <= 3 if method == "quasi-newton" else known.all())
    held_out = np.isfinite(curve.of("held_out_forces_meV_per_A"))
    assert held_out.tolist() == (known if method == "quasi-newton" else np.zeros_like(known)).tolist()
    assert any("meV/atom" in progress.sentence for progress in seen)


def test_a_row_of_the_same_iteration_takes_the_place_of_the_last(tmp_path: Path) -> None:
    curve = LearningCurve(tmp_path / "partial" / FILE)
    curve.begin(None)
    curve.add(1, 0.5, 3.0)
    curve.add(2, 1.0, 2.0)
    curve.add(2, 1.5, 2.0, Rmse(1.0, 2.0, float("nan")))
    assert rows_of(tmp_path / "partial" / FILE) == [
        ["1", "0.5", "3", *6 * [""], "0"],
        ["2", "1.5", "2", "1", "2", "", "", "", "", "0"],
    ]
    again = LearningCurve(tmp_path / "partial" / FILE)
    again.begin(1.0)
    assert [row[0] for row in again.rows] == [1.0]
    again.path = tmp_path / "nowhere" / "deep" / FILE
    with pytest.raises(ArtifactError):
        again.add(2, 1.0, 2.0)


def test_the_picture(tmp_path: Path) -> None:
    rows = np.full((30, len(COLUMNS)), np.nan)
    rows[:, 0], rows[:, 1], rows[:, 2], rows[:, -1] = np.arange(30), np.arange(30), np.exp(-np.arange(30)), 0
    save_learning_curve(tmp_path / "none.png", Curve(COLUMNS, rows))
    rows[::10, 3:9] = 1.0
    save_learning_curve(tmp_path / "all.png", Curve(COLUMNS, rows))
    assert (tmp_path / "all.png").stat().st_size > (tmp_path / "none.png").stat().st_size > 1000
