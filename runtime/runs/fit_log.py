"""The log of a fit: command, versions, machine, and all messages with their times.

It grows beside the checkpoint while the fit runs, and is in the run once that is saved.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...compiler.diagnostics.diagnostic import ArtifactError
from ..files.atomic import write_atomic
from ..files.states import checkpoint_of

FILE = "fit.log"
_PACKAGES = ("potentia", "numpy", "scipy", "jax", "jaxlib")


class FitLog:
    """The log of the fit to a folder; resume: it goes on with the log that is there.

    is_growing: the fit has begun, so that no other process writes to its files, and the log is written as it grows.
    A log that cannot be written ends no fit.
    """

    def __init__(self, folder: Path, resume: bool) -> None:
        self._run, self._partial = folder / FILE, checkpoint_of(folder).with_name(FILE)
        self._text, self._written, self.is_growing = "", 0, False
        if resume:
            self._text = max(_read(self._run), _read(self._partial), key=len)

    def begin(self, arguments: Sequence[str]) -> None:
        """A head: the command, versions and the machine."""
        self.add(f"{datetime.now(UTC).isoformat(timespec='seconds')}  potentia {' '.join(arguments)}")
        self.add(f"python {platform.python_version()}, {', '.join(_versions())}")
        self.add(f"{platform.platform()}, {os.cpu_count()} cores, {platform.node()}")

    def add(self, text: str) -> None:
        """A message, with the time of the day in UTC."""
        now = datetime.now(UTC).strftime("%H:%M:%S")
        self._text += "".join(f"{now}  {line}\n" for line in text.splitlines())
        if self.is_growing:
            self._grow()

    def save(self) -> None:
        """Put the log into the run that was saved."""
        with suppress(OSError, ArtifactError):
            if self._run.parent.is_dir():
                write_atomic(self._run, self._text)

    def _grow(self) -> None:
        """Add to the file what is new; the first time it is written whole."""
        with suppress(OSError):
            with self._partial.open("a" if self._written else "w", encoding="utf-8") as file:
                file.write(self._text[self._written :])
            self._written = len(self._text)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _versions() -> list[str]:
    found = []
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return found
