"""Warnings of functions that have no output of their own: the caller says what becomes of them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

from .diagnostic import Diagnostic
from .render import as_text

OnWarning = Callable[[Diagnostic], None]


class PotentiaWarning(UserWarning):
    """A warning about a spec, a run or this machine, with options as keyword arguments.

    diagnostic: with its code, and options as those of the command line.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(as_text([diagnostic.in_python()]))
        self.diagnostic = diagnostic

    def __reduce__(self) -> tuple[type[PotentiaWarning], tuple[Diagnostic]]:
        return type(self), (self.diagnostic,)


def as_python_warning(diagnostic: Diagnostic) -> None:
    """A warning of Python's own, at the line that called this package."""
    warnings.warn(PotentiaWarning(diagnostic), stacklevel=_levels())


def _levels() -> int:
    """The frames from `as_python_warning` up to the first that is not of this package."""
    frame, levels, own = sys._getframe(1), 1, __name__.partition(".compiler")[0]
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(f"{own}."):
        frame, levels = frame.f_back, levels + 1
    return levels
