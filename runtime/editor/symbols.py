"""The outline of a spec for the eye: its statements, and the members of its terms."""

from __future__ import annotations

from dataclasses import dataclass

from . import describe
from .document import Document
from .outline import Declaration, TermOutline


@dataclass(frozen=True)
class DocumentSymbol:
    """start:end is all of it, name_start:name_end the part shown as chosen."""

    name: str
    kind: str
    detail: str
    start: int
    end: int
    name_start: int
    name_end: int
    children: tuple[DocumentSymbol, ...] = ()


def document_symbols(document: Document) -> list[DocumentSymbol]:
    """Names, terms with their arguments and members, and the energy, in their order."""
    found = [i.declared for i in document.outline.items if i.declared is not None and i.declared.name]
    return [_symbol(document, what) for what in found]


def _symbol(document: Document, what: Declaration) -> DocumentSymbol:
    start, end = document.characters(what.start, what.end)
    word = document.outline.words[what.at]
    children: tuple[DocumentSymbol, ...] = ()
    if isinstance(what, TermOutline):
        named = [m for m in what.members if m.name]
        children = tuple(_symbol(document, inner) for inner in (*what.arguments, *named))
    return DocumentSymbol(
        what.name, what.kind, _detail(document, what), start, end, word.start, word.end, children
    )


def _detail(document: Document, what: Declaration) -> str:
    if isinstance(what, TermOutline):
        return describe.signature(document, what).removeprefix(what.name)
    if what.kind == "definition" and what.formals is not None:
        return f"({', '.join(what.formals)})"
    if what.kind == "param":
        return describe.start_value(document, what)
    return describe.value_of_let(document, what.name) or "" if what.kind == "let" else ""
