"""Places where names are declared and used, also in the files that import them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .document import Document
from .names import Names, Symbol
from .words import Word, word_at
from .workspace import Workspace, path_of


@dataclass(frozen=True)
class Target:
    """A place in a file: characters start:end of the name, in a document."""

    document: Document
    start: int
    end: int


def symbol_at(document: Document, workspace: Workspace, offset: int) -> tuple[Word, Symbol] | None:
    """The word at an offset and its meaning."""
    k = word_at(document.outline.words, offset)
    symbol = None if k is None else Names(document, workspace).meaning(k)
    return None if k is None or symbol is None else (document.outline.words[k], symbol)


def definition(document: Document, workspace: Workspace, offset: int) -> Target | None:
    """The declaration of the name at an offset; for an import the file."""
    imported = _imported(document, workspace, offset)
    if imported is not None:
        return Target(imported, 0, 0)
    found = symbol_at(document, workspace, offset)
    if found is None or found[1].document is None:
        return None
    home, at = found[1].document, found[1].at
    return Target(home, home.outline.words[at].start, home.outline.words[at].end)


def _imported(document: Document, workspace: Workspace, offset: int) -> Document | None:
    k = word_at(document.outline.words, offset)
    if k is None or document.outline.words[k].kind != "string":
        return None
    item = document.outline.places[k].item
    name = document.outline.text(k).strip('"')
    path = path_of(document, name) if item is not None and item.kind == "import" and name else None
    return None if path is None else workspace.document(path)


def references(document: Document, workspace: Workspace, symbol: Symbol) -> list[Target]:
    """All words that mean this declaration: where it is declared, and in all that import it."""
    home = symbol.document
    if home is None:
        return []
    documents = {d.name: d for d in (home, *workspace.importers(home), document)}
    return [target for d in documents.values() for target in _uses(d, workspace, symbol)]


def _uses(document: Document, workspace: Workspace, symbol: Symbol) -> Iterator[Target]:
    names = Names(document, workspace)
    for k, word in enumerate(document.outline.words):
        if word.kind == "name" and word.text == symbol.name:
            meaning = names.meaning(k)
            if meaning is not None and _same(meaning, symbol):
                yield Target(document, word.start, word.end)


def _same(a: Symbol, b: Symbol) -> bool:
    if a.document is None or b.document is None:
        return False
    return (a.document.name, a.at, a.name) == (b.document.name, b.at, b.name)
