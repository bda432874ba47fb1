"""A text as the editor holds it, and all that can be worked out of it, each once and when first asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...compiler import pipeline
from ...compiler.declarations import check as checker
from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError
from ...compiler.diagnostics.files import require_short
from ...compiler.diagnostics.source import Source, Span
from ...compiler.ir.graph import Model
from ...compiler.syntax import tree as syntax
from ...compiler.warnings import warnings_of
from .outline import Item, Outline
from .scanner import scan
from .words import Word, words

_MOST_ITEMS = 300  # statements of a text that does not parse, among which the faulty ones are looked for
_ROUNDS = 20  # each without the statements at fault before
_HALF = re.compile("[\ud800-\udfff]")  # halves of a character, which a protocol can carry and no file


@dataclass(frozen=True)
class SoundPart:
    """The tree of the statements that parse, the faults of the others, and the names that these declare."""

    file: syntax.File | None
    faults: tuple[Diagnostic, ...] = ()
    lost: frozenset[str] = frozenset()


class Document:
    """One version of a text. name: its path, where it has one, else what messages call it.

    Statements that do not parse are neither checked nor built, so that a half-typed one does not
    silence the others; all spans keep their places.
    """

    def __init__(self, text: str, name: str = "<text>") -> None:
        self.source = Source(_HALF.sub("\ufffd", text), name)

    @property
    def text(self) -> str:
        return self.source.text

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def folder(self) -> Path:
        """Where its imports are looked for."""
        return Path(self.name).parent

    @cached_property
    def all_words(self) -> list[Word]:
        """Comments included; none of a text that is too large to be read."""
        large = isinstance(self._parsed, SpecError) and _is_large(self._parsed)
        return [] if large else words(self.text)

    @cached_property
    def outline(self) -> Outline:
        return scan(self.all_words, sound=self._whole is not None)

    # --- what the compiler says ------------------------------------------------------------------

    @cached_property
    def _parsed(self) -> syntax.File | SpecError:
        try:
            return pipeline.parse(require_short(self.source))
        except SpecError as error:
            return error

    @property
    def _whole(self) -> syntax.File | None:
        return self._parsed if isinstance(self._parsed, syntax.File) else None

    @cached_property
    def sound(self) -> SoundPart:
        """The statements that parse."""
        if isinstance(self._parsed, syntax.File):
            return SoundPart(self._parsed)
        if (
            _is_large(self._parsed) or len(self.outline.items) > _MOST_ITEMS
        ):  # each is parsed with blanks for all others
            return SoundPart(None, self._parsed.diagnostics)
        faults = [(item, self._faults_of(item)) for item in self.outline.items]
        broken = [(item, own) for item, own in faults if own]
        whole = [item for item, own in faults if not own]
        if not broken:  # as where the formula as a whole is nested too deep
            return SoundPart(None, self._parsed.diagnostics)
        found = tuple(d for _, own in broken for d in own)
        if not whole:
            return SoundPart(None, found)
        lost = frozenset(i.declared.name for i, _ in broken if i.declared is not None)
        try:
            return SoundPart(pipeline.parse(self._only(whole)), found, lost)
        except SpecError:
            return SoundPart(None, found, lost)

    def _faults_of(self, item: Item) -> tuple[Diagnostic, ...]:
        try:
            pipeline.parse(self._only([item]))
        except SpecError as error:
            return error.diagnostics
        return ()

    def _only(self, items: list[Item]) -> Source:
        """The text with blanks for all that is not in these statements, so that places stay."""
        parts, cursor = [], 0
        for item in items:
            start, end = self.characters(item.start, item.end)
            parts += [_blank(self.text[cursor:start]), self.text[start:end]]
            cursor = end
        return Source("".join([*parts, _blank(self.text[cursor:])]), self.name)

    def characters(self, start: int, end: int) -> tuple[int, int]:
        """From the first character of a word to the last of the one before the place `end`."""
        found = self.outline.words
        return found[start].start, found[max(start, end - 1)].end

    @property
    def checked(self) -> checker.Checked | None:
        """The declarations of the sound part that are in order."""
        return self._checked[0]

    @cached_property
    def _checked(self) -> tuple[checker.Checked | None, tuple[Diagnostic, ...], frozenset[str]]:
        """The declarations without those at fault, the faults, and the names that are lost with them."""
        file, lost = self.sound.file, self.sound.lost
        found: tuple[Diagnostic, ...] = ()
        for _ in range(_ROUNDS):
            if file is None:
                break
            try:
                return checker.check_file(file, need_energy=False), found, lost
            except SpecError as error:
                found += tuple(d for d in error.diagnostics if d not in found)
                faulty = [i for i in file.items if any(_within(d.primary, i.span) for d in error.diagnostics)]
                lost |= {i.name for i in faulty if isinstance(i, (syntax.Let, syntax.Term))}
                kept = tuple(i for i in file.items if i not in faulty)
                file = syntax.File(file.source, kept, file.comments) if faulty else None
        return None, found, lost

    @property
    def model(self) -> Model | None:
        """The model of the sound part, where it has one."""
        return self._built[0]

    @cached_property
    def _built(self) -> tuple[Model | None, tuple[Diagnostic, ...]]:
        if self.checked is None or self.checked.energy is None:
            return None, ()
        try:
            return pipeline.build(self.checked), ()
        except SpecError as error:
            return None, error.diagnostics

    @property
    def faults(self) -> tuple[Diagnostic, ...]:
        """All that is wrong, but for what only follows from a statement that does not parse."""
        _, found, lost = self._checked
        return (*self.sound.faults, *_not_about(self.sound.lost, found), *_not_about(lost, self._built[1]))

    @cached_property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings about likely mistakes, of a text without faults."""
        if self.faults or self.checked is None or self.model is None:
            return ()
        return warnings_of(self.checked, self.model)


def _is_large(error: SpecError) -> bool:
    return any(d.code == "too-large" for d in error.diagnostics)


def _not_about(names: frozenset[str], found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    return (d for d in found if d.primary is None or d.primary.text not in names)


def _within(part: Span | None, whole: Span) -> bool:
    return part is not None and part.source is whole.source and whole.start <= part.start < whole.end


def _blank(text: str) -> str:
    return "".join(c if c == "\n" else " " for c in text)
