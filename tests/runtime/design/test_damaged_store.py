"""The database of a study that is none of ours, or not what was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from commands import run
from design_cases import study
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.design.forms import is_choice
from potentia.runtime.design.store import Store, Trial
from potentia.runtime.design.study import fold, measure, refine, select

CHANGED = "the result of the trial {} is not what it was"
AGAIN = "start the study again in another folder"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    frames = []
    for k in range(6):
        atoms = bulk("Cu", cubic=True, a=3.5 + 0.03 * k)
        atoms.rattle(0.05, seed=k)
        atoms.calc = SinglePointCalculator(atoms, energy=-1.0 * k, forces=np.full((4, 3), 0.1 * k))
        frames.append(atoms)
    write(tmp_path / "cu.xyz", frames)
    (tmp_path / "a.toml").write_text('folds = 3\n[[catalogue]]\nterm = "pair(bessel3, rc = 1.7 * d)"\n')
    (tmp_path / "new").mkdir()
    return tmp_path


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table moz_places (id integer primary key, url text)")


def alike(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table trials (id integer primary key, outcome text)")


PROGRAM = "other-study]: new/study.sqlite is a database of another program: it has a table "
USE = "unwritable]: cannot use new/study.sqlite as the store of a study: "
OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "another program": (foreign, f"{PROGRAM}`moz_places`"),
    "a table of the same name": (alike, f"{PROGRAM}`trials`"),
    "no database": (lambda path: path.write_bytes(b"hello" * 999), f"{USE}file is not a database"),
    "a folder": (lambda path: path.mkdir(), f"{USE}it is no plain file"),
}


@pytest.mark.parametrize(("made", "message"), OTHERS.values(), ids=OTHERS.keys())
def test_a_database_of_others_is_not_adopted(
    made: Callable[[Path], object], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("new/study.sqlite")
    made(path)
    before = path.read_bytes() if path.is_file() else None
    assert run(capsys, "design", "a.toml", "--data", "cu.xyz", "-o", "new", "--quiet") == (
        1,
        "",
        f"error[{message}\n  --> new/study.sqlite\n  help: choose another folder with `-o`\n",
    )
    assert before is None or path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "update trials set result = replace(result, '1.5', '2.5')",
            CHANGED,
        ),
        ("update trials set result = '[1]'", CHANGED),
        ("update trials set result = x'ff'", "a trial of it is not JSON"),
        ("update trials set result = '{'", "a trial of it is not JSON"),
    ],
)
def test_a_result_that_was_changed_is_told(change: str, why: str, tmp_path: Path) -> None:
    store, trial = Store(tmp_path / "study.sqlite"), Trial("measure", {"piece": "a"})
    store.add([trial])
    store.finish(trial, {"x": 1.5}, 0.1)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute(change)
    with pytest.raises(ArtifactError) as caught:
        store.result(trial)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.help) == (
        "damaged-artifact",
        f"{store.path} is damaged: {why.format(trial.id)}",
        AGAIN,
    )


def test_a_study_of_before_there_were_digests_goes_on(tmp_path: Path) -> None:
    store, trial = Store(tmp_path / "study.sqlite"), Trial("measure", {"piece": "a"})
    store.add([trial])
    store.finish(trial, {"x": 1.5}, 0.1)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("drop table digests")
    assert Store(store.path).result(trial) == {"x": 1.5}


@pytest.mark.parametrize(
    "trial",
    [
        Trial("other", {"piece": ""}),
        Trial("measure", {}),
        Trial("fold", {"pieces": []}),
        Trial("select", {"pieces": [""], "sizes": ["3"], "without": 0}),
        select([""], [3], 3),  # of three folds
        refine([""], [-1], [1.0]),
    ],
    ids=lambda trial: trial.kind,
)
def test_a_trial_that_none_of_ours_is(trial: Trial, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(Path("new/study.sqlite"))
    store.add([trial])
    code, out, err = run(capsys, "design", "a.toml", "--data", "cu.xyz", "-o", "new", "--quiet")
    assert (code, out) == (1, "") and err == (
        f"error[damaged-artifact]: {store.path} is damaged: the trial {trial.id} is not what it was\n"
        f"  --> {store.path}\n  help: {AGAIN}\n"
    )


GOOD = {"columns": [0], "coefficients": [1.0], "squares": []}


@pytest.mark.parametrize(
    ("trial", "result"),
    [
        (measure(""), {"numbers": 1}),
        (fold([""]), {"columns": None}),
        (select([""], [3], None), {"3": {"columns": [0], "coefficients": [1.0]}}),
        (select([""], [3], None), {"x": GOOD}),
        (select([""], [3], None), {"3": {**GOOD, "coefficients": [float("nan")]}}),
        (refine([""], [0], [1.0]), {"spec": "E = lj()", "train": {}, "parameters": 2}),
    ],
)
def test_a_result_that_no_trial_has_although_its_digest_is_right(
    trial: Trial, result: dict[str, object], tmp_path: Path
) -> None:
    made = study(tmp_path, [])
    made.store.add([trial])
    made.store.finish(trial, result, 0.1)
    with pytest.raises(ArtifactError, match=f"the result of the trial {trial.id} is not what it was"):
        made.result(trial)


def test_columns_are_chosen_once_with_a_coefficient_each() -> None:
    assert is_choice(GOOD, 1) and not is_choice(GOOD, 0)
    assert not is_choice({**GOOD, "columns": [0, 0], "coefficients": [1.0, 1.0]}, 2)
    assert not is_choice({**GOOD, "coefficients": []}, 1)


def test_a_worker_that_is_none_of_ours_is_no_more(tmp_path: Path) -> None:
    store, trial = Store(tmp_path / "study.sqlite"), measure("")
    store.add([trial])
    for worker in ("x", "host x y", "host 1 2"):
        with closing(sqlite3.connect(store.path)) as db, db:
            db.execute("update trials set status = 'running', worker = ?", (worker,))
            db.execute("insert or replace into beats values (?, 'soon')", (trial.id,))
        store.release()
        assert store.take() == trial
