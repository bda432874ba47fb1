"""A fit that is cut off, in a process of its own: Ctrl-C keeps the best; a killed fit resumes to the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from commands import run
from places import ROOT
from potentia.runtime.cli import console, interruption
from potentia.runtime.design import workers
from potentia.runtime.dynamics.outputs import STATE
from potentia.runtime.fitting.result import FitResult
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.runs.run_folder import load, save

# the signal is sent by the process to itself after its second checkpoint: at the same place every time
SCRIPT = """
import os, signal, sys
from potentia.runtime.fitting import checkpoint
from potentia.runtime.cli import interruption
from potentia.runtime.cli.main import main

interruption._SAVING = 60.0  # s, as the errors are looked at

number, *arguments = sys.argv[1:]
save, saved = checkpoint.save_state, []

def save_state(*what):
    save(*what)
    saved.append(1)
    if len(saved) == 2 and int(number):
        os.kill(os.getpid(), int(number))

checkpoint.save_state = save_state
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
sys.exit(main(arguments))
"""


# a thread that nothing stops, as one in XLA's compiler, and a command that waits for it
STUCK = """
import signal, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from potentia.compiler import pipeline
from potentia.runtime.cli import interruption, main

def parse(source):
    interruption.keeping(Path("nb.pes"), "all of it is kept; go on")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(stand_still).result()

def stand_still():
    time.sleep(0.1)  # as the command begins to wait
    print("here", flush=True)
    time.sleep(60)

pipeline.parse = parse
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
sys.argv = ["potentia", "check", "nb.pes"]
sys.exit(main.main())
"""


def test_ctrl_c_is_heard_where_python_does_not_hear_it(tmp_path: Path) -> None:
    (tmp_path / "nb.pes").write_text("E = lj(Nb)\n", encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", STUCK],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        began = monotonic()
        _, err = process.communicate(timeout=30)
        assert monotonic() - began < 2.5
    assert (process.returncode, err) == (
        130,
        "error[interrupted]: interrupted: all of it is kept; go on\n",
    )


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that an interruption waits, none of which pass, until it would end the process."""
    found: list[float] = []
    monkeypatch.setattr(interruption, "sleep", found.append)
    monkeypatch.setattr(interruption, "end", lambda: None)
    interruption.begin()
    return found


@pytest.mark.parametrize("place", ["there", "not there"])
def test_what_saves_its_best_has_two_seconds(
    place: str, waited: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "there").touch()
    interruption.keeping(tmp_path / place, "the fit so far is kept", saves=True)
    interruption._be_patient(as_json=False)
    told = capsys.readouterr().err.splitlines()
    if place == "there":
        assert told == [
            "interrupted: saving the best so far; Ctrl-C again ends at once",
            "error[interrupted]: interrupted: the fit so far is kept",
        ]
    else:
        assert told == ["error[interrupted]: interrupted: nothing was saved"]
    assert 1.0 < sum(waited) < 1.8


