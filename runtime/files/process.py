"""Processes as other processes know them: machine, number, and the time of the start."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

_NAME = re.compile(r"(\S+) ([0-9]{1,9}) ([0-9]+|\?)")


def own_name() -> str:
    """The machine, number and start of this process: no other has had them."""
    return f"{socket.gethostname()} {os.getpid()} {start_of(os.getpid())}"


def start_of(pid: int) -> str:
    """The start of a process by the kernel's clock, `0` where that is not known, `?` where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return "?" if fields[0] == "Z" else fields[19]
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "?"
    except PermissionError:
        return "0"
    return "0"


def is_name(text: object) -> bool:
    """Whether this can be the name of a process."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def runs_here(name: object) -> bool | None:
    """Whether the process of this name runs; None where it is one of another machine. What is no name is none
    of a process that runs.
    """
    parts = _NAME.fullmatch(name) if isinstance(name, str) else None
    if parts is None:
        return False
    host, pid, started = parts.groups()
    if host != socket.gethostname():
        return None
    return start_of(int(pid)) == started
