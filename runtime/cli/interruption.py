"""Ctrl-C: heard within two seconds, wherever the command is, and answered with what is kept.

Python raises KeyboardInterrupt between two of its own steps, and one of them may be a minute in a compiler,
or a wait for threads in one. A thread that the signal wakes at once acknowledges it, waits a little for the
command to end by itself, and else ends the process. Files are whole or absent at any moment, so nothing is
lost by that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from types import FrameType
from typing import NoReturn

from ...compiler.diagnostics.diagnostic import Diagnostic
from . import console, together

INTERRUPTED = 130
_PATIENCE = 1.2  # s, and with what a command saves
_SAVING = 1.7  # s
_NOTICED = 0.3  # s after which a person may wonder


class _Now:
    """The answer to an interruption now.

    kept: what is saved once `place` exists, and how to go on. saves: the command saves what it has when it
    hears of the interruption. is_heard: Ctrl-C was pressed. is_answered: the last line is told.
    """

    place: Path | None = None
    kept = ""
    saves = False
    is_heard = False
    is_answered = False


def begin() -> None:
    """A command of which nothing is kept yet."""
    _Now.place, _Now.kept, _Now.saves = None, "", False
    _Now.is_heard = _Now.is_answered = False


def is_heard() -> bool:
    """Whether Ctrl-C was pressed: libraries turn the exception of that into others of their own."""
    return _Now.is_heard


def keeping(place: Path, kept: str, saves: bool = False) -> None:
    """From here on an interruption finds this kept, once the place exists."""
    _Now.place, _Now.kept, _Now.saves = place, kept, saves


def keeping_checkpoint(folder: Path, kept: str, saves: bool = False) -> None:
    """As `keeping`, of the checkpoint of a run that will be in the folder."""
    from ..files.states import checkpoint_of

    checkpoint = checkpoint_of(folder)
    keeping(checkpoint, f"{kept} in {checkpoint.parent}; go on with `--resume`", saves)


def answered() -> Diagnostic:
    """The interruption in a line, as the command ends."""
    _Now.is_answered = True
    return Diagnostic("interrupted", f"interrupted: {_Now.kept if _is_there() else 'nothing was saved'}")


def _is_there() -> bool:
    return _Now.place is not None and _Now.place.exists()


@contextlib.contextmanager
def heard(as_json: bool) -> Iterator[None]:
    """A process of our own hears Ctrl-C within two seconds in this block."""
    if not callable(signal.getsignal(signal.SIGINT)):  # ignored in the background
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    threading.Thread(target=_wait, args=(reader, as_json), daemon=True).start()
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, _raise)
    sys.unraisablehook = _unraisable
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)


def finished(code: int) -> None:
    """Behind the last line of a command an interruption ends the process, and changes nothing."""
    if signal.getsignal(signal.SIGINT) is _raise:
        _Now.is_answered = True
        signal.signal(signal.SIGINT, lambda *_: _leave(code))


def _unraisable(about: sys.UnraisableHookArgs) -> None:
    """Python drops and prints an exception in a callback of its own: the waiting thread ends the process."""
    if about.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(about)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    _Now.is_heard = True
    raise KeyboardInterrupt


def _wait(reader: int, as_json: bool) -> None:
    """End the process where the command does not, and at the second interruption at once."""
    _next_interruption(reader)
    threading.Thread(target=_be_patient, args=(as_json,), daemon=True).start()
    _next_interruption(reader)
    _end_now(as_json)


def _next_interruption(reader: int) -> None:
    while os.read(reader, 1)[0] != signal.SIGINT:
        pass


def _be_patient(as_json: bool) -> None:
    saves = _Now.saves and _is_there() and not _Now.is_answered
    if saves:
        console.say("interrupted: saving the best so far; Ctrl-C again ends at once")
    sleep(_NOTICED)
    if not saves and not _Now.is_answered and console.is_terminal() and not as_json:
        console.say("interrupted: ending")
    sleep((_SAVING if saves else _PATIENCE) - _NOTICED)
    _end_now(as_json)


def _end_now(as_json: bool) -> NoReturn:
    if not _Now.is_answered:
        console.report([answered()], as_json)
    end()


def end() -> NoReturn:
    """End the process at once: threads in a compiler neither keep it waiting nor meet its ruins."""
    _end_children()
    together.end_others(INTERRUPTED)
    if console.is_terminal():
        sys.stderr.write("\x1b[?25h")  # a bar hides the cursor
    _leave(INTERRUPTED)


def _leave(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def end_compilers() -> None:
    """After a fault nobody waits for what threads compile: the command ends with no more of it."""
    if threading.active_count() > 1:
        from ...compiler.backends.cpp.programs import end_for_good

        end_for_good()


def _end_children() -> None:
    from ...compiler.backends.cpp.programs import end_all

    end_all()
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children

        for child in active_children():
            child.terminate()
