"""A new name for a let, a term, an argument, a parameter or a definition, everywhere it is used."""

from __future__ import annotations

from pathlib import Path

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.chemistry.units import lookup
from ...compiler.declarations.keywords import ENERGIES, RESERVED
from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError
from ...compiler.elaborate.builtins import BUILTINS
from ...compiler.elaborate.radial_bases import FAMILIES
from .document import Document
from .names import Names, Symbol
from .problems import Edit
from .references import references, symbol_at
from .words import Word, words
from .workspace import Workspace, in_library, library_term

_KINDS = ("let", "term", "formal", "param", "definition", "local")


def renameable(document: Document, workspace: Workspace, offset: int) -> Word:
    """The word at an offset, if it may have another name. Raises SpecError: no-rename."""
    return _renameable(document, workspace, offset)[0]


def _renameable(document: Document, workspace: Workspace, offset: int) -> tuple[Word, Symbol]:
    found = symbol_at(document, workspace, offset)
    if found is None:
        raise _refused("there is no name here")
    word, symbol = found
    if symbol.kind not in _KINDS or symbol.document is None:
        raise _refused(f"`{symbol.name}` is a word of the language")
    if in_library(symbol.document):
        raise _refused(f"`{symbol.name}` belongs to the standard library")
    if symbol.kind == "definition" and symbol.name in ENERGIES:
        raise _refused(f"`{symbol.name}` is what gives a term its energy")
    if symbol.name == "rc" and symbol.term is not None and symbol.kind != "local":
        raise _refused("`rc` is the reach of a term: the compiler looks for it by this name")
    return word, symbol


def rename(document: Document, workspace: Workspace, offset: int, name: str) -> list[Edit]:
    """The edits that give the name at an offset a new one, in all files that use it.

    Raises SpecError: no-rename, where there is no such name, it is not ours to change, the new one is taken,
    or the meaning of anything else would change with it.
    """
    _, symbol = _renameable(document, workspace, offset)
    _refuse_bad_name(name, symbol)
    targets = references(document, workspace, symbol)
    touched = {t.document.name: t.document for t in targets}
    for other in touched.values():
        if other.sound.faults:
            raise _refused(f"`{Path(other.name).name}` does not parse: names can be changed when it does")
    edits = [Edit(t.document.name, t.start, t.end, name) for t in targets]
    _refuse_clash(touched, workspace, edits, symbol, name)
    return edits


def _refused(message: str, help: str | None = None) -> SpecError:
    return SpecError(Diagnostic("no-rename", message, help=help))


def _refuse_bad_name(name: str, symbol: Symbol) -> None:
    found = words(name)
    if len(found) != 1 or found[0].kind != "name" or found[0].text != name:
        raise _refused(f"`{name}` is no name", "a name is letters, digits and `_`, and begins with a letter")
    if name in RESERVED or name == "E" or (name in ENERGIES and symbol.term is not None):
        raise _refused(f"`{name}` is a word of the language", "choose another name")
    if name in ELEMENTS:
        raise _refused(f"`{name}` is a chemical element", "choose another name")
    if lookup(name):
        raise _refused(f"`{name}` is a unit", "choose another name")
    if name in BUILTINS or name.rstrip("0123456789") in FAMILIES or name == "pi":
        raise _refused(f"`{name}` is a function of the language", "choose another name")
    if symbol.kind == "term" and library_term(name):
        raise _refused(f"`{name}` is a term of the standard library", "choose another name")


def _refuse_clash(
    touched: dict[str, Document], workspace: Workspace, edits: list[Edit], symbol: Symbol, name: str
) -> None:
    """Every word has to mean what it meant: the new texts are read, and word is compared with word."""
    after = Workspace()
    workspace.open_in(after)
    fresh = {file: Document(_edited(old, edits), file) for file, old in touched.items()}
    for new in fresh.values():
        after.open(new)
    assert symbol.document is not None
    for file, old in touched.items():
        new = fresh[file]
        before, now = Names(old, workspace), Names(new, after)
        for k, word in enumerate(old.outline.words):
            a, b = before.meaning(k), now.meaning(k)
            if _key(a, symbol, name) != _key(b, None, name):
                line = old.source.locate(word.start)[0]
                raise _refused(
                    f"`{name}` is taken: line {line} would mean something else", "choose another name"
                )
        # the compiler reads imports from the disk, where several files are as they were
        if len(touched) == 1 and len(new.faults) > len(old.faults):
            raise _refused(f"`{name}` is taken: {new.faults[0].message}", "choose another name")


def _key(meaning: Symbol | None, symbol: Symbol | None, name: str) -> tuple[object, ...] | None:
    """The meaning of a word, with the new name in the place of the old; places in lists of words stay."""
    if meaning is None:
        return None
    home = None if meaning.document is None else meaning.document.name
    new = symbol is not None and symbol.document is not None and home == symbol.document.name
    called = name if new and symbol is not None and meaning.at == symbol.at else meaning.name
    return meaning.kind, called, home, meaning.at


def _edited(document: Document, edits: list[Edit]) -> str:
    text = document.text
    for edit in sorted((e for e in edits if e.name == document.name), key=lambda e: -e.start):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
