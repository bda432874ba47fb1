"""Warnings of functions that have no output of their own: the caller says what becomes of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from .diagnostic import Diagnostic
from .render import as_text

OnWarning = Callable[[Diagnostic], None]


def as_python_warning(diagnostic: Diagnostic) -> None:
    """A warning of Python's own."""
    warnings.warn(as_text([diagnostic]), stacklevel=3)
