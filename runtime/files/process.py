"""Processes as other processes know them: machine, number, and the time of the start."""

from __future__ import annotations

import os
import socket
from pathlib import Path


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


def runs_here(name: str) -> bool | None:
    """Whether the process of this name runs; None where it is one of another machine."""
    host, pid, started = name.rsplit(" ", 2)
    if host != socket.gethostname():
        return None
    return start_of(int(pid)) == started
