"""Work that the processes of a command share: the first asks, each does its part, results join by pairs.

Process r receives the joined result of r + 1, then that of r + 2, r + 4, …, and sends its own to the first
number that lies before it so: the depth is log₂ of the number of processes, and the order is always the same.
The first process alone decides: clocks, files and interruptions of the others have no part in a result.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import add
from typing import Any, Generic, TypeVar, TypeVarTuple

from ...compiler.diagnostics.diagnostic import InternalError, UserError
from .communicator import Alone, Communicator

T = TypeVar("T")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")
Join = Callable[[Any, Any], Any]  # of results of one type


@dataclass(frozen=True)
class _Fault:
    """An error of another process, with its number. text: that of an error which is no user's."""

    rank: int
    error: UserError | None
    text: str


@dataclass(frozen=True)
class _Answer:
    """The joined result of some processes to the request of this number."""

    request: int
    value: Any


@dataclass(frozen=True)
class _Make:
    """Keep make(*arguments) under a number."""

    key: int
    make: Callable[..., Any]
    arguments: tuple[object, ...]


@dataclass(frozen=True)
class _Work:
    """Answer with work(object, *arguments), joined with the results of others."""

    request: int
    key: int
    work: Callable[..., Any]
    join: Join
    arguments: tuple[object, ...]


class Team:
    """The processes of a command, as the first of them sees them."""

    def __init__(self, link: Communicator | None = None) -> None:
        """link: None for this process alone."""
        self.link = link or Alone()
        self._asked = self._answered = self._held = 0

    @property
    def size(self) -> int:
        return self.link.size

    @property
    def is_waiting(self) -> bool:
        """Whether a request was left before all have answered: by an error or an interruption."""
        return self._answered < self._asked

    def hold(self, own: T, make: Callable[..., T], others: Sequence[tuple[object, ...]]) -> Held[T]:
        """An object on each process: own here, make(*arguments) on the others, in their order."""
        self._held += 1
        for rank, arguments in enumerate(others, 1):
            self.link.send(_Make(self._held, make, arguments), rank)
        self.link.flush()  # long messages get on while both are in MPI, and this process goes to work now
        return Held(self, self._held, own)

    def ask(self, key: int, own: T, work: Callable[..., R], join: Callable[[R, R], R], *args: object) -> R:
        self._asked += 1
        for rank in range(1, self.size):
            self.link.send(_Work(self._asked, key, work, join, args), rank)
        self.link.flush()
        found = _joined(self.link, self._asked, work(own, *args), join)
        self._answered = self._asked
        if isinstance(found, _Fault):
            raise _error(found)
        return found

    def end(self) -> None:
        """Let the others end."""
        for rank in range(1, self.size):
            self.link.send(None, rank)
        self.link.flush()


@dataclass(frozen=True, eq=False)
class Held(Generic[T]):
    """An object on each process."""

    team: Team
    key: int
    own: T

    def reduced(
        self,
        work: Callable[[T, *Ts], R],
        join: Callable[[R, R], R],
        *args: *Ts,
    ) -> R:
        """work(object, *args) of all processes, joined by pairs. work, join: functions of a module.

        Raises the errors of `work` here, and UserError or InternalError for those of other processes.
        """
        return self.team.ask(self.key, self.own, work, join, *args)

    def gathered(self, work: Callable[[T, *Ts], R], *args: *Ts) -> list[R]:
        """work(object, *args) of all processes, in their order. Raises as `reduced`."""
        return self.team.ask(self.key, self.own, _listed, add, work, *args)


def _listed(held: T, work: Callable[..., R], *args: object) -> list[R]:
    return [work(held, *args)]


def serve(link: Communicator) -> None:
    """Answer the requests of the first process until it lets this one end."""
    held: dict[int, object] = {}
    while (request := link.receive(0)) is not None:
        if isinstance(request, _Make):
            held[request.key] = _tried(link, request.make, *request.arguments)
        else:
            own = held[request.key]
            if not isinstance(own, _Fault):
                own = _tried(link, request.work, own, *request.arguments)
            _joined(link, request.request, own, request.join)
    link.flush()


def _tried(link: Communicator, work: Callable[..., R], *args: object) -> R | _Fault:
    try:
        return work(*args)
    except UserError as error:
        return _Fault(link.rank, error, "")
    except Exception as error:
        return _Fault(link.rank, None, "".join(traceback.format_exception(error)))


def _joined(link: Communicator, request: int, own: object, join: Join) -> Any:
    """The results of this process and of those that report to it; sent on, but by the first."""
    step = 1
    while step < link.size:
        if link.rank % (2 * step):
            link.send(_Answer(request, own), link.rank - step)
            return own
        if link.rank + step < link.size:
            other = _answer(link, request, link.rank + step)
            fault = next((x for x in (own, other) if isinstance(x, _Fault)), None)
            own = join(own, other) if fault is None else fault
        step *= 2
    return own


def _answer(link: Communicator, request: int, source: int) -> Any:
    """The answer of a process to this request; those to requests that were left are dropped."""
    while True:
        answer: _Answer = link.receive(source)
        if answer.request == request:
            return answer.value


def _error(fault: _Fault) -> Exception:
    if fault.error is not None:
        return fault.error
    return InternalError(f"process {fault.rank} of this command failed\n{fault.text}")
