"""The output of commands: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TextIO

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...compiler.diagnostics.plain import plain, plain_json
from ...compiler.diagnostics.render import as_json as diagnostics_as_data
from ...compiler.diagnostics.render import as_text
from ...compiler.diagnostics.warning import PotentiaWarning
from ..presentation.text import counted as counted
from ..presentation.text import table as table
from . import recording

# codes that there is nothing more to say of
_SELF_EXPLAINED = ("interrupted", "usage", "internal-error", "more-faults", "unknown-code")


def result(text: str, coloured: bool = False) -> None:
    """A result, on a line of stdout. coloured: the text has colours of ours, and is plain but for them.

    Raises ArtifactError unwritable.
    """
    recording.heard(text if coloured else plain(text))
    try:
        print(text if coloured else plain(text), flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(sys.stdout)
        message = f"cannot write the output: {error.strerror or error}"
        raise ArtifactError(Diagnostic("unwritable", message)) from error


def silence(stream: TextIO) -> None:
    """Let a stream go nowhere: what it still holds would fail again at the end of the process."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def result_json(value: object) -> None:
    """One JSON object on stdout. NaN and infinity are refused: they are no JSON."""
    result(plain_json(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)))


def say(text: str, quiet: bool = False, coloured: bool = False) -> None:
    """A message, on a line of stderr; nobody hears it where that is full. coloured: as `result` has it.

    A log of the command has it also where it is quiet.
    """
    recording.heard(text if coloured else plain(text))
    if quiet:
        return
    try:
        print(text if coloured else plain(text), file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        silence(sys.stderr)


def report(diagnostics: Iterable[Diagnostic], as_json: bool = False) -> None:
    """Diagnostics on stderr: text, in colour on a terminal, or one JSON object; none is nothing."""
    diagnostics = tuple(diagnostics)
    if not diagnostics:
        return
    if as_json:
        data = {"diagnostics": diagnostics_as_data(diagnostics)}
        say(plain_json(json.dumps(data, ensure_ascii=False, indent=2)))
    else:
        say(as_text(diagnostics, colour=_colour()), coloured=True)
        if is_terminal() and diagnostics[0].code not in _SELF_EXPLAINED:
            say(f"\nmore: potentia explain {diagnostics[0].code}")


def showing(as_json: bool) -> Callable[..., None]:
    """What shows Python's warnings: those with a diagnostic as `report` does, others as Python does."""
    others = warnings.showwarning

    def show(message: Warning | str, *about: Any, **more: Any) -> None:
        if isinstance(message, PotentiaWarning):
            report([message.diagnostic], as_json)
        else:
            others(message, *about, **more)

    return show


def is_terminal() -> bool:
    """Whether a person looks at stderr, so that progress may be drawn."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _colour() -> bool:
    return is_terminal() and "NO_COLOR" not in os.environ


def colours_result() -> bool:
    """Whether results are coloured: on a terminal, and in the pager of git."""
    seen = sys.stdout.isatty() or "GIT_PAGER_IN_USE" in os.environ
    return seen and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ


def saved(what: str, place: object) -> str:
    """The last line of a command: what it has done, and where that is."""
    return f"{what}; saved in {place}"


def lasted(seconds: float) -> str:
    """`9.3 s`, `45 s`, `20 min 34 s`, `2 h 05 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"
