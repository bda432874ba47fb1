"""The start of a team: the processes are held against each other, and get their cores."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ..files.installed import version_of
from .communicator import Communicator

_LIBRARIES = ("numpy", "scipy", "jax")


@dataclass(frozen=True)
class Member:
    """A process of a team. cores: those it may use; facts: by name, the same for all that have them."""

    host: str
    cores: frozenset[int]
    facts: Mapping[str, str]


def this_process(facts: Mapping[str, str]) -> Member:
    """This process. facts: those of the command; those of the installation are added."""
    cores = frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset[int]()
    versions = {name: version_of(name) or "" for name in _LIBRARIES}
    own = {"potentia": _sources(), "Python": platform.python_version(), **versions, **facts}
    return Member(socket.gethostname(), cores, own)


def _sources() -> str:
    """The digest of the code: a version number stays while a source tree changes."""
    root, state = Path(__file__).parents[2], sha256()
    for folder in ("compiler", "grammar", "runtime", "specs"):
        for path in sorted((root / folder).rglob("*.py")):
            state.update(path.read_bytes())
    return state.hexdigest()


def agreed(link: Communicator, own: Member) -> tuple[Member, ...]:
    """All members, told to each; this process keeps to its cores from here on.

    Raises FitError processes-differ, on each.
    """
    if link.rank:
        link.send(own, 0)
        members: tuple[Member, ...] = link.receive(0)
    else:
        members = (own, *(link.receive(rank) for rank in range(1, link.size)))
        for rank in range(1, link.size):
            link.send(members, rank)
    _require_same(members)
    _keep_to(cores_of(members, link.rank))
    return members


def _require_same(members: Sequence[Member]) -> None:
    first, found = members[0], []
    for name, known in first.facts.items():
        other = [k for k, m in enumerate(members) if m.facts.get(name, known) != known]
        if other:
            more = f" (and {len(other) - 1} more)" if len(other) > 1 else ""
            place = f"process {other[0]} on {members[other[0]].host}{more}"
            message = f"the processes of this command differ: {place} has another {name} than process 0"
            help = "all need the same installation, arguments and files, on a disk that all of them see"
            found.append(Diagnostic("processes-differ", f"{message} on {first.host}", help=help))
    if found:
        raise FitError(found)


def cores_of(members: Sequence[Member], rank: int) -> frozenset[int]:
    """The cores of a process: its part of those that it has in common with others of its machine."""
    own = members[rank]
    same = [k for k, m in enumerate(members) if m.host == own.host and m.cores == own.cores]
    cores, place, count = sorted(own.cores), same.index(rank), len(same)
    first, end = (len(cores) * k // count for k in (place, place + 1))
    return frozenset(cores[first:end] or cores[first : first + 1])


def _keep_to(cores: frozenset[int]) -> None:
    """Threads that begin from here on run on these cores, and libraries count them."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
