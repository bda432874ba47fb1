"""A fit that is cut off anywhere, its end included, is resumed to the fit that it would have been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from argon_dimers import write_dimers
from commands import run
from potentia.runtime.api import fit
from potentia.runtime.runs.run_folder import load


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_dimers(tmp_path)
    return tmp_path


def test_iterations_are_not_more_than_their_limit_however_often_it_is_resumed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limited = ("fit", "ar.pes", "--data", "ar.xyz", "-o", "run", "--no-reference", "--no-forces")
    limited += ("--method", "quasi-newton", "--max-iterations", "3", "--quiet")
    assert run(capsys, *limited)[0] == 0
    first = load(Path("run"))
    for _ in range(2):
        assert run(capsys, *limited, "--resume")[0] == 0
        again = load(Path("run"))
        assert (again.metadata.reason, again.theta.tolist()) == ("iterations", first.theta.tolist())
        rows = Path("run/learning_curve.csv").read_text().splitlines()
        assert [row.split(",")[0] for row in rows] == ["iteration", "1", "2", "3"]


def test_a_fit_that_is_killed_before_its_run_is_saved_is_not_lost(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = ("fit", "ar.pes", "--data", "ar.xyz", "--no-reference", "--no-forces", "--quiet")
    assert run(capsys, *usual, "-o", "whole")[0] == 0

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(fit, "save_fit", killed)
        run(capsys, *usual, "-o", "run")
    assert run(capsys, *usual, "-o", "run") == (
        1,
        "",
        "error[run-exists]: a fit to run was started and interrupted\n  --> run\n"
        "  help: go on with `--resume`, or begin again with `--force`\n",
    )
    assert run(capsys, *usual, "-o", "run", "--resume")[0] == 0
    found, whole = load(Path("run")), load(Path("whole"))
    assert found.theta.tolist() == whole.theta.tolist() and found.metadata.converged
    assert not Path("run.partial").exists()
