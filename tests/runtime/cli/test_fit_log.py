"""A fit shows how it stands, as lines and in its log, and draws its curve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from argon_dimers import write_dimers
from commands import run
from potentia.runtime.api import fit
from potentia.runtime.cli import progress, recording
from potentia.runtime.fitting.result import Progress
from potentia.runtime.residuals.label_errors import Rmse
from potentia.runtime.runs.fit_log import FitLog

FIT = ("fit", "ar.pes", "--data", "ar.xyz", "-o", "run", "--no-reference", "--no-forces")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_dimers(tmp_path)
    return tmp_path


class Killed(BaseException):
    pass


def test_iterations_are_lines_and_all_is_in_the_log(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *FIT, "--max-iterations", "2", "--verbose", "--plot")
    lines = [line.split("  ")[-1] for line in err.splitlines() if ": iteration " in line]
    assert code == 0
    assert [line.partition(";")[0] for line in lines] == ["fit: iteration 1", "fit: iteration 2"]
    assert "train" in lines[0] and "meV/atom" in lines[0]
    log = Path("run/fit.log").read_text()
    for part in (
        *lines,
        "numpy ",
        "python ",
        "target  ",
        "not converged (iterations)",
        "ended after",
        "RMSE",
    ):
        assert part in log, part
    assert log.splitlines() == [line for line in log.splitlines() if line[2] == line[5] == ":"]
    assert out.splitlines()[0] in log
    assert Path("run/learning_curve.png").stat().st_size > 1000

    # the fit goes on, and so does its log; nothing is shown
    code, _, err = run(capsys, *FIT, "--resume", "--quiet", "--verbose")
    assert (code, err) == (0, "")
    again = Path("run/fit.log").read_text()
    assert again.startswith(log) and "fit: iteration 3" in again and "converged (" in again
    assert not Path("run.partial").exists()


def test_without_verbose_there_are_no_lines(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, *FIT)
    assert code == 0 and "iteration 1" not in err
    before = Path("run/fit.log").read_text()
    assert "iteration 1" in before
    assert run(capsys, *FIT)[0] == 1  # run-exists
    assert Path("run/fit.log").read_text() == before


def test_a_killed_fit_leaves_its_log(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(fit, "save_fit", killed)
        run(capsys, *FIT)
    log = Path("run.partial/fit.log").read_text()
    assert "iteration 1" in log and Path("run.partial/learning_curve.csv").is_file()
    assert run(capsys, *FIT)[0] == 1  # it was interrupted
    assert Path("run.partial/fit.log").read_text() == log
    assert run(capsys, *FIT, "--resume")[0] == 0
    assert Path("run/fit.log").read_text().startswith(log)


@pytest.mark.parametrize("method", ["least-squares", "quasi-newton", "first-order"])
def test_nothing_is_kept_of_a_fit_whose_time_is_over_before_it_begins(
    here: Path, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    short = ("--time-limit", "1e-9")
    code, _, err = run(capsys, *FIT, "--method", method, *short)
    assert code == 1 and "error[time-is-up]" in err and "allow more with --time-limit" in err
    assert not Path("run").exists()
    code, _, err = run(capsys, *FIT, "--method", method, "--max-iterations", "1")
    assert code == 0 and Path("run/spec.pes").is_file()


def test_a_limit_shorter_than_an_iteration_keeps_those_before(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, *FIT, "--max-iterations", "2")[0] == 0
    before = json.loads(Path("run/metadata.json").read_text())["train"]
    code, _, err = run(capsys, *FIT, "--resume", "--time-limit", "1e-9")
    assert code == 0
    assert "s is shorter than an iteration: the best parameters so far are kept" in err
    assert "raise --time-limit, and go on with --resume" in err
    assert json.loads(Path("run/metadata.json").read_text())["train"] == before
    code, _, err = run(capsys, *FIT, "--resume", "--time-limit", "60")
    assert code == 0 and "\nconverged (" in err


def test_a_log_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    log = FitLog(tmp_path / "nowhere" / "run", resume=True)
    log.begin(["fit"])
    log.is_growing = True
    log.add("a line")
    log.save()
    assert not (tmp_path / "nowhere").exists()


def test_the_state_of_a_fit_in_words() -> None:
    errors = Rmse(1.234, 56.78, float("nan"))
    state = Progress("train", 7, 0.125, 0.5, errors, Rmse(2.0, 60.0, 0.5), left=12.3)
    assert state.sentence == (
        "iteration 7; loss 0.125; train 1.23 meV/atom, 56.8 meV/Å; "
        "held out 2 meV/atom, 60 meV/Å, 0.5 GPa; 12 s left"
    )
    assert Progress("fit", 0, float("nan"), 0.0).sentence == "iteration 0"


def test_the_live_line_is_drawn_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recording.begin()
    with progress.fitting(quiet=False) as tell:
        assert tell is None
    monkeypatch.setattr(progress.console, "is_terminal", lambda: True)
    with progress.fitting(quiet=False) as tell:
        assert tell is not None
        tell(Progress("fit", 3, 0.5, 0.25))
    with progress.fitting(quiet=True) as tell:
        assert tell is None
