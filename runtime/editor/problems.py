"""The faults of a spec while it is typed, and the edits that would mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...compiler.diagnostics.diagnostic import Diagnostic, Severity
from ...compiler.diagnostics.source import Span
from .document import Document
from .workspace import imported_paths


@dataclass(frozen=True)
class Edit:
    """Put `text` in the place of the characters start:end of the file `name`."""

    name: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Note:
    """A place elsewhere that has to do with a problem."""

    span: Span
    text: str


@dataclass(frozen=True)
class Problem:
    """A diagnostic at characters start:end of the document. fix: what mends it, with its title."""

    start: int
    end: int
    severity: Severity
    code: str
    message: str
    notes: tuple[Note, ...] = ()
    fix: Edit | None = None


def problems(document: Document, warn: bool = True) -> list[Problem]:
    """All problems, those of statements that parse also where another does not. warn: warnings too."""
    found = list(document.faults) or _missing_energy(document)
    found += document.warnings if warn else ()
    return [_problem(document, d) for d in found]


def _missing_energy(document: Document) -> list[Diagnostic]:
    """A file of terms and names, to import, is fine without an energy; `check` asks for one."""
    if document.checked is None or document.checked.energy is not None:
        return []
    items = document.outline.items
    severity: Severity = "note" if any(i.kind in ("let", "term") for i in items) else "error"
    end = len(document.text.rstrip())
    span = Span(document.source, max(0, end - 1), end)
    help = "write `E = …`, a sum of terms"
    return [Diagnostic("no-energy", "the spec gives no energy", severity, primary=span, help=help)]


def _problem(document: Document, d: Diagnostic) -> Problem:
    start, end = _where(document, d)
    notes = tuple(Note(span, text) for span, text in _elsewhere(document, d))
    message = d.message if d.help is None else f"{d.message}\n{d.help}"
    return Problem(start, end, d.severity, d.code, message, notes, _mend(document, d))


def _where(document: Document, d: Diagnostic) -> tuple[int, int]:
    """In the document; for a fault of an imported file the import, for one without a place the beginning."""
    if d.primary is None:
        return 0, 0
    if d.primary.source.name == document.name:
        return d.primary.start, d.primary.end
    return _import_of(document, d.primary.source.name) or (0, 0)


def _import_of(document: Document, name: str) -> tuple[int, int] | None:
    """The import that brings a file in; the first where that is not plain, as through another file."""
    spans = [document.characters(i.start, i.end) for i in document.outline.items if i.kind == "import"]
    paths = list(imported_paths(document))
    if len(paths) == len(spans) and Path(name).resolve() in paths:
        return spans[paths.index(Path(name).resolve())]
    return spans[0] if spans else None


def _elsewhere(document: Document, d: Diagnostic) -> Iterable[tuple[Span, str]]:
    if d.primary is not None and d.primary.source.name != document.name:
        yield d.primary, d.label or d.message
    yield from d.secondary


def _mend(document: Document, d: Diagnostic) -> Edit | None:
    if d.fix is None or d.fix.span.source.name != document.name:
        return None
    return Edit(document.name, d.fix.span.start, d.fix.span.end, d.fix.text)
