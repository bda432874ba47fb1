"""The words of a text that parses, with its comments: for a change of layout that keeps the words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"  # in one way: long rows of digits
_TOKEN = re.compile(
    rf"(?P<comment>\#[^\n]*)"
    rf"|(?P<string>\"[^\"\n]*\")"
    # as QUANTITY and NUMBER of the grammar
    rf"|(?P<quantity>(?P<value>{_NUMBER})(?![eE][+-]?\d)[ \t]*(?!(?:in|per)\b)"
    rf"(?P<unit>[^\W\d]\w*(?:\^-?\d+)?))"
    rf"|(?P<number>{_NUMBER})"
    rf"|(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)"  # NAME and SHARED
    rf"|(?P<mark>\S)"
)


@dataclass(frozen=True)
class Comment:
    text: str
    blank_before: bool


@dataclass(frozen=True)
class Token:
    """A word, at start:end of the text. `before`: comments on lines of their own before it; `after`: the one
    that ends its line.
    """

    kind: str
    text: str
    start: int
    end: int
    newline_before: bool
    blank_before: bool
    before: tuple[Comment, ...] = ()
    after: str | None = None


END = "end"  # the kind of the last token, which has no text and holds the comments at the end


def tokens(text: str) -> list[Token]:
    """The words of a text, and one of the kind `end`."""
    found: list[Token] = []
    waiting: list[Comment] = []
    last = 0
    for match in _TOKEN.finditer(text):
        gap = text[last : match.start()]
        last = match.end()
        lines = gap.count("\n")
        if match["comment"] is not None:
            if found and not waiting and lines == 0 and found[-1].after is None:
                found[-1] = replace(found[-1], after=_comment(match[0]))
            else:
                waiting.append(Comment(_comment(match[0]), lines > 1))
            continue
        kind, words = _word(match)
        newline = lines > 0 or bool(waiting)
        found.append(Token(kind, words, match.start(), last, newline, lines > 1, tuple(waiting)))
        waiting = []
    found.append(Token(END, "", len(text), len(text), True, False, tuple(waiting)))
    return found


def words(text: str) -> Iterator[str]:
    """The words alone."""
    return (t.text for t in tokens(text) if t.kind != END)


def comments(text: str) -> Iterator[tuple[int, int]]:
    """The places start:end of the comments of a text."""
    return (match.span() for match in _TOKEN.finditer(text) if match["comment"] is not None)


def _comment(text: str) -> str:
    """`#note` becomes `# note`; rows of # stay."""
    body = text.lstrip("#").rstrip()
    marks = "#" * (len(text) - len(text.lstrip("#")))
    return f"{marks} {body}" if body and not body[0].isspace() else marks + body


def _word(match: re.Match[str]) -> tuple[str, str]:
    if match["quantity"] is not None:  # one letter Å of the two in Unicode
        return "quantity", f"{match['value']} {match['unit']}".replace("\u212b", "Å")
    kind = next(k for k in ("string", "number", "name", "mark") if match[k] is not None)
    return kind, match[0].replace("\u212b", "Å") if kind == "name" else match[0]
