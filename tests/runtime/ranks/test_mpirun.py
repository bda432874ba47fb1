"""A fit that mpirun starts, and the messages of MPI; nothing is tried where mpi4py or mpirun is missing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import potentia
import pytest
from commands import imported_by, run
from potentia.compiler.diagnostics.diagnostic import ToolError
from potentia.runtime.files.process import own_name
from potentia.runtime.ranks import mpi

SPEC = "species Nb\nE = morse(D = 0.5 eV, a = 1.4, r0 = 2.8 Å, rc = 4.5 Å) + reference()\n"


def mpirun() -> str:
    """The mpirun of this Python, or of the path."""
    pytest.importorskip("mpi4py", reason="mpi4py is not installed", exc_type=ImportError)
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    found = shutil.which("mpirun", path=beside)
    if found is None:
        pytest.skip("there is no mpirun")
    return found


def test_a_fit_of_two_processes_is_that_of_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, demo_data: Path, root: Path
) -> None:
    """One output, one run; a command that is not shared is refused once."""
    launcher, spec = mpirun(), tmp_path / "nb.pes"
    spec.write_text(SPEC)
    given = "fit", str(spec), "--data", f"{demo_data}@:6", "--tolerance", "1e-9", "-o"
    assert run(capsys, *given, str(tmp_path / "one"))[0] == 0
    path = os.pathsep.join((str(root.parent), os.environ.get("PYTHONPATH", "")))
    command = (launcher, "-n", "2", sys.executable, "-m", "potentia.runtime.cli.start")
    done, refused = (
        subprocess.run(
            (*command, *arguments),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "PYTHONPATH": path},
        )
        for arguments in ((*given, str(tmp_path / "two")), ("check", str(spec)))
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("trained parameters") == 1
    assert done.stderr.count("ranks   2 processes on 1 machine, ") == 1
    one, two = (potentia.load(tmp_path / name) for name in ("one", "two"))
    np.testing.assert_allclose(two.theta, one.theta, rtol=1e-10)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["nb.pes", "one", "two"]
    assert refused.stderr.count("`check` runs in one process, and 2 were started") == 1
    assert refused.returncode == 1


def test_a_design_of_two_processes_is_that_of_one(tmp_path: Path, demo_data: Path, root: Path) -> None:
    """Both do trials of the study."""
    launcher, config = mpirun(), tmp_path / "nb.toml"
    config.write_text(
        'folds = 2\nsizes = [3, 5]\nmoves = []\n[[catalogue]]\nterm = "pair(bessel5, rc = 1.7 * d)"\n'
    )
    path = os.pathsep.join((str(root.parent), os.environ.get("PYTHONPATH", "")))
    start = (sys.executable, "-m", "potentia.runtime.cli.start")
    fronts = []
    for folder, before in (("one", ()), ("two", (launcher, "-n", "2"))):
        given = "design", str(config), "--data", f"{demo_data}@:8", "-o", str(tmp_path / folder), "--json"
        done = subprocess.run(
            (*before, *start, *given, "--workers", "1"),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert done.returncode == 0, done.stderr
        fronts.append([(row["size"], row["cv"]) for row in json.loads(done.stdout)["front"]])
    assert fronts[0] == fronts[1]
    with sqlite3.connect(tmp_path / "two" / "study.sqlite") as db:
        assert len(db.execute("select distinct worker from trials").fetchall()) == 2


def test_a_fit_by_itself_loads_no_mpi(demo_data: Path, root: Path) -> None:
    assert "mpi4py" not in imported_by("check", str(root / "specs" / "nb.pes"))


class World:
    """One of two processes as mpi4py has it, whose other sends nothing."""

    def __init__(self, other: str) -> None:
        self.other = other

    def Get_rank(self) -> int:
        return 0

    def Get_size(self) -> int:
        return 2

    def allgather(self, name: str) -> list[str]:
        return [name, self.other]

    def improbe(self, source: int) -> None:
        return None


def link(monkeypatch: pytest.MonkeyPatch, other: str, size: int = 2) -> mpi.Mpi:
    library: Any = SimpleNamespace(COMM_WORLD=World(other), Get_library_version=lambda: "MPICH  Version: 5\n")
    monkeypatch.setattr(mpi, "_imported", lambda: library)
    monkeypatch.setattr(mpi, "_LOOK", 0.01)
    return mpi.Mpi(mpi.Place(0, size))


def test_a_wait_ends_where_the_other_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    host, pid, _ = own_name().rsplit(" ", 2)
    with pytest.raises(ToolError, match=f"process 1 of this command has ended \\(number {pid} on {host}\\)"):
        link(monkeypatch, f"{host} {pid} 1").receive(1)


def test_another_mpi_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match="the launcher started 4 processes, and mpi4py sees 2") as caught:
        link(monkeypatch, own_name(), 4)
    assert "mpi4py runs on MPICH Version: 5: " in (caught.value.diagnostics[0].help or "")
