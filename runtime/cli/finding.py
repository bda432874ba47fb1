"""A part of this machine that was tried, and the programs that try it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from ..files.plain_data import Data

State = Literal["works", "missing", "fails"]
_PATIENCE = 60.0  # s


@dataclass(frozen=True)
class Finding:
    """A part of the machine.

    text: its version and place, or why it does not work.
    help: the remedy, or a better choice.
    required: whether potentia needs it.
    facts: the text, for programs.
    """

    name: str
    state: State
    text: str
    help: str | None = None
    required: bool = False
    facts: Data = field(default_factory=dict)

    def as_data(self) -> Data:
        return asdict(self)


def run(command: Sequence[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """A program, which may be absent, hang or die."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
            env={**os.environ, **variables},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer in {_PATIENCE:.0f} s")
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", error.strerror or str(error))


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """The last words of a program, or how it ended."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    how = f"killed by signal {-done.returncode}" if done.returncode < 0 else f"code {done.returncode}"
    return lines[-1] if lines else how


def version_of(package: str) -> str | None:
    """Of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
