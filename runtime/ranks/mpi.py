"""Messages by MPI, through mpi4py. Nothing else imports it."""

from __future__ import annotations

import sys
from contextlib import suppress
from time import monotonic, sleep
from typing import Any, NoReturn

from ...compiler.diagnostics.diagnostic import Diagnostic, ToolError
from ..files.process import own_name, runs_here
from .communicator import ended
from .start import Place

_PAUSE = 2e-3  # s: the longest between two looks for a message, so that waiting takes no core from work
_LOOK = 2.0  # s between two looks whether a process of this machine still runs


class Mpi:
    """As `Communicator` has it."""

    def __init__(self, place: Place) -> None:
        """place: that of the launcher. Raises ToolError: no-mpi, mpi-mismatch."""
        self._mpi = _imported()
        self._world = self._mpi.COMM_WORLD
        self.rank, self.size = int(self._world.Get_rank()), int(self._world.Get_size())
        if self.size != place.size:
            message = f"the launcher started {place.size} processes, and mpi4py sees {self.size}"
            library = " ".join(str(self._mpi.Get_library_version()).strip("\0").split("\n", 1)[0].split())
            help = f"mpi4py runs on {library}: use its mpirun, or install mpi4py for the MPI of this launcher"
            raise ToolError(Diagnostic("mpi-mismatch", message, help=help))
        self._sent: list[Any] = []
        self._names: list[str] = self._world.allgather(own_name())

    def send(self, value: object, to: int) -> None:
        self._sent = [request for request in self._sent if not request.test()[0]]
        self._sent.append(self._world.isend(value, dest=to))

    def receive(self, source: int) -> Any:
        looked, pause = monotonic(), 0.0
        while True:
            message = self._world.improbe(source=source)
            if message is not None:
                return message.recv()
            sleep(pause)
            pause = min(_PAUSE, pause + 1e-5)
            if monotonic() - looked > _LOOK:
                looked = monotonic()
                if runs_here(self._names[source]) is False:
                    raise ended(source, self._names[source])

    def flush(self) -> None:
        while self._sent:
            self._sent = [request for request in self._sent if not request.test()[0]]
            if self._sent:
                sleep(_PAUSE / 10)

    def abort(self, code: int) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        self._world.Abort(code)
        raise SystemExit(code)


def _imported() -> Any:
    try:
        from mpi4py import MPI
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        why = "mpi4py is not installed" if missing else f"mpi4py cannot be loaded: {error}"
        message = f"this is one of several processes, and {why}: each would make the same fit"
        help = "`pip install potentia[mpi]`, or start it without mpirun"
        raise ToolError(Diagnostic("no-mpi", message, help=help)) from error
    except RuntimeError as error:  # there is no MPI library
        first = next(iter(str(error).splitlines()), "")
        message = f"this is one of several processes, and mpi4py finds no MPI: {first}"
        help = "load the module of the MPI, or `pip install mpich`"
        raise ToolError(Diagnostic("no-mpi", message, help=help)) from error
    return MPI
