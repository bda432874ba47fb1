"""A command on several processes that a launcher started (mpirun, srun): the first runs it, the others serve.

Those have no output and write no file. A command that is not made for this is refused: each process would do
the same, and overwrite the files of the others.
"""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic, ToolError, UserError
from ..ranks.start import Place, place_of_start
from . import console

if TYPE_CHECKING:
    from ..ranks.agreement import Member
    from ..ranks.communicator import Communicator
    from ..ranks.team import Team

SHARED = ("fit", "fisher", "design")


class _Now:
    """The team that this process leads, and its members."""

    team: Team | None = None
    members: tuple[Member, ...] = ()


def run(arguments: Sequence[str], command: Callable[[Sequence[str]], int]) -> int:
    """The command on all processes that were started with this one; the exit code.

    A fault that all of them find is told by the first, a fault of an installation by one process a machine.
    """
    place = place_of_start(os.environ)
    if place.size == 1:
        return command(arguments)
    try:
        link = _linked(arguments, place)
    except UserError as error:
        is_told = place.local == 0 if isinstance(error, ToolError) else place.rank == 0
        if is_told:
            console.report(error.diagnostics, "--json" in arguments)
        return 1
    return _lead(link, arguments, command) if link.rank == 0 else _serve(link, is_heard=place.local == 0)


def team() -> Team:
    """The processes that share the work of this command; often this one alone."""
    from ..ranks.team import Team

    return _Now.team or Team()


def introduce(resumes: bool = True) -> None:
    """A line on the processes, where there are several. resumes: whether the command keeps checkpoints."""
    members = _Now.members
    if not members:
        return
    nodes = console.counted(len({m.host for m in members}), "machine")
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    cores = f", {console.counted(own, 'core')} each" if own else ""
    after = ", and `--resume` goes on" if resumes else ""
    console.say(f"ranks   {len(members)} processes on {nodes}{cores}; where one is killed, all end{after}")


def end_others(code: int) -> None:
    """End all processes now, where there are others."""
    if _Now.team is not None and _Now.team.size > 1:
        _Now.team.link.abort(code)


def _linked(arguments: Sequence[str], place: Place) -> Communicator:
    """Messages to the other processes, which agree with this one. Raises UserError."""
    name = next(iter(arguments), "")
    if name not in SHARED:
        message = f"`{name or 'potentia'}` runs in one process, and {place.size} were started"
        help = f"start it without mpirun; {', '.join(SHARED[:-1])} and {SHARED[-1]} run in several processes"
        raise UserError(Diagnostic("one-process", message, help=help))
    from ..ranks.agreement import agreed, this_process
    from ..ranks.mpi import Mpi
    from .threads import one_thread_each

    one_thread_each()
    link = Mpi(place)
    _Now.members = agreed(link, this_process(_facts(arguments)))
    return link


def _facts(arguments: Sequence[str]) -> dict[str, str]:
    """The arguments, and digests of the files that they name."""
    from ..data.dataset import digest
    from ..data.frames import split_slice
    from ..data.plain_file import SYSTEM

    found = {"command line": " ".join(arguments)}
    for word in (word.partition("=")[2] or word if word.startswith("-") else word for word in arguments):
        path: Path = split_slice(word)[0]
        if path.is_file() or (path / SYSTEM).is_file():
            found[f"`{word}`"] = digest(word)
    return found


def _lead(link: Communicator, arguments: Sequence[str], command: Callable[[Sequence[str]], int]) -> int:
    from ..ranks.team import Team

    _Now.team = Team(link)
    code = command(arguments)
    if _Now.team.is_waiting:  # an error here, while others are at work
        link.abort(code)
    _Now.team.end()
    return code


def _serve(link: Communicator, is_heard: bool) -> int:
    """Ctrl-C is the matter of the first process. is_heard: whether warnings of this machine are shown."""
    from ..fitting import least_squares  # noqa: F401  while the first process reads the data
    from ..ranks.team import serve
    from ..residuals import cpp  # noqa: F401

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not is_heard:
        warnings.simplefilter("ignore")
    try:
        serve(link)
    except UserError:  # the first process has ended
        link.abort(1)
    return 0
