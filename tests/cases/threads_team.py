"""A team in threads: messages are pickled as MPI's are, and go through queues."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Any, NoReturn

from potentia.runtime.ranks.team import Team, serve

Queues = dict[tuple[int, int], "Queue[bytes]"]


class InThreads:
    """As `Communicator` has it."""

    def __init__(self, rank: int, size: int, queues: Queues) -> None:
        self.rank, self.size, self._queues = rank, size, queues

    def send(self, value: object, to: int) -> None:
        self._queues[self.rank, to].put(pickle.dumps(value))

    def receive(self, source: int) -> Any:
        return pickle.loads(self._queues[source, self.rank].get(timeout=60))

    def flush(self) -> None:
        pass

    def abort(self, code: int) -> NoReturn:
        raise SystemExit(code)


def links(size: int) -> list[InThreads]:
    queues: Queues = {(a, b): Queue() for a in range(size) for b in range(size)}
    return [InThreads(rank, size, queues) for rank in range(size)]


@contextmanager
def team_of(size: int) -> Iterator[Team]:
    """The first of so many processes, while the others serve."""
    first, *others = links(size)
    threads = [Thread(target=serve, args=(link,), daemon=True) for link in others]
    for thread in threads:
        thread.start()
    team = Team(first)
    yield team
    team.end()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
