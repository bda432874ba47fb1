"""Faults in the start of a fit, for all methods."""

from __future__ import annotations

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError


def not_finite_start(what: str) -> FitError:
    """The error that `what`, with its verb, has no value at the start."""
    message = f"{what} not finite at the start values"
    return FitError(Diagnostic("not-finite-start", message, help="choose other start values, or bounds"))
