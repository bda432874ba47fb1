"""A process that is killed while it replaces a run leaves one: the old or the new, under its name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import run
from potentia.runtime.files.lock import only_writer_of
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs import run_folder

SPEC = "species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4.5 Å)\n"

# each child ends, as by SIGKILL, right after its k-th rename; the parent says how it ended
SCRIPT = """
import os, sys
from pathlib import Path
import numpy as np
from potentia.runtime.files import atomic
from potentia.runtime.runs import run_folder

can_exchange, folders = sys.argv[1] == "yes", sys.argv[2:]

def dying(function, renames, last):
    def call(*names):
        done = function(*names)
        renames.append(names)
        if done is not False and len(renames) == last:
            os._exit(9)
        return done
    return call

for k, folder in enumerate(map(Path, folders), 1):
    child = os.fork()
    if not child:
        renames = []
        if can_exchange:
            atomic.exchanged = dying(atomic.exchanged, renames, k)
        else:
            atomic.exchanged = lambda *names: False
        os.replace = dying(os.replace, renames, k)
        one = {"floor": 0, "factor": 1, "errors": k}
        run_folder.amend(folder, np.eye(2), np.eye(2), {"energy": one, "forces": one})
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize(("exchange", "command_of_a_user"), [("yes", "log"), ("no", "check")])
def test_a_run_outlives_a_kill_after_every_rename(
    exchange: str, command_of_a_user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [tmp_path / f"run{k}" for k in range(7)]
    for folder in folders:
        run_folder.save(folder, compile(SPEC))
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, exchange, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    killed = [code == "9" for code in done.stdout.split()]
    # two files are written, then the folder is put in place
    assert killed == ([True] * 3 + [False] * 4 if exchange == "yes" else [True] * 5 + [False] * 2)
    kept = []
    for folder in folders:
        assert run(capsys, command_of_a_user, str(folder))[0] == 0
        kept.append(run_folder.load(folder).metadata.calibration is not None)
        with only_writer_of(folder):  # who writes next cleans up
            pass
    assert kept == [False, False, *[True] * 5] if exchange == "yes" else [False] * 3 + [True] * 4
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name for folder in folders]
