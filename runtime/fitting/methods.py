"""The registry of fitting methods: a method has a file of its name here, with `@method` in it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ..optimize.methods import Method
from .result import FitResult
from .task import FitTask

Fit = Callable[[FitTask], FitResult]

_FITS: dict[str, Fit] = {}


def method(declared: Method) -> Callable[[Fit], Fit]:
    """Marks the function that fits by this method."""

    def register(fit: Fit) -> Fit:
        _FITS[declared.name] = fit
        return fit

    return register


def fit_by(declared: Method) -> Fit:
    """The function that fits by this method."""
    import_module(f".{declared.name.replace('-', '_')}", __package__)
    return _FITS[declared.name]
