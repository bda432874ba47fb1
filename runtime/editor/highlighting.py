"""What each word is, for colours: by its meaning, where the patterns of editors only see its letters."""

from __future__ import annotations

from dataclasses import dataclass

from .document import Document
from .names import Names, SymbolKind
from .words import Kind
from .workspace import Workspace

# of the protocol's own, so that every colour scheme has them
TYPES = (
    "comment",
    "string",
    "number",
    "keyword",
    "class",
    "variable",
    "parameter",
    "property",
    "function",
    "enumMember",
    "type",
)
_OF_WORD: dict[Kind, str] = {
    "comment": "comment",
    "string": "string",
    "number": "number",
    "power": "number",
}
_OF_SYMBOL: dict[SymbolKind, str] = {
    "let": "variable",
    "term": "class",
    "energy": "variable",
    "formal": "parameter",
    "param": "property",
    "definition": "function",
    "local": "parameter",
    "species": "enumMember",
    "unit": "type",
    "function": "function",
    "basis": "function",
    "keyword": "keyword",
    "index": "variable",
    "geometry": "variable",
    "constant": "number",
    "label": "parameter",
}


@dataclass(frozen=True)
class Coloured:
    """Characters start:end of one line are of a type of TYPES."""

    start: int
    end: int
    type: str


def coloured(document: Document, workspace: Workspace) -> list[Coloured]:
    """All words that have a colour, in their order."""
    found = [Coloured(w.start, w.end, _OF_WORD[w.kind]) for w in document.all_words if w.kind in _OF_WORD]
    names = Names(document, workspace)
    for k, word in enumerate(document.outline.words):
        symbol = names.meaning(k)
        if symbol is not None:
            found.append(Coloured(word.start, word.end, _OF_SYMBOL[symbol.kind]))
    return sorted(found, key=lambda c: c.start)
