"""A spec as one text that stands alone: species stated, imports written out, reference energies if wanted."""

from __future__ import annotations

from pathlib import Path

from ..diagnostics.source import Source
from ..syntax import tree as syntax
from ..syntax.formatter import format_source
from ..syntax.parser import parse_source
from .check import check_file, walk

REFERENCE = "reference"  # the library's term of one energy a species


def canonical(source: Source, species: tuple[str, ...], reference: bool = False) -> str:
    """The spec in canonical layout, with `species …`, without imports, and with `+ reference()` if asked.

    A reference that is there already stays the only one. Comments are kept, but for those on import lines.
    Raises SpecError where the text is not valid.
    """
    file = parse_source(source)
    edits = _written_out(file)
    if not any(isinstance(item, syntax.Species) for item in file.items):
        start = file.items[0].span.start
        edits.append((start, start, f"species {', '.join(species)}\n"))
    if reference and not _has_reference(file):
        edits += [
            (item.span.end, item.span.end, f" + {REFERENCE}()")
            for item in file.items
            if isinstance(item, syntax.Energy)
        ]
    return format_source(edited(source.text, edits), source.name)


def _has_reference(file: syntax.File) -> bool:
    """Whether the energy holds the term, or the spec has something else of its name."""
    checked = check_file(file)
    values = [checked.energy.value] if checked.energy else []
    values += [let.value for let in checked.lets.values()]
    values += [term.alias for term in checked.terms.values() if term.alias is not None]
    called = any(isinstance(p, syntax.Call) and p.name == REFERENCE for v in values for p in walk(v))
    return called or REFERENCE in checked.terms or REFERENCE in checked.lets


def _written_out(file: syntax.File) -> list[tuple[int, int, str]]:
    """Each import replaced by the declarations of its file. Its energy is not imported."""
    edits = []
    for item in file.items:
        if isinstance(item, syntax.Import):
            path = Path(file.source.name).parent / item.path
            inner = parse_source(Source(path.read_text(encoding="utf-8"), str(path)))
            text = edited(inner.source.text, [*_written_out(inner), *_without_energy(inner)])
            edits.append((item.span.start, item.span.end, f"# from {item.path}\n{text.rstrip()}\n"))
    return edits


def _without_energy(file: syntax.File) -> list[tuple[int, int, str]]:
    return [(i.span.start, i.span.end, "") for i in file.items if isinstance(i, syntax.Energy)]


def edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """The text with the characters start:end of each edit replaced."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text
