"""Texts with a mark where the cursor is, and every answer of the editor at a place."""

from __future__ import annotations

from pathlib import Path

from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.runtime.editor.completion import Candidate, completions
from potentia.runtime.editor.document import Document
from potentia.runtime.editor.formatting import formatted
from potentia.runtime.editor.highlighting import coloured
from potentia.runtime.editor.hover import hover
from potentia.runtime.editor.inlay import inlay_hints
from potentia.runtime.editor.patterns import painted
from potentia.runtime.editor.problems import Edit, problems
from potentia.runtime.editor.references import definition, references, symbol_at
from potentia.runtime.editor.rename import rename, renameable
from potentia.runtime.editor.symbols import document_symbols
from potentia.runtime.editor.workspace import Workspace

MARK = "¦"


MINE = """\
let rc = 0.5 nm
let cut = 0.8 * rc  # shorter
# Ours, doi:10.1103/PhysRev.34.57.
term mine(rc = 6 Å, fade = quick) {
  param D = 0.5 eV in (0, 10)  # depth
  quick(r) = smooth(r, rc)
  slow(r) = cosine(r, rc)
  pair(r) = D * fade(r)
}
E = zbl(Nb) + mine(rc = cut, fade = slow, D = 1) + lj(rc=rc, epsilon=2)
"""


def mine(word: str, shift: int = 0) -> str:
    """The text with the mark at a word."""
    at = MINE.index(word) + shift
    return MINE[:at] + MARK + MINE[at:]


def marked(text: str, name: str = "spec.pes") -> tuple[Document, Workspace, int]:
    """A text without its mark, opened, and the place of the mark."""
    offset = text.index(MARK)
    document = Document(text.replace(MARK, ""), name)
    workspace = Workspace()
    workspace.open(document)
    return document, workspace, offset


def complete(text: str, name: str = "spec.pes") -> list[Candidate]:
    return completions(*marked(text, name))


def labels(text: str, name: str = "spec.pes") -> list[str]:
    return [candidate.label for candidate in complete(text, name)]


def told(text: str, name: str = "spec.pes") -> str:
    """The text of a hover, empty where there is none."""
    found = hover(*marked(text, name))
    return found.text if found else ""


def edited(text: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, key=lambda e: -e.start):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def renamed(text: str, name: str) -> str:
    """The text after the name at the mark is changed. Raises SpecError."""
    document, workspace, offset = marked(text)
    return edited(document.text, rename(document, workspace, offset, name))


def ask_everything(text: str, offset: int, name: str = "spec.pes") -> None:
    """Every answer about a text and a place in it; what is refused is refused as a SpecError."""
    document, workspace = Document(text, name), Workspace()
    workspace.open(document)
    for problem in problems(document):
        assert 0 <= problem.start <= problem.end <= len(text)
    hover(document, workspace, offset)
    for candidate in completions(document, workspace, offset):
        assert 0 <= candidate.start <= candidate.end == offset
    definition(document, workspace, offset)
    found = symbol_at(document, workspace, offset)
    if found is not None:
        references(document, workspace, found[1])
    try:
        renameable(document, workspace, offset)
        rename(document, workspace, offset, "fresh_name")
    except SpecError as error:
        assert {d.code for d in error.diagnostics} == {"no-rename"}
    formatted(document)
    inlay_hints(document, workspace)
    document_symbols(document)
    coloured(document, workspace)
    assert "".join(piece for _, piece, _ in painted(text)) == text


def specs(root: Path) -> list[Path]:
    return sorted((root / "specs").rglob("*.pes"))


def two_files(folder: Path) -> tuple[Document, Workspace]:
    """A spec, opened, that imports another, which lies in the folder."""
    core = "let reach = 5 Å\nterm core(rc = reach) = zbl() + lj(rc = rc)\n"
    (folder / "core.pes").write_text(core, "utf-8")
    text = 'import "core.pes"\nE = core(Nb, rc = reach)\n'
    document, workspace = Document(text, str(folder / "nb.pes")), Workspace()
    workspace.open(document)
    return document, workspace
