"""The canonical layout, as one edit."""

from __future__ import annotations

from ...compiler.diagnostics.diagnostic import SpecError
from ...compiler.syntax.formatter import format_source
from .document import Document
from .problems import Edit


def formatted(document: Document) -> list[Edit]:
    """The edit that lays a document out; none where nothing changes or the text does not parse."""
    try:
        new = format_source(document.text, document.name)
    except SpecError:  # told by the diagnostics already
        return []
    if new == document.text:
        return []
    return [Edit(document.name, 0, len(document.text), new)]
