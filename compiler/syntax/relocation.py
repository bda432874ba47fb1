"""A syntax tree on another text that has its words: in another layout, or with statements around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from ..diagnostics.source import Source, Span
from . import tree as syntax
from .tokens import END, comments, tokens

Part = TypeVar("Part")


class Relocation:
    """Where the parts of some statements are on another text.

    The words of the text are those of the items, in their order, but for the words within `inserted`.
    """

    def __init__(self, items: Iterable[syntax.Item], source: Source, inserted: Span | None = None) -> None:
        self.source = source
        self._starts: dict[tuple[Source, int], int] = {}
        self._ends: dict[tuple[Source, int], int] = {}
        here = Span(source, 0, len(source.text))
        new = [span for span in words_of(here) if inserted is None or not _within(span, inserted)]
        old = [span for item in items for span in words_of(item.span)]
        for a, b in zip(old, new, strict=True):
            self._starts[a.source, a.start] = b.start
            self._ends[a.source, a.end] = b.end

    def span(self, span: Span) -> Span:
        """The span on the text; one that is of none of the items stays."""
        start = self._starts.get((span.source, span.start))
        end = self._ends.get((span.source, span.end))
        return span if start is None or end is None else Span(self.source, start, end)

    def tree(self, part: Part) -> Part:
        """A part of the syntax tree, all spans in it on the text."""
        return cast(Part, self._moved(part))

    def file(self, items: Iterable[syntax.Item]) -> syntax.File:
        """The statements as a file of the text."""
        remarks = tuple(Span(self.source, start, end) for start, end in comments(self.source.text))
        return syntax.File(self.source, tuple(self.tree(item) for item in items), remarks)

    def _moved(self, part: Any) -> Any:
        if isinstance(part, Span):
            return self.span(part)
        if isinstance(part, tuple):
            return tuple(map(self._moved, part))
        if is_dataclass(part) and not isinstance(part, type):
            return replace(part, **{f.name: self._moved(getattr(part, f.name)) for f in fields(part)})
        return part


def words_of(span: Span) -> Iterator[Span]:
    """Each word of a part of a text, as a span."""
    for token in tokens(span.text):
        if token.kind != END:
            yield Span(span.source, span.start + token.start, span.start + token.end)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
