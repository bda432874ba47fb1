"""Programs of the system that are waited for: none of them outlives an interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from threading import Event

_running: set[subprocess.Popen[str]] = set()
_over = Event()  # no more are started
_checks: list[Callable[[], None]] = []
_PAUSE = 0.1  # s between two questions


def run(command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
    """A program with its messages in English. One that cannot be started is one that failed."""
    if _over.is_set():
        return subprocess.CompletedProcess(command, 127, "", "the command is over")
    try:
        process = _started(command, text)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", error.strerror or str(error))
    _running.add(process)
    with process:
        try:
            out, err = _output(process)
        except BaseException:
            _end(process)
            raise
        finally:
            _running.discard(process)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _started(command: Sequence[str], text: str) -> subprocess.Popen[str]:
    with TemporaryFile() as given:  # a pipe is fed by `communicate`, which forgets it after a timeout
        given.write(text.encode())
        given.seek(0)
        return subprocess.Popen(
            command,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "LC_ALL": "C"},
            # its own programs are ended with it
            process_group=None if sys.platform == "win32" else 0,
        )


def _output(process: subprocess.Popen[str]) -> tuple[str, str]:
    while True:
        try:
            return process.communicate(timeout=_PAUSE if _checks else None)
        except subprocess.TimeoutExpired:
            for check in tuple(_checks):
                check()


@contextmanager
def ended_by(check: Callable[[], None]) -> Iterator[None]:
    """A program that any thread waits for in this block ends, with the exception, once `check` raises one."""
    _checks.append(check)
    try:
        yield
    finally:
        _checks.remove(check)


def end_for_good() -> None:
    """End them, and start no more."""
    _over.set()
    end_all()


def end_all() -> None:
    """End those that threads of this process wait for."""
    for process in tuple(_running):
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """A compiler removes its temporary files at this signal."""
    with suppress(OSError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, signal.SIGTERM)
