"""A value that is worked out once for each object, by whichever thread asks first."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):
    """As functools.cached_property, with a lock for each object: that of Python 3.11 is one for all objects,
    and compilers that two threads wait for would run one after the other.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self.__doc__ = make, make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, on: None, owner: type) -> once[T]: ...
    @overload
    def __get__(self, on: object, owner: type) -> T: ...
    def __get__(self, on: object | None, owner: type) -> once[T] | T:
        if on is None:
            return self
        kept = vars(on)
        with kept.setdefault(f"lock of {self._name}", Lock()):
            if self._name not in kept:
                kept[self._name] = self._make(on)
        found: T = kept[self._name]
        return found
