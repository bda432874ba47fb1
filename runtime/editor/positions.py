"""Characters of a text and positions of the protocol: lines from 0, columns in units of an encoding.

Lines end at a newline, a carriage return or both, and at nothing else, as the protocol has it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

_LINE_END = re.compile(r"\r\n|\n|\r")
_UNITS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text) + sum(ord(c) > 0xFFFF for c in text),
    "utf-32": len,
}


class Lines:
    """Where the lines of a text begin and end. encoding: utf-16, which all editors know, utf-8 or utf-32."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        ends = list(_LINE_END.finditer(text))
        self._text = text
        self._units = _UNITS[encoding]
        self._starts = [0, *(m.end() for m in ends)]
        self._ends = [*(m.start() for m in ends), len(text)]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character; one of the end of a line is at its end."""
        offset = min(max(offset, 0), len(self._text))
        line = bisect_right(self._starts, offset) - 1
        end = min(offset, self._ends[line])
        return line, self._units(self._text[self._starts[line] : end])

    def offset(self, line: int, column: int) -> int:
        """The character at a position; beyond the end of a line is its end, beyond the text its end.

        A column within a character of several units is before that character.
        """
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self._text)
        offset, end = self._starts[line], self._ends[line]
        while offset < end:
            column -= self._units(self._text[offset])
            if column < 0:
                break
            offset += 1
        return offset
