"""Text that breaks over lines where it does not fit.

Wadler, "A prettier printer", in The Fun of Programming (2003).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

WIDTH = 110


@dataclass(frozen=True)
class Line:
    """A newline where the group around it is broken, else `flat`."""

    flat: str = " "


@dataclass(frozen=True)
class Group:
    """Parts of which either all lines break or none. `broken` breaks them in any case."""

    parts: tuple[Doc, ...]
    broken: bool = False


@dataclass(frozen=True)
class Indent:
    parts: tuple[Doc, ...]
    by: int = 2


@dataclass(frozen=True)
class Remark:
    """A comment: after the text of its line, or on lines of its own. What follows starts a new line."""

    text: str
    trailing: bool


Doc = str | Line | Group | Indent | Remark


def must_break(doc: Doc, last: bool = True) -> bool:
    """Whether a comment stands in a doc with more after it, so that it cannot be on one line."""
    if isinstance(doc, Group | Indent):
        final = len(doc.parts) - 1
        return any(must_break(part, last and k == final) for k, part in enumerate(doc.parts))
    return isinstance(doc, Remark) and not (last and doc.trailing)


def render(doc: Doc, margin: int = 0) -> str:
    """The doc as text, without a newline at its end. `margin` spaces stand before each line but the first."""
    out, column, ended = [" " * margin], margin, False
    stack: list[tuple[int, bool, Doc]] = [(margin, True, doc)]
    while stack:
        indent, broken, part = stack.pop()
        if isinstance(part, Group):
            breaks = part.broken or must_break(part) or not _fits(part, WIDTH - column, stack)
            stack.extend((indent, breaks, p) for p in reversed(part.parts))
        elif isinstance(part, Indent):
            stack.extend((indent + part.by, broken, p) for p in reversed(part.parts))
        elif isinstance(part, Line) and broken:
            out.append("\n" + " " * indent)
            column, ended = indent, False
        else:
            text, fresh = _text(part, out, ended)
            if ended and not text.strip():
                continue
            if ended or fresh:
                text, column = "\n" + " " * indent + text.lstrip(" "), indent
            out.append(text)
            column += len(text)
            ended = isinstance(part, Remark)
    return "\n".join(line.rstrip() for line in "".join(out).split("\n"))


def _text(part: Doc, out: list[str], ended: bool) -> tuple[str, bool]:
    """The text of a leaf, and whether it needs a line of its own."""
    if isinstance(part, Remark):
        at_start = not ended and not "".join(out[-2:]).rpartition("\n")[2].strip()
        if part.trailing and not ended:
            return ("" if at_start else "  ") + part.text, False
        return part.text, not at_start and not ended
    return (part.flat if isinstance(part, Line) else str(part)), False


def _fits(doc: Doc, room: int, rest: list[tuple[int, bool, Doc]]) -> bool:
    """Whether a doc on one line, with what follows it up to a newline, is no wider than `room`."""
    for text in _flat(doc):
        room -= len(text)
        if room < 0:
            return False
    for _, broken, part in reversed(rest):
        if isinstance(part, Line) and broken:
            return True
        if isinstance(part, Group | Indent):
            return True
        room -= len(part) if isinstance(part, str) else 0
        if room < 0:
            return False
    return True


def _flat(doc: Doc) -> Iterator[str]:
    if isinstance(doc, Group | Indent):
        for part in doc.parts:
            yield from _flat(part)
    elif isinstance(doc, Line):
        yield doc.flat
    elif isinstance(doc, str):
        yield doc