def test_an_interruption_is_acknowledged_on_a_terminal(
    waited: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "is_terminal", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    interruption._be_patient(as_json=False)
    last = "error[interrupted]: interrupted: nothing was saved"
    assert capsys.readouterr().err.splitlines() == ["interrupted: ending", last]
    interruption._be_patient(as_json=False)  # the command has told it itself
    assert capsys.readouterr().err == ""


# Ctrl-C while the command's first module of others is looked for
EARLY = """
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from potentia.runtime.cli.start import main
sys.exit(main())
"""


def test_nothing_but_potentia_is_imported_before_ctrl_c_is_heard() -> None:
    code = (
        "import __future__, importlib, os, sys; seen = set(sys.modules); import potentia.runtime.cli.start; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - seen})"
    )
    place = {"PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env=place, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["potentia"]


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_is_heard_while_modules_are_imported(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-c", EARLY, "check", *(["--json"] if as_json else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    interruption.begin()
    console.report([interruption.answered()], as_json)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", capsys.readouterr().err)


def test_what_a_library_makes_of_an_interruption_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_imported(source: object) -> None:
        with pytest.raises(KeyboardInterrupt):
            interruption._raise(signal.SIGINT, None)
        raise ImportError("cannot import name `x`")

    monkeypatch.setattr("potentia.compiler.pipeline.parse", half_imported)
    (tmp_path / "nb.pes").write_text("E = lj(Nb)\n", encoding="utf-8")
    told = "error[interrupted]: interrupted: nothing was saved\n"
    assert run(capsys, "check", str(tmp_path / "nb.pes")) == (130, "", told)


def test_other_workers_of_a_design_are_ended_by_the_first_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        is_ended = False

        def terminate(self) -> None:
            self.is_ended = True

        def join(self) -> None:
            assert self.is_ended

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    others = [Other(), Other()]
    monkeypatch.setattr(workers, "_others", lambda _: others)
    monkeypatch.setattr(workers, "_work", interrupted)
    clock = SimpleNamespace(spent=lambda: False)
    with pytest.raises(KeyboardInterrupt), workers.Workers(MagicMock()) as made:  # waits for no trial
        made.perform([MagicMock()], clock)  # type: ignore[arg-type]
    assert all(other.is_ended for other in others)

    hears = "import signal; print(signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    command = [sys.executable, "-S", "-c", hears]
    with workers._deaf_to_ctrl_c():
        assert subprocess.check_output(command, text=True) == "False\n"
    assert subprocess.check_output(command, text=True) == "True\n"


def test_other_workers_of_a_design_end_when_the_first_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[bool] = [True, True, False]
    first = SimpleNamespace(is_alive=lambda: looks.pop(0))
    worked = MagicMock()
    monkeypatch.setattr(workers.multiprocessing, "parent_process", lambda: first)
    monkeypatch.setattr(workers, "_work", worked)
    monkeypatch.setattr(workers, "Study", MagicMock())
    workers._work_alone(MagicMock(), MagicMock(), Path(), "metal.toml")
    assert worked.call_count == 2


OPTION = {"md": "--structure", "predict": "--structures"}


def test_an_interruption_says_what_is_kept_and_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    save(tmp_path / "run", compile("species Ar\nE = lj()\n"), certified=False)
    bulk("Ar", "fcc", 5.3).write("ar.xyz")
    monkeypatch.setattr("potentia.runtime.dynamics.simulation.simulate", interrupted)
    monkeypatch.setattr("potentia.runtime.potential.evaluators.CppEvaluator.predict", interrupted)
    told = {"md": "the run so far is kept in hot; go on with `--resume`", "predict": "nothing was saved"}
    for command, kept in told.items():
        more = ["-o", "hot", "--temperature", "30"] if command == "md" else ["--target", "cpp"]
        (tmp_path / "hot").mkdir(exist_ok=True)
        (tmp_path / "hot" / STATE).touch()
        code, _, err = run(capsys, command, "run", OPTION[command], "ar.xyz", *more)
        assert (code, err.splitlines()[-1]) == (130, f"error[interrupted]: interrupted: {kept}")


@pytest.mark.parametrize("there", [False, True])
def test_an_interrupted_design_says_that_its_trials_are_kept(
    there: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("potentia.runtime.api.design.design", interrupted)
    Path("nb").mkdir()
    if there:
        Path("nb/study.sqlite").touch()
    code, _, err = run(capsys, "design", "nb.toml", "--data", "nb.xyz", "-o", "nb")
    kept = "finished trials are kept in nb; the same command goes on" if there else "nothing was saved"
    assert (code, err.splitlines()[-1]) == (130, f"error[interrupted]: interrupted: {kept}")


def test_a_fit_that_is_cut_off_is_a_run_before_its_errors_are_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(potential: Potential, *_: object, **__: object) -> FitResult:
        return FitResult(potential, False, "interrupted", 0.0, (), None)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    crystal = bulk("Ar", "fcc", 5.3)
    crystal.calc = SinglePointCalculator(crystal, energy=-0.1, forces=np.zeros((1, 3)))
    crystal.write("ar.xyz")
    Path("ar.pes").write_text("E = lj(Ar, rc = 6 Å)\n", encoding="utf-8")
    monkeypatch.setattr("potentia.runtime.api.fit.compile_fit", lambda *_: None)
    monkeypatch.setattr("potentia.runtime.fitting.fit.fit", cut)
    monkeypatch.setattr("potentia.runtime.api.fit.evaluate_by", interrupted)
    code, _, err = run(capsys, "fit", "ar.pes", "--data", "ar.xyz", "-o", "ar")
    told = "error[interrupted]: interrupted: the run is saved in ar; go on with `--resume`"
    assert (code, err.splitlines()[-1]) == (130, told)
    assert (load("ar").metadata.reason, load("ar").metadata.train) == ("interrupted", None)


def fit(folder: Path, name: str, *more: str, number: int = 0) -> subprocess.CompletedProcess[str]:
    arguments = ["fit", "morse.pes", "--data", "nb.xyz", "-o", name, "--json", *more]
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(int(number)), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, demo_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("cut")
    (folder / "nb.xyz").write_text("".join(structures(demo_data)[::12]), encoding="utf-8")
    (folder / "morse.pes").write_text("E = morse(rc=5)\n", encoding="utf-8")
    return folder


def structures(path: Path) -> list[str]:
    """The text of each structure of an extxyz file."""
    lines, found = path.read_text(encoding="utf-8").splitlines(keepends=True), []
    while lines:
        end = int(lines[0]) + 2
        found.append("".join(lines[:end]))
        lines = lines[end:]
    return found


def test_ctrl_c_keeps_the_best_and_a_killed_fit_goes_on_to_the_same_end(folder: Path) -> None:
    cut = fit(folder, "cut", number=signal.SIGINT)
    assert cut.returncode == 130, cut.stderr
    assert "not converged (interrupted); saved in cut" in cut.stderr
    kept = json.loads(cut.stdout)["train"]
    assert kept["n_structures"] == 17

    killed = fit(folder, "cut", "--resume", number=signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    refused = fit(folder, "cut")
    assert refused.returncode == 1
    assert json.loads(refused.stderr)["diagnostics"][0]["code"] == "run-exists"

    whole, rest = fit(folder, "whole"), fit(folder, "cut", "--resume")
    assert whole.returncode == 0, whole.stderr
    assert (rest.returncode, rest.stdout) == (0, whole.stdout), rest.stderr
    assert json.loads(whole.stdout)["train"] != kept
    assert not list(folder.glob("*.partial"))
