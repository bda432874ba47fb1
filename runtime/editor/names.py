"""The meaning of a word of a spec. The order of scopes is that of the compiler, in `elaborate/term.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.chemistry.units import lookup
from ...compiler.declarations.keywords import INDICES, KEYWORDS
from ...compiler.elaborate.builtins import BUILTINS, NUMERIC
from ...compiler.elaborate.radial_bases import FAMILIES
from .document import Document
from .outline import Declaration, Frame, Place, TermOutline
from .workspace import Workspace, library_term

SymbolKind = Literal[
    "let",
    "term",
    "energy",
    "formal",
    "param",
    "definition",
    "local",
    "species",
    "unit",
    "function",
    "basis",
    "keyword",
    "index",
    "geometry",
    "constant",
    "label",
]
_GEOMETRY = re.compile(r"^(?:[ru]_[ijk]{2}|cos_[ijk]{3})$")
_SHORT = re.compile(rf"^({'|'.join(FAMILIES)})\d+$")


@dataclass(frozen=True)
class Symbol:
    """A meaning. Names that a spec declares know their document and declaration, members their term too."""

    kind: SymbolKind
    name: str
    document: Document | None = None
    at: int = -1
    declaration: Declaration | None = field(default=None, compare=False)
    term: TermOutline | None = field(default=None, compare=False)


def declared(document: Document, what: Declaration, term: TermOutline | None = None) -> Symbol:
    return Symbol(what.kind, what.name, document, what.at, what, term)


class Names:
    """The meanings of the words of one document."""

    def __init__(self, document: Document, workspace: Workspace) -> None:
        self.document, self.workspace = document, workspace
        self.outline = document.outline

    @cached_property
    def _visible(self) -> dict[str, tuple[Document, Declaration]]:
        """`let`s and terms that the document sees, but for the library's."""
        found: dict[str, tuple[Document, Declaration]] = {}
        for document, what in self.workspace.names(self.document):
            found.setdefault(what.name, (document, what))
        return found

    def _term(self, name: str) -> tuple[Document, Declaration] | None:
        found = self._visible.get(name)
        return found if found is not None and found[1].kind == "term" else library_term(name)

    def meaning(self, k: int) -> Symbol | None:
        """The meaning of the word at place k; None where it has none."""
        word = self.outline.words[k]
        if word.kind == "unit":
            return Symbol("unit", word.text) if lookup(word.text) else None
        if word.kind != "name":
            return None
        if self.outline.text(k - 1) == ".":
            return self._of_owner(k)
        place = self.outline.places[k]
        return self._in_head(k, place) or self._in_bracket(k, place) or self._in_formula(k, place)

    def named_term(self, let: str) -> tuple[Document, TermOutline] | None:
        """The term that a `let` names; None where it names anything else."""
        document, what = self._visible.get(let, (None, None))
        if document is None or what is None or what.kind != "let" or what.value is None:
            return None
        k = what.value + (document.outline.text(what.value) == "pin")
        called = document.outline.text(k + 1) == "("
        return self.workspace.term(document, document.outline.text(k)) if called else None

    def _of_owner(self, k: int) -> Symbol | None:
        """`sigma` of `core.sigma`."""
        found = self.named_term(self.outline.text(k - 2))
        if found is None:
            return None
        document, term = found
        own = next((m for m in term.members_of("param") if m.name == self.outline.text(k)), None)
        return None if own is None else declared(document, own, term)

    # --- heads of statements and members -------------------------------------------------------

    def _in_head(self, k: int, place: Place) -> Symbol | None:
        item, member, text = place.item, place.member, self.outline.text(k)
        if item is None:
            return None
        if k == item.start and item.kind in ("import", "species", "let", "term"):
            return Symbol("keyword", text)
        if item.kind == "species":
            return Symbol("species", text)
        if item.declared is not None and k == item.declared.at:
            return declared(self.document, item.declared)
        if member is not None and self._is_keyword_of_member(k, member):
            return Symbol("keyword", text)
        if member is not None and k == member.at:
            return declared(self.document, member, term_of(place))
        return None

    def _is_keyword_of_member(self, k: int, member: Declaration) -> bool:
        text = self.outline.text
        if k < member.at:
            return text(k) in ("fixed", "param")
        if member.kind != "param":
            return False
        return "per" in (text(k), text(k - 1)) or (text(k - 1) == "ordered" and text(k - 2) == "per")

    def _in_bracket(self, k: int, place: Place) -> Symbol | None:
        frame, text = place.frame, self.outline.text(k)
        if frame is None:
            return None
        if frame.role == "index" and frame.argument == 0:  # what follows is how far to sum
            return Symbol("index", text)
        if frame.role == "names":
            return self._local(text, place)
        starts = self.outline.text(k - 1) in ("(", ",")
        if frame.role == "formals" and starts:
            term = term_of(place)
            found = next((a for a in term.arguments if a.at == k), None) if term else None
            return declared(self.document, found, term) if found else None
        if frame.role == "table" and not frame.keyed:
            return Symbol("species", text) if text in ELEMENTS else None
        if frame.role == "call" and starts and self.outline.text(k + 1) == "=":
            return self._label(frame, text)
        return None

    def _label(self, frame: Frame, text: str) -> Symbol | None:
        """`rc` of `eam(rc = 5)`."""
        called = self.called(frame)
        if called is not None:
            document, term = called
            found = next((d for d in term.arguments if d.name == text), None)
            found = found or next((m for m in term.members_of("param") if m.name == text), None)
            return declared(document, found, term) if found else None
        return Symbol("label", text)

    def called(self, frame: Frame) -> tuple[Document, TermOutline] | None:
        """The term that a bracket calls; None where it calls anything else."""
        if frame.callee is None:
            return None
        meaning = self.meaning(frame.callee)
        if meaning is None or meaning.kind != "term" or meaning.document is None:
            return None
        assert isinstance(meaning.declaration, TermOutline)
        return meaning.document, meaning.declaration

    # --- formulas ------------------------------------------------------------------------------

    def _in_formula(self, k: int, place: Place) -> Symbol | None:
        text, frame = self.outline.text(k), place.frame
        calls = self.outline.text(k + 1) == "("
        if text in ("pin", "fixed", "in") or (calls and text == "sum"):
            return Symbol("keyword", text)
        if frame is not None and frame.role == "call" and not calls and self._is_whole_argument(k):
            chosen = self._choice(k, frame, place)
            if chosen is not None:
                return chosen
        term = term_of(place)
        if frame is not None and term is not None and any(f.role == "formals" for f in frame.chain()):
            own = next((m for m in term.members_of("definition") if m.name == text), None)
            if own is not None:  # `switch = smoothed` in the head of a term
                return declared(self.document, own, term)
        return self._scoped(text, place, calls) or self._word(text, calls)

    def _is_whole_argument(self, k: int) -> bool:
        return self.outline.text(k - 1) in ("(", ",", "=") and self.outline.text(k + 1) in (",", ")", "")

    def _choice(self, k: int, frame: Frame, place: Place) -> Symbol | None:
        """A species, or a definition of the called term by its name: `lj(Nb, switch = hard)`."""
        called = self.called(frame)
        if called is None:
            return None
        text = self.outline.text(k)
        document, term = called
        outer = term_of(place)
        taken = outer is not None and any(a.name == text for a in outer.arguments)
        if frame.name is None and text in ELEMENTS and not taken and not self._is_let(text):
            return Symbol("species", text)
        local = self._local(text, place)
        found = next((m for m in term.members_of("definition") if m.name == text), None)
        if found is None or (local is not None and local.kind == "local"):
            return None
        if frame.name is not None and self.outline.text(frame.name) not in [a.name for a in term.arguments]:
            return None
        return declared(document, found, term)

    def _is_let(self, text: str) -> bool:
        found = self._visible.get(text)
        return found is not None and found[1].kind == "let"

    def _local(self, text: str, place: Place) -> Symbol | None:
        """A variable of the definition in hand, or an atom."""
        member = place.member
        formals = (member.formals if member is not None else None) or ()
        if text in formals:
            if all(f in INDICES for f in formals):
                return Symbol("index", text)
            assert member is not None
            found = next(d for d in member.locals if d.name == text)
            return declared(self.document, found, term_of(place))
        return None

    def _scoped(self, text: str, place: Place, calls: bool) -> Symbol | None:
        local = self._local(text, place)
        if local is not None:
            return local
        term = term_of(place)
        if term is None:
            return None
        groups = [term.arguments, term.members_of("param"), term.members_of("definition")]
        for group in groups[1:] + groups[:1] if calls else groups:
            found = next((d for d in group if d.name == text), None)
            if found is not None:
                return declared(self.document, found, term)
        if _GEOMETRY.match(text) and not calls:
            return Symbol("geometry", text)
        return Symbol("index", text) if text in INDICES else None

    def _word(self, text: str, calls: bool) -> Symbol | None:
        if calls:
            return self._called_word(text)
        if _SHORT.match(text):
            return Symbol("basis", text)
        found = self._visible.get(text)
        if found is not None and found[1].kind == "let":
            return declared(*found)
        if text in NUMERIC:
            return Symbol("function", text)
        if text == "pi":
            return Symbol("constant", text)
        if lookup(text):
            return Symbol("unit", text)
        if text in ELEMENTS:
            return Symbol("species", text)
        return self._called_word(text)

    def _called_word(self, text: str) -> Symbol | None:
        if text in FAMILIES:
            return Symbol("basis", text)
        if text in BUILTINS:
            return Symbol("function", text)
        found = self._term(text)
        if found is not None:
            return declared(*found)
        return Symbol("keyword", text) if text in KEYWORDS else None


def term_of(place: Place) -> TermOutline | None:
    """The term whose declaration the place is in."""
    what = place.item.declared if place.item is not None else None
    return what if isinstance(what, TermOutline) else None
