"""Messages between the processes of a command."""

from __future__ import annotations

from typing import Any, NoReturn, Protocol

from ...compiler.diagnostics.diagnostic import Diagnostic, InternalError, ToolError


class Communicator(Protocol):
    """Messages between processes that are numbered from 0; those of one sender arrive in their order."""

    @property
    def rank(self) -> int:
        """The number of this process."""

    @property
    def size(self) -> int:
        """The number of processes."""

    def send(self, value: object, to: int) -> None:
        """Send a value that can be pickled; returns at once."""

    def receive(self, source: int) -> Any:
        """The next value of a process, once it is there. Raises ToolError process-ended; Ctrl-C is heard."""

    def flush(self) -> None:
        """Wait until the others have what was sent to them; Ctrl-C is heard."""

    def abort(self, code: int) -> NoReturn:
        """End all processes at once, with this exit code."""


class Alone:
    """A process that nobody shares the work with."""

    rank, size = 0, 1

    def send(self, value: object, to: int) -> None:
        raise InternalError(f"one process alone sends to process {to}")

    def receive(self, source: int) -> Any:
        raise InternalError(f"one process alone waits for process {source}")

    def flush(self) -> None:
        pass

    def abort(self, code: int) -> NoReturn:
        raise SystemExit(code)


def ended(rank: int, process: str) -> ToolError:
    """The error of a process that is no more. process: as `files.process.own_name`."""
    host, pid, _ = process.rsplit(" ", 2)
    message = f"process {rank} of this command has ended (number {pid} on {host})"
    help = "was it killed, or out of memory? A fit goes on from its checkpoint with `--resume`"
    return ToolError(Diagnostic("process-ended", message, help=help))
