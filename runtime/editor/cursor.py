"""Where the cursor is, by the words before it alone: what follows may be half typed."""

from __future__ import annotations

from collections.abc import Iterator

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.elaborate.builtins import BUILTINS
from .document import Document
from .names import Names, term_of
from .outline import Declaration, Frame, Item, Outline, TermOutline
from .scanner import scan
from .words import Word
from .workspace import Workspace

_OPERATORS = ("=", "+", "-", "*", "/", "^", "(", "[", "{", ",", ":", "pin", "fixed", "in")


class Cursor:
    """The statement, member and brackets that are open at an offset, and the word that is being typed there.

    start: where that word begins, the offset itself where there is none.
    """

    def __init__(self, document: Document, workspace: Workspace, offset: int) -> None:
        self.document, self.workspace, self.offset = document, workspace, offset
        known = [w for w in document.all_words if w.start < offset]
        self.last = known[-1] if known else None
        typed = self.last if self._touches(self.last) else None
        self.typed = typed if typed is not None and typed.kind in ("name", "unit") else None
        self.start = self.typed.start if self.typed is not None else offset
        kept = [w for w in known if w is not self.typed]
        self.outline: Outline = scan([w for w in kept if w.end <= offset], sound=False)
        self.place = self.outline.places[-1]
        self.names = Names(document, workspace)

    def _touches(self, word: Word | None) -> bool:
        return word is not None and word.end >= self.offset

    # --- what is open --------------------------------------------------------------------------

    @property
    def item(self) -> Item | None:
        return self.place.item

    @property
    def frame(self) -> Frame | None:
        return self.place.frame

    @property
    def member(self) -> Declaration | None:
        return self.place.member

    @property
    def begins_line(self) -> bool:
        """Whether nothing but blanks is before the word on its line."""
        line = self.document.text.rfind("\n", 0, self.start) + 1
        return not self.document.text[line : self.start].strip()

    @property
    def in_comment(self) -> bool:
        return self.last is not None and self.last.kind == "comment" and self._touches(self.last)

    @property
    def string(self) -> Word | None:
        """The text in quotes that the cursor is in."""
        word = self.last
        if word is None or word.kind != "string" or not self._touches(word):
            return None
        closed = len(word.text) > 1 and word.text.endswith('"')
        return None if closed and self.offset == word.end else word

    @property
    def after_number(self) -> bool:
        """Whether a unit may follow: a number before on the same line, `5 |` or `5 n|`."""
        if self.typed is not None:
            return self.typed.kind == "unit"
        if self.last is None or self.last.kind != "number":
            return False
        return not self.document.text[self.last.end : self.start].strip(" \t")

    @property
    def wants_species(self) -> bool:
        listed = self.item is not None and self.item.kind == "species"
        return self.before() == "species" or (listed and self.before() == ",")

    def before(self, back: int = 1) -> str:
        """The text of a word before the one that is typed."""
        return self.outline.text(len(self.outline.words) - back)

    @property
    def wants_operand(self) -> bool:
        """Whether a value has to come here, and not an operator or the next statement."""
        return self._operand_at(len(self.outline.words))

    def _operand_at(self, k: int) -> bool:
        """Whether the word at place k is where a value has to be."""
        if k == 0 or self.outline.text(k - 1) in _OPERATORS:
            return True
        if self.outline.text(k - 1) != ")" or k < 2:
            return False
        inside = self.outline.places[k - 2].frame
        return inside is not None and inside.role == "index"  # sum(j) …

    @property
    def in_new_definition(self) -> bool:
        """`rho(|`, where a member of a term begins."""
        frame = self.frame
        if frame is None or frame.role != "call" or frame.callee is None or frame.parent is None:
            return False
        first = self.outline.text(frame.callee - 1) == "{" or not self._operand_at(frame.callee)
        return frame.parent.role == "body" and first

    @property
    def value_frame(self) -> Frame | None:
        """The call that a value is for, through tables, lists and bounds."""
        chain = self.frame.chain() if self.frame is not None else ()
        return next((f for f in chain if f.role not in ("table", "list", "bounds", "group")), None)

    # --- terms ---------------------------------------------------------------------------------

    @property
    def term(self) -> TermOutline | None:
        """The term whose text the cursor is in, with all its members, also those after the cursor."""
        now = term_of(self.place)
        if now is None:
            return None
        whole = [t for t in self.document.outline.terms() if t.name == now.name]
        return next((t for t in whole if t.at == now.at), now)

    def called(self) -> tuple[Document, TermOutline] | None:
        """The term whose arguments the cursor is among."""
        frame = self.value_frame
        if frame is None or frame.role != "call" or frame.callee is None:
            return None
        name = self.outline.text(frame.callee)
        own = self.term
        if own is not None and own.find(name) is not None:
            return None
        return None if name in BUILTINS else self.workspace.term(self.document, name)

    @property
    def label(self) -> str | None:
        """`rc`, of `eam(rc = |`."""
        frame = self.value_frame
        return None if frame is None or frame.name is None else self.outline.text(frame.name)

    def taken(self, term: TermOutline) -> set[str]:
        """The arguments and parameters that the call has values for so far."""
        labels: set[str] = set()
        plain = 0
        for k in self._argument_starts():
            if self.outline.text(k + 1) == "=":
                labels.add(self.outline.text(k))
            elif self.outline.text(k) not in ELEMENTS:
                plain += 1
        free = [a.name for a in term.arguments if a.name not in labels]
        return labels | set(free[:plain])

    def _argument_starts(self) -> Iterator[int]:
        """First words of the arguments before the one in hand."""
        frame = self.value_frame
        for k in range(frame.opening + 1 if frame is not None else 0, len(self.outline.words)):
            inside = self.outline.places[k].frame
            if frame is None or inside is None or inside.opening != frame.opening:
                continue
            if self.outline.text(k - 1) in ("(", ",") and inside.argument != frame.argument:
                yield k

    def waiting(self, term: TermOutline) -> Declaration | None:
        """The argument that a value without a label would be."""
        taken = self.taken(term)
        return next((a for a in term.arguments if a.name not in taken), None)
