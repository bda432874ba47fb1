"""The messages of a command in a log, and a line for each iteration where `--verbose` asks for one."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..runs.fit_log import FitLog

_COLOUR = re.compile("\x1b\\[[0-9;]*m")


class _Now:
    """log: has each message of the command. is_verbose: whether iterations are shown as lines.
    started: the beginning of the fit.
    """

    log: FitLog | None = None
    is_verbose = False
    started = 0.0


def heard(text: str) -> None:
    """A message, shown or not."""
    if _Now.log is not None:
        _Now.log.add(_COLOUR.sub("", text))


def stepped() -> None:
    """An iteration is over: the log may be written from now on."""
    if _Now.log is not None:
        _Now.log.is_growing = True


def hears_steps() -> bool:
    """Whether anybody wants a line for each iteration."""
    return _Now.is_verbose or _Now.log is not None


def shows_steps() -> bool:
    """Whether people want one."""
    return _Now.is_verbose


def begin() -> None:
    """A command whose messages go to no log."""
    _Now.log, _Now.is_verbose = None, False


def begin_fit(folder: Path, resume: bool, verbose: bool) -> None:
    """From here on the messages of the command go to the log of the run that will be in the folder."""
    from ..runs.fit_log import FitLog

    _Now.is_verbose, _Now.started = verbose, monotonic()
    if folder.name:  # the fit itself refuses one without
        _Now.log = FitLog(folder, resume)
        _Now.log.begin(sys.argv[1:])


def saved() -> None:
    """The run is saved, and the command is at its end: the log goes into the run."""
    if _Now.log is not None:
        _Now.log.add(f"ended after {monotonic() - _Now.started:.1f} s")
        _Now.log.save()
