"""Programs that are waited for end with an interruption, and so do those that they started."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import sleep

import pytest
from potentia.compiler.backends.cpp import programs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no groups of processes")


def is_there(process: int) -> bool:
    """Whether a process runs; one that has ended may be kept by its parent."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for(is_so: object) -> None:
    for _ in range(500):
        if callable(is_so) and is_so():
            return
        sleep(0.01)
    raise AssertionError("it did not happen")


def test_what_a_program_says() -> None:
    done = programs.run(("sh", "-c", "cat; echo $LC_ALL >&2; exit 3"), "text")
    assert (done.returncode, done.stdout, done.stderr) == (3, "text", "C\n")
    done = programs.run(("/none/such",))
    assert (done.returncode, done.stderr) == (127, "No such file or directory")


def test_a_program_ends_with_the_programs_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = tmp_path / "number"

    def interrupted(self: subprocess.Popen[str], timeout: float | None) -> None:
        wait_for(lambda: number.exists() and number.read_text().strip())
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        programs.run(("sh", "-c", f"sleep 60 & echo $! > {number}; wait"))
    if os.path.isdir("/proc/self"):
        wait_for(lambda: not is_there(int(number.read_text())))


def test_those_of_threads_end() -> None:
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(programs.run, ("sleep", "60"))
        wait_for(lambda: programs._running)
        programs.end_all()
        assert found.result(timeout=10).returncode == -15
    assert not programs._running


def test_after_the_end_of_a_command_no_program_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_over", Event())
    assert programs.run(["true"]).returncode == 0
    programs.end_for_good()
    assert programs.run(["true"]).returncode == 127


def test_a_program_ends_once_a_check_fails(tmp_path: Path) -> None:
    """In whatever thread it is waited for; one that ends before is answered in full."""
    over = Event()

    def check() -> None:
        if over.is_set():
            raise TimeoutError

    text = "x" * 1_000_000
    with ThreadPoolExecutor(1) as pool, programs.ended_by(check):
        assert programs.run(("sh", "-c", "sleep 0.3; cat"), text).stdout == text
        waiting = pool.submit(programs.run, ("sh", "-c", f"echo $$ > {tmp_path}/number; sleep 60"))
        wait_for(lambda: (tmp_path / "number").exists() and (tmp_path / "number").read_text().strip())
        over.set()
        with pytest.raises(TimeoutError):
            waiting.result(10)
    assert not is_there(int((tmp_path / "number").read_text()))
