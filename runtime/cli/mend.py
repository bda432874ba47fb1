"""`potentia check --fix`: the fixes of the diagnostics of a spec, made in the file."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...compiler import pipeline
from ...compiler.diagnostics.diagnostic import Diagnostic, Fix, SpecError
from ...compiler.diagnostics.files import read_source
from ...compiler.diagnostics.source import Source
from ...compiler.program import Program
from ...compiler.warnings import warnings_of
from .spec_files import replace_text

_ROUNDS = 100  # one fix may uncover another fault


@dataclass(frozen=True)
class Change:
    """A fix that was applied, and the code of the fault that it mends."""

    code: str
    fix: Fix

    def __str__(self) -> str:
        span = self.fix.span
        line, column = span.source.locate(span.start)
        old, new = span.text.strip(), self.fix.text.strip()
        what = (
            f"`{old}` is now `{new}`" if old and new else f"`{new}` put in" if new else f"`{old}` taken out"
        )
        return f"{span.source.name}:{line}:{column}: {what} ({self.code})"

    def data(self) -> dict[str, object]:
        """Where (line and column from 1, as the text was then), what was there, and what is there now."""
        line, column = self.fix.span.source.locate(self.fix.span.start)
        old, new = self.fix.span.text, self.fix.text
        return {"code": self.code, "line": line, "column": column, "old": old, "new": new}


def mend(
    path: Path, species: tuple[str, ...] | None = None, include: Sequence[Path] | None = None
) -> tuple[Change, ...]:
    """Apply the fixes of a spec's errors, then those of its warnings, until there are none; in order.

    A fix that would make a text that parses into one that does not is left out. Raises SpecError where the
    file cannot be read or written.
    """
    source = read_source(path, include or ())
    begun, applied, seen = source.text, [], {source.text}
    for _ in range(_ROUNDS):
        changes = _apart(_suggested(source, species), source)
        text = _text_with(source, changes)
        if text in seen:
            break
        seen.add(text)
        applied += changes
        source = replace(source, text=text)
    if source.text != begun:
        mark = "\ufeff" if path.read_bytes().startswith(codecs.BOM_UTF8) else ""
        replace_text(path, mark + source.text)
    return tuple(applied)


def _suggested(source: Source, species: tuple[str, ...] | None) -> Iterable[Diagnostic]:
    try:
        program = Program.of(source).for_species(species or ())
        return warnings_of(program.checked, program.model)
    except SpecError as error:
        return error.diagnostics


def _apart(diagnostics: Iterable[Diagnostic], source: Source) -> list[Change]:
    """Fixes of this text in its order, none within another, that leave a text that parses."""
    found = [Change(d.code, d.fix) for d in diagnostics if d.fix and d.fix.span.source is source]
    parsed = _parses(source.text)
    chosen: list[Change] = []
    for change in sorted(found, key=lambda c: (c.fix.span.start, c.fix.span.end)):
        overlaps = bool(chosen) and change.fix.span.start < max(
            chosen[-1].fix.span.end, chosen[-1].fix.span.start + 1
        )
        if not overlaps and not (parsed and not _parses(_text_with(source, [*chosen, change]))):
            chosen.append(change)
    return chosen


def _text_with(source: Source, changes: list[Change]) -> str:
    text = source.text
    for change in reversed(changes):
        text = text[: change.fix.span.start] + change.fix.text + text[change.fix.span.end :]
    return text


def _parses(text: str) -> bool:
    try:
        pipeline.parse(text)
    except SpecError:
        return False
    return True
