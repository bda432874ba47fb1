"""The words of any text, finished or not, each with its place. Offsets count characters of the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["comment", "string", "number", "unit", "power", "name", "mark"]

_KINDS: tuple[Kind, ...] = get_args(Kind)
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# as QUANTITY, NUMBER, NAME, STRING of the grammar; the unit of a quantity is a word of its own, and a text in
# quotes may lack its end
_WORD = re.compile(
    rf"(?P<comment>\#[^\n]*)"
    rf"|(?P<string>\"[^\"\n]*\"?)"
    rf"|(?P<number>{_NUMBER})"
    rf"(?:(?![eE][+-]?\d)[ \t]*(?!(?:in|per)\b)(?P<unit>[^\W\d]\w*)(?P<power>\^-?\d+)?)?"
    rf"|(?P<name>[^\W\d]\w*)"
    rf"|(?P<mark>\S)"
)


@dataclass(frozen=True)
class Word:
    """Characters `start:end`. first: of its line; column: how many characters of its line are before it."""

    kind: Kind
    text: str
    start: int
    end: int
    first: bool
    column: int


def words(text: str) -> list[Word]:
    """All words, comments among them, in their order."""
    found: list[Word] = []
    line, cursor = 0, 0  # the start of the line in hand, and where the last word ended
    for match in _WORD.finditer(text):
        newline = text.rfind("\n", cursor, match.start())
        line = newline + 1 if newline >= 0 else line
        fresh = newline >= 0 or not found
        cursor = match.end()
        for kind in _KINDS:
            if match[kind] is not None:
                start = match.start(kind)
                found.append(Word(kind, match[kind], start, match.end(kind), fresh, start - line))
                fresh = False
    return found


def word_at(found: Sequence[Word], offset: int) -> int | None:
    """The place in the list of the word that holds the offset, or ends at it; None between words.

    Where one word ends and the next begins, a name is preferred to a mark.
    """
    k = bisect_right([w.start for w in found], offset) - 1
    if k < 0:
        return None
    before = found[k - 1] if k and found[k - 1].end == offset == found[k].start else None
    if before is not None and found[k].kind == "mark" and before.kind != "mark":
        return k - 1
    return k if offset <= found[k].end else None
