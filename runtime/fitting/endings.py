"""The warning about a fit that ended before its minimum."""

from __future__ import annotations

from ...compiler.diagnostics.diagnostic import Diagnostic
from .task import FitTask


def not_converged(task: FitTask, reason: str, iterations: int, done: int) -> Diagnostic:
    """iterations: of the fit, those before it was resumed included; done: those of this call."""
    limit = task.config.time_limit
    help = _help(reason)
    if reason == "time" and limit is not None and not done:
        help = "raise --time-limit, and " + (
            "go on with --resume" if task.store.is_there else "start again with --force"
        )
        kept = "best parameters so far" if iterations else "start values"
        message = f"the time limit of {limit:g} s is shorter than an iteration: the {kept} are kept"
    else:
        message = f"the fit has not converged ({reason}) after {iterations} iterations"
    return Diagnostic("not-converged", message, "warning", help=help)


def _help(reason: str) -> str | None:
    if reason not in ("iterations", "time", "interrupted"):
        return None
    return "go on with --resume; --time-limit counts anew, --max-iterations does not"
