"""The texts that a spec is made of: itself, imports, library. Open texts come before those on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ...compiler.declarations import library
from .document import Document
from .outline import Declaration, TermOutline


class Workspace:
    """Documents by their resolved path."""

    def __init__(self) -> None:
        self._open: dict[Path, Document] = {}
        self._read: dict[Path, tuple[tuple[int, int], Document]] = {}

    def open(self, document: Document) -> None:
        """A text that the editor holds; it stands for the file of its name until it is closed."""
        self._open[Path(document.name).resolve()] = document

    def close(self, name: str) -> None:
        self._open.pop(Path(name).resolve(), None)

    def open_in(self, other: Workspace) -> None:
        """Open the same texts in another workspace."""
        for document in self._open.values():
            other.open(document)

    def document(self, path: Path) -> Document | None:
        """The text at a path; None where there is none that can be read."""
        path = path.resolve()
        if path in self._open:
            return self._open[path]
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if not path.is_file():  # a device would never end
                return None
            if path not in self._read or self._read[path][0] != stamp:
                self._read[path] = stamp, Document(path.read_bytes().decode("utf-8-sig"), str(path))
        except (OSError, ValueError):  # what `check` tells at the import
            return None
        return self._read[path][1]

    def with_imports(self, document: Document) -> list[Document]:
        """The document, then all that it imports, directly or not."""
        found = [document]
        seen = {Path(document.name).resolve()}
        for member in found:
            for path in imported_paths(member):
                if path not in seen:
                    seen.add(path)
                    inner = self.document(path)
                    found += [] if inner is None else [inner]
        return found

    def importers(self, document: Document) -> list[Document]:
        """Specs in the folders of the document and of all open texts that import the document."""
        target = Path(document.name).resolve()
        folders = {target.parent, *(path.parent for path in self._open)}
        paths = {p.resolve() for folder in folders for p in folder.glob("*.pes")} | set(self._open)
        found = [self.document(path) for path in sorted(paths - {target})]
        return [
            other
            for other in found
            if other is not None
            and any(Path(d.name).resolve() == target for d in self.with_imports(other)[1:])
        ]

    def term(self, document: Document, name: str) -> tuple[Document, TermOutline] | None:
        """The term that a call of this name means: the spec's own, an imported one, or the library's."""
        for member in self.with_imports(document):
            for declared in member.outline.terms():
                if declared.name == name:
                    return member, declared
        return library_term(name)

    def names(self, document: Document) -> Iterator[tuple[Document, Declaration]]:
        """All `let`s and terms that a spec sees, but for the library's."""
        for member in self.with_imports(document):
            for declared in (*member.outline.declarations("let"), *member.outline.terms()):
                yield member, declared


def imported_paths(document: Document) -> Iterator[Path]:
    for item in document.outline.items:
        text = document.outline.text(item.start + 1)
        if item.kind == "import" and len(text) > 2 and text[0] == text[-1] == '"':
            found = path_of(document, text[1:-1])
            if found is not None:
                yield found


def path_of(document: Document, name: str) -> Path | None:
    """The path that an import names; None where no file can have that name."""
    try:
        return (document.folder / name).resolve()
    except (OSError, ValueError):  # a zero byte, half of a character, a loop of links
        return None


@cache
def library_document(name: str) -> Document | None:
    """The file of the library that holds the term of this name."""
    if name not in library.term_names():
        return None
    path = library.folder() / f"{name}.pes"
    return Document(path.read_text("utf-8"), str(path))


def library_term(name: str) -> tuple[Document, TermOutline] | None:
    document = library_document(name)
    if document is None:
        return None
    return document, next(t for t in document.outline.terms() if t.name == name)


def in_library(document: Document) -> bool:
    return Path(document.name).resolve().parent == library.folder().resolve()
