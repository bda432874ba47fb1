"""Files of tables as lines of words and blocks of numbers; a fault is at the place of its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...files.lines import Line, text_of
from ...structures.arrays import Floats

_LARGEST = 1e100  # a product of two, as of charges, and a slope stay finite


class Blocks:
    """A file read from its beginning."""

    def __init__(self, path: Path) -> None:
        """Raises ArtifactError: missing-file, unreadable-file."""
        self.path = path
        self._lines = text_of(path).splitlines()
        self._next = 0

    def line(self, what: str) -> Line:
        """The next line. Raises ArtifactError truncated-file."""
        if self._next >= len(self._lines):
            raise self._cut_off(f"the file ends before {what}")
        self._next += 1
        return self._line(self._next)

    def header(self, what: str, least: int, usage: str) -> Line:
        """The next line, which has at least so many words.

        Raises ArtifactError: truncated-file, malformed-input.
        """
        line = self.line(what)
        if len(line.words) < least:
            raise line.error(f"{what} has {len(line.words)} words, not {least}", f"usage: {usage}")
        return line

    def numbers(self, n: int, what: str) -> Floats:
        """A block of so many numbers, which ends with a line.

        Raises ArtifactError: truncated-file, malformed-input.
        """
        found: list[float] = []
        while len(found) < n:
            if self._next >= len(self._lines):
                raise self._cut_off(f"the file ends after {len(found)} of the {n} numbers of {what}")
            self._next += 1
            text = self._lines[self._next - 1]
            words = text.split()
            try:
                values = [float(word) for word in words]
            except ValueError:
                values = []
            is_plain = text.isascii() and "_" not in text  # Python takes 1_0 and ١ too
            if not is_plain or len(values) < len(words) or not all(-_LARGEST < x < _LARGEST for x in values):
                self._fault_in(words, f"{len(found)} of the {n} numbers of {what} came before this line")
            found += values
        if len(found) > n:
            message = f"{what} has {n} numbers, but this line has {len(found) - n} more"
            raise self._line(self._next).error(message, "the counts of the head and the tables differ")
        return np.array(found)

    def require_end(self) -> None:
        """Raise ArtifactError malformed-input where anything but blank lines follows."""
        for number in range(self._next + 1, len(self._lines) + 1):
            if self._line(number).words:
                message = "the file goes on after the last of its tables"
                help = "the counts of the head and the tables differ, or the file is of another style"
                raise self._line(number).error(message, help)

    def _fault_in(self, words: list[str], help: str) -> None:
        line = self._line(self._next)
        for word in words:
            try:
                if abs(line.number(word)) >= _LARGEST:
                    raise line.error(f"`{word}` is larger than the {_LARGEST:g} that a table may hold")
            except ArtifactError as fault:
                raise line.error(fault.diagnostics[0].message, help) from None

    def _line(self, number: int) -> Line:
        words = tuple(self._lines[number - 1].split())
        return Line(f"{self.path}, line {number}", words, "malformed-input")

    def _cut_off(self, message: str) -> ArtifactError:
        help = "it was cut short, or the counts of its head are wrong"
        return ArtifactError(Diagnostic("truncated-file", message, place=str(self.path), help=help))
