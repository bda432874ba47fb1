"""One process at a time writes to a folder; the second is told who does, and a killed one holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run
from potentia.runtime.files.lock import only_writer_of, only_writer_within

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
    held = only_writer_within if arguments[0] == "active" else only_writer_of
    with held(Path("new")):
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
    with only_writer_of(Path("new")):
        assert f"in use by process {os.getpid()} on " in run(capsys, *arguments)[2]
        held = Path(".new.lock").read_text()
    Path(".new.lock").write_text(held.replace(f" {os.getpid()} ", " 999999999 "))
    assert run(capsys, *arguments)[2].startswith("error[missing-file]: ")
