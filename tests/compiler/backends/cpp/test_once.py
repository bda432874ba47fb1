"""A value that is worked out once for each object."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from potentia.compiler.backends.cpp.once import once


class Slow:
    def __init__(self, together: Barrier) -> None:
        self.together, self.made = together, 0

    @once
    def value(self) -> int:
        self.together.wait(timeout=20)
        self.made += 1
        return self.made


def test_two_objects_work_at_the_same_time_and_each_once() -> None:
    """A lock that both share would leave one waiting for the other."""
    together = Barrier(2)
    objects = Slow(together), Slow(together)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda o: o.value, objects * 2))
    assert found == [1, 1, 1, 1]
    assert [o.made for o in objects] == [1, 1]
