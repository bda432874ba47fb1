"""Errors as values: made anywhere, collected, rendered by `render`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

from .as_keywords import as_keywords
from .plain import plain
from .source import Span

_LONGEST_WORD = 100  # that is looked up: nobody means a longer one
_MOST = 50  # faults that are told at once
MOST_FOUND = 100  # that are looked for: each is compared with all known words

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Fix:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """A fault or a likely mistake, with its place.

    code: a stable name, which has a page in `docs/errors`.
    message: the fault in one sentence; help: the remedy; fix: the same as an edit of the spec.
    severity: `error`, `warning` or `note`.
    primary: the span at fault in a spec; label: the words under it.
    secondary: further spans with their labels.
    place: a place that is not in a spec, such as "nb.xyz, structure 17".
    """

    code: str
    message: str
    severity: Severity = "error"
    primary: Span | None = None
    label: str = ""
    secondary: tuple[tuple[Span, str], ...] = ()
    place: str | None = None
    help: str | None = None
    fix: Fix | None = None

    def in_python(self) -> Diagnostic:
        """The same for a caller in Python: options of the command line are keyword arguments."""
        place = as_keywords(self.place) if self.place and self.place.startswith("--") else self.place
        help = self.help and as_keywords(self.help)
        return replace(self, message=as_keywords(self.message), place=place, help=help)

    def sentences(self) -> str:
        """Message, place and help, each on a line of its own."""
        where = [self.place] if self.place else []
        if self.primary is not None:
            line, column = self.primary.source.locate(self.primary.start)
            where.append(f"{self.primary.source.name}:{line}:{column}")
        lines = [self.message, *(f"  --> {place}" for place in where)]
        return plain("\n".join([*lines, f"  help: {self.help}"] if self.help else lines))


class UserError(Exception):
    """The user's fault: one or more diagnostics. Exit code 1.

    Its text has message, place and help, for a caller in Python: options are keyword arguments.
    """

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        if isinstance(diagnostics, Diagnostic):
            diagnostics = (diagnostics,)
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The messages alone, in one line."""
        return "; ".join(d.message for d in self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(d.in_python().sentences() for d in self.diagnostics)

    def __reduce__(self) -> tuple[type[UserError], tuple[tuple[Diagnostic, ...]]]:
        """The error of a worker reaches the process that waits for it."""
        return type(self), (self.diagnostics,)


class SpecError(UserError):
    """A spec that is not valid."""


class DataError(UserError):
    """Data that cannot be used."""


class FitError(UserError):
    """A fit that cannot go on."""


class ArtifactError(UserError):
    """A saved model that cannot be read or written."""


class ToolError(UserError):
    """A program of the system that is missing or fails, such as a compiler, and the files it makes."""


class InternalError(Exception):
    """Our fault. Exit code 70."""


def capped(found: Iterable[Diagnostic], is_all: bool = True) -> tuple[Diagnostic, ...]:
    """The first faults, and the number of the others. is_all: the end was reached."""
    faults = tuple(found)
    if len(faults) <= _MOST:
        return faults
    at_least = "" if is_all else "at least "
    more = Diagnostic("more-faults", f"and {at_least}{len(faults) - _MOST} more", "note")
    return (*faults[:_MOST], more)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A help line naming the closest known word, or None where nothing is close."""
    close = _closest(word, tuple(known))
    return f"did you mean `{close}`?" if close else None


def respelt(span: Span, word: str, known: Iterable[str]) -> Fix | None:
    """The word that `span` is, spelt as the closest known one; None where nothing is close."""
    close = _closest(word, tuple(known))
    return Fix(span, close) if close else None


@lru_cache(maxsize=MOST_FOUND)
def _closest(word: str, known: tuple[str, ...]) -> str | None:
    if len(word) > _LONGEST_WORD:
        return None
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if not close:  # case apart: `NN` for `nn`
        close = [name for name in known if name.lower() == word.lower()][:1]
    return close[0] if close else None
