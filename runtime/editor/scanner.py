"""Words to an outline, in one pass that follows the grammar where the text does and goes on where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .outline import Declaration, Frame, Item, Outline, Place, Role, TermOutline
from .words import Word

_ITEMS = ("import", "species", "let", "term")
_CLOSES = {")": "(", "]": "[", "}": "{"}


def scan(found: Sequence[Word], sound: bool) -> Outline:
    """The outline of words.

    sound: the text parses. Where it does not, a declaration at the beginning of a line ends what is open
    before it, so that one unclosed bracket does not swallow the rest.
    """
    scanner = _Scanner([w for w in found if w.kind != "comment"], sound)
    for k in range(len(scanner.words)):
        scanner.step(k)
    return scanner.finished()


class _Scanner:
    def __init__(self, found: list[Word], sound: bool) -> None:
        self.words, self.sound = found, sound
        self.items: list[Item] = []
        self.places: list[Place] = []
        self.item: Item | None = None
        self.member: Declaration | None = None
        self.frame: Frame | None = None

    def finished(self) -> Outline:
        last = Place(self.item, self.member, self.frame)
        self.end_item(len(self.words))
        return Outline(self.words, [*self.places, last], self.items)

    def text(self, k: int) -> str:
        return self.words[k].text if 0 <= k < len(self.words) else ""

    def step(self, k: int) -> None:
        if not self.sound:
            self.recover(k)
        if self.frame is None:
            self.top_level(k)
        elif self.frame.role == "body":
            self.in_body(k)
        if self.words[k].kind == "mark":
            self.mark(k)
        else:
            self.name(k)
            self.places.append(Place(self.item, self.member, self.frame))

    # --- statements and members ----------------------------------------------------------------

    def recover(self, k: int) -> None:
        word = self.words[k]
        if not word.first or self.frame is None:
            return
        energy = word.text == "E" and self.text(k + 1) == "="
        if word.column == 0 and (word.text in _ITEMS or energy):
            self.frame = None
            return
        body = next((f for f in self.frame.chain() if f.role == "body"), None)
        if body is not None and self.frame is not body and (self.starts_param(k) or self.is_definition(k)):
            self.frame = body

    def top_level(self, k: int) -> None:
        word = self.words[k]
        if word.text in _ITEMS:
            self.start_item(k)
        elif self.starts_assignment(k):
            self.start_item(k, assignment=True)
        elif self.item is None:
            self.start_item(k, loose=True)

    def starts_assignment(self, k: int) -> bool:
        if self.words[k].kind != "name" or self.text(k + 1) != "=":
            return False
        return not (self.item is not None and self.item.kind == "let" and self.item.start == k - 1)

    def start_item(self, k: int, assignment: bool = False, loose: bool = False) -> None:
        self.end_item(k)
        kind = "assignment" if assignment else "loose" if loose else self.text(k)
        self.item = Item(kind, k, k + 1)  # type: ignore[arg-type]
        self.items.append(self.item)
        if assignment:
            self.item.declared = Declaration("energy", self.text(k), k, k, k + 1)

    def end_item(self, k: int) -> None:
        self.end_member(k)
        if self.item is not None:
            self.item.end = k
            if self.item.declared is not None:
                self.item.declared.end = k

    def end_member(self, k: int) -> None:
        if self.member is not None:
            self.member.end = k
            self.member = None

    def in_body(self, k: int) -> None:
        if self.starts_param(k):
            at = k + 1 + (self.text(k) == "fixed")
            name = self.text(at) if at < len(self.words) and self.words[at].kind == "name" else ""
            self.start_member(Declaration("param", name, at, k, k + 1))
        elif self.text(k - 1) != "param" and (self.is_definition(k) or self.is_constant(k)):
            formals = None if self.text(k + 1) == "=" else ()
            self.start_member(Declaration("definition", self.text(k), k, k, k + 1, formals=formals))

    def start_member(self, member: Declaration) -> None:
        self.end_member(member.start)
        self.member = member
        term = self.item.declared if self.item is not None else None
        if isinstance(term, TermOutline):
            term.members.append(member)

    def starts_param(self, k: int) -> bool:
        if self.text(k) == "fixed":
            return self.text(k + 1) == "param"
        return self.text(k) == "param" and self.text(k - 1) != "fixed"

    def is_constant(self, k: int) -> bool:
        return self.words[k].kind == "name" and self.text(k + 1) == "="

    def is_definition(self, k: int) -> bool:
        """`rho(i) =`, `u(r, x) =`."""
        if self.words[k].kind != "name" or self.text(k + 1) != "(":
            return False
        k += 2
        while k < len(self.words) and self.words[k].kind == "name":
            if self.text(k + 1) == ")":
                return self.text(k + 2) == "="
            if self.text(k + 1) != ",":
                return False
            k += 2
        return False

    # --- words ---------------------------------------------------------------------------------

    def name(self, k: int) -> None:
        """What declares: the name of a let or term, an argument of a term, an atom or variable."""
        if self.words[k].kind != "name":
            return
        item, frame = self.item, self.frame
        if item is not None and item.kind in ("let", "term") and k == item.start + 1:
            made = TermOutline if item.kind == "term" else Declaration
            item.declared = made(item.kind, self.text(k), k, item.start, k + 1)
        elif frame is not None and frame.role == "formals" and self.text(k - 1) in ("(", ","):
            if item is not None and isinstance(item.declared, TermOutline):
                item.declared.arguments.append(Declaration("formal", self.text(k), k, k, k + 1))
        elif frame is not None and frame.role == "names" and self.member is not None:
            self.member.formals = (*(self.member.formals or ()), self.text(k))
            self.member.locals.append(Declaration("local", self.text(k), k, k, k + 1))

    def mark(self, k: int) -> None:
        mark = self.text(k)
        if mark in "([{":
            self.places.append(Place(self.item, self.member, self.frame))
            self.frame = Frame(k, self.role(k), self.frame, self.callee(k))
            return
        if mark in _CLOSES:
            self.close(k, _CLOSES[mark])
        elif mark == "," and self.frame is not None:
            self.end_argument(k)
            self.frame = replace(self.frame, argument=self.frame.argument + 1, name=None, keyed=False)
        elif mark == ":" and self.frame is not None:
            self.frame = replace(self.frame, keyed=True)
        elif mark == "=":
            self.equals(k)
        self.places.append(Place(self.item, self.member, self.frame))

    def equals(self, k: int) -> None:
        frame = self.frame
        if frame is not None and frame.role in ("call", "formals"):
            if self.text(k - 2) in ("(", ",") and self.words[k - 1].kind == "name":
                self.frame = replace(frame, name=k - 1)
                declared = self.item.declared if self.item is not None else None
                if frame.role == "formals" and isinstance(declared, TermOutline) and declared.arguments:
                    declared.arguments[-1].value = k + 1
        elif frame is not None and frame.role == "body" and self.member is not None:
            self.member.value = self.member.value or k + 1
        elif frame is None and self.item is not None and self.item.declared is not None:
            self.item.declared.value = self.item.declared.value or k + 1

    def close(self, k: int, opening: str) -> None:
        chain = self.frame.chain() if self.frame is not None else ()
        match = next((f for f in chain if self.text(f.opening) == opening), None)
        if match is None:
            return
        if match.role == "body":
            self.end_member(k)
        self.end_argument(k)
        self.frame = match.parent

    def end_argument(self, k: int) -> None:
        declared = self.item.declared if self.item is not None else None
        formals = self.frame is not None and self.frame.role == "formals"
        if formals and isinstance(declared, TermOutline) and declared.arguments and self.text(k - 1) != ",":
            declared.arguments[-1].end = k

    # --- brackets ------------------------------------------------------------------------------

    def role(self, k: int) -> Role:
        mark, before = self.text(k), self.text(k - 1)
        header = self.frame is None and self.item is not None and self.item.kind == "term"
        if mark == "{":
            alias = header and self.item is not None and self.item.declared is not None
            return "body" if alias and not self.has_value() else "table"
        named = k > 0 and self.words[k - 1].kind == "name"
        if mark == "[":
            in_head = self.member is not None and self.member.kind == "param" and self.member.value is None
            return "size" if in_head and k - 1 == self.member.at else "list"  # type: ignore[union-attr]
        if header and self.item is not None and k == self.item.start + 2:
            return "formals"
        if before == "sum":
            return "index"
        if before == "in":
            return "bounds"
        head = self.member is not None and self.member.kind == "definition" and self.member.at == k - 1
        if head and self.frame is not None and self.frame.role == "body":
            return "names"
        return "call" if named and before not in ("pin", "fixed", "per") else "group"

    def has_value(self) -> bool:
        declared = self.item.declared if self.item is not None else None
        return declared is not None and declared.value is not None

    def callee(self, k: int) -> int | None:
        return k - 1 if self.role(k) == "call" else None
