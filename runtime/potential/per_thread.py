"""Values of which each thread has its own, so that threads may share a calculator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from ..structures.arrays import Floats

if TYPE_CHECKING:
    from ase import Atoms

T = TypeVar("T")


class PerThread(Generic[T]):
    """A value for each thread. A new thread begins with the latest of all threads."""

    def __init__(self, value: T) -> None:
        self.latest = value
        self._own = threading.local()

    def get(self) -> T:
        found: T = getattr(self._own, "value", self.latest)
        return found

    def set(self, value: T, latest: bool = True) -> None:
        """latest: whether new threads begin with it."""
        self._own.value = value
        if latest:
            self.latest = value

    def __reduce__(self) -> tuple[object, ...]:
        """Another process goes on with the value of this thread."""
        return PerThread, (self.get(),)


@dataclass(frozen=True, eq=False)
class Calculated:
    """The results of a calculation, and a copy of its atoms; None before the first.

    caller: the atoms that were copied, while they exist.
    """

    atoms: Atoms | None = None
    results: dict[str, float | Floats] = field(default_factory=dict)
    caller: Callable[[], Atoms | None] = lambda: None

    def __reduce__(self) -> tuple[object, ...]:
        return Calculated, (self.atoms, self.results)

    def same_caller(self, other: Calculated) -> bool:
        mine = self.caller()
        return mine is not None and mine is other.caller()
