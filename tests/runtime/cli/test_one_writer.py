"""One process at a time writes to a folder; the second is told who does, and a killed one holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from commands import held_by_another, run
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.active.loop import learn
from potentia.runtime.files.lock import LOCK, only_writer_of, only_writer_within
from potentia.runtime.fitting.fit import fit
from potentia.runtime.potential.potential import compile
from potentia.runtime.properties.stored import PROPERTIES, keep
from potentia.runtime.residuals.config import FitConfig
from potentia.runtime.runs.run_folder import amend, save

TOML = 'spec = "a.pes"\ndata = ["a.xyz"]\n[explore]\ntemperatures = [300]\n[label]\ncalculator = "emt"\n'

HOLDS = """
import sys
from pathlib import Path
from potentia.runtime.files.lock import only_writer_of
with only_writer_of(Path("new")):
    print(flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nb.pes").write_text("species Nb\nE = lj()\n")
    (tmp_path / "a.toml").write_text(TOML)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("fit", "nb.pes", "--data", "nb.xyz", "-o", "new"),
        ("prune", "old", "--data", "nb.xyz", "-o", "new"),
        ("active", "a.toml", "-o", "new"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_second_is_told(
    arguments: tuple[str, ...], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locked = only_writer_within if arguments[0] == "active" else only_writer_of
    with held_by_another(locked(Path("new"))):
        code, _, err = run(capsys, *arguments)
    assert code == 1
    first, *rest = err.splitlines()
    assert first.startswith(f"error[in-use]: cannot write new: it is in use by process {os.getpid()} on ")
    assert rest == ["  --> new", "  help: wait for its end, or choose another folder with `-o`"]
    assert sorted(path.name for path in here.iterdir()) == ["a.toml", "nb.pes"]


def test_a_killed_process_holds_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("fit", "nb.pes", "--data", "nb.xyz", "-o", "new", "--quiet")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline()
        assert f"in use by process {holder.pid} on " in run(capsys, *arguments)[2]
        holder.kill()
    assert Path(".new.lock").exists()
    assert run(capsys, *arguments)[2].startswith("error[missing-file]: ")
    assert not Path(".new.lock").exists()


def test_without_locks_of_the_disk_the_holder_is_looked_for(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def unknown(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unknown)
    arguments = ("fit", "nb.pes", "--data", "nb.xyz", "-o", "new", "--quiet")
    with held_by_another(only_writer_of(Path("new"))):
        assert f"in use by process {os.getpid()} on " in run(capsys, *arguments)[2]
        held = Path(".new.lock").read_text()
    Path(".new.lock").write_text(held.replace(f" {os.getpid()} ", " 999999999 "))
    assert run(capsys, *arguments)[2].startswith("error[missing-file]: ")


def test_two_measurements_of_one_run_lose_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("new", compile("species Nb\nE = lj()\n"), certified=False)
    with held_by_another(only_writer_of(Path("new"))):
        code, _, err = run(capsys, "properties", "new", "--only", "lattice")
        assert code == 1 and err.startswith(
            f"error[in-use]: cannot write new: it is in use by process {os.getpid()} on "
        )
        with pytest.raises(ArtifactError, match="in use by process"):
            keep(Path("new") / PROPERTIES, ())
        keep(Path("elsewhere.json"), ())
    keep(Path("new") / PROPERTIES, ())
    assert sorted(p.name for p in here.iterdir()) == ["a.toml", "elsewhere.json", "nb.pes", "new"]


def test_python_too_writes_alone(here: Path) -> None:
    potential = compile("species Nb\nE = lj()\n")
    study = SimpleNamespace(folder=Path("study"))
    writes: list[Callable[[], object]] = [
        lambda: save("new", potential),
        lambda: amend(Path("new"), np.eye(2), np.eye(2), None),
        lambda: fit(potential, [], FitConfig(), folder=Path("new")),
        lambda: learn(study),  # type: ignore[arg-type]
    ]
    with held_by_another(only_writer_of(Path("new"))), held_by_another(only_writer_within(study.folder)):
        for write in writes:
            with pytest.raises(ArtifactError, match="in use by process"):
                write()


def test_a_thread_may_take_its_lock_again(here: Path) -> None:
    with only_writer_within(Path("new")):
        with only_writer_within(here / "new"):
            assert (Path("new") / LOCK).exists()
        assert (Path("new") / LOCK).exists()
    assert not Path("new").exists()
