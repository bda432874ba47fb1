"""Text with a name, and spans of it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path


@dataclass(frozen=True, eq=False)
class Source:
    """A text and where it came from. `name` is what messages show: a path, or `<text>`.

    include: folders that its imports may be read from, beside its own.
    is_spec: whether its file has the name of a spec. Where it has not, faults of writing show no content.
    """

    text: str
    name: str = "<text>"
    include: tuple[Path, ...] = ()
    is_spec: bool = True
    line_starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lines = self.text.split("\n")[:-1]
        object.__setattr__(self, "line_starts", tuple(accumulate((len(x) + 1 for x in lines), initial=0)))

    def locate(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its newline."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] - 1 if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@dataclass(frozen=True)
class Span:
    """Characters `start:end` of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, max(self.end, other.end))
