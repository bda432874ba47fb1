"""The end of the time that work may take. Work asks for it between its pieces, and stops there."""

from __future__ import annotations

from time import monotonic

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError


class TimeIsUp(FitError):
    """The time that was allowed is over, and what was begun is not done."""

    @classmethod
    def now(cls) -> TimeIsUp:
        help = "allow more with --time-limit"
        return cls(Diagnostic("time-is-up", "the time allowed ended before anything was done", help=help))


class Deadline:
    """So many seconds from now; None: no end."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._started = monotonic()

    @property
    def elapsed(self) -> float:
        """s since it was set."""
        return monotonic() - self._started

    @property
    def left(self) -> float | None:
        """s, at least 0; None without an end."""
        return None if self._seconds is None else max(self._seconds - self.elapsed, 0.0)

    @property
    def is_over(self) -> bool:
        return self.left == 0.0

    @property
    def share(self) -> float:
        """Of the time, how much has passed: 0 to 1; 0 without an end."""
        return 0.0 if self._seconds is None else min(self.elapsed / max(self._seconds, 1e-9), 1.0)

    def require(self) -> None:
        """Raise TimeIsUp once the time is over."""
        if self.is_over:
            raise TimeIsUp.now()

    def within(self, share: float) -> Deadline:
        """A deadline after this share of what is left."""
        left = self.left
        return Deadline(None if left is None else share * left)
