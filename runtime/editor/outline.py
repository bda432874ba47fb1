"""The outline of a spec, also of a half-typed one: declarations, and the place of each word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from .words import Word

ItemKind = Literal["import", "species", "let", "term", "assignment", "loose"]
Role = Literal["call", "group", "formals", "names", "index", "bounds", "size", "list", "table", "body"]
DeclarationKind = Literal["let", "term", "energy", "formal", "param", "definition", "local"]


@dataclass(frozen=True)
class Frame:
    """An open bracket. callee: the word it calls; argument: how many commas came before; name: the word of
    `rc = …`, for an argument or an entry of a table that has got so far; keyed: after the `:` of an entry.
    """

    opening: int
    role: Role
    parent: Frame | None
    callee: int | None = None
    argument: int = 0
    name: int | None = None
    keyed: bool = False

    def chain(self) -> Iterator[Frame]:
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent


@dataclass
class Declaration:
    """A name that is given a meaning. Numbers are places in the list of words; end is one beyond the last.

    value: the place after its `=`, None where there is none yet. formals: of a definition, None of a
    constant; locals: those formals as declarations.
    """

    kind: DeclarationKind
    name: str
    at: int
    start: int
    end: int
    value: int | None = None
    formals: tuple[str, ...] | None = None
    locals: list[Declaration] = field(default_factory=list)


@dataclass
class TermOutline(Declaration):
    """A term: its arguments and its members; `value` is set where it is another name of an energy."""

    arguments: list[Declaration] = field(default_factory=list)
    members: list[Declaration] = field(default_factory=list)

    def find(self, name: str) -> Declaration | None:
        """An argument or a member."""
        return next((d for d in (*self.arguments, *self.members) if d.name == name), None)

    def members_of(self, kind: DeclarationKind) -> list[Declaration]:
        return [m for m in self.members if m.kind == kind]


@dataclass
class Item:
    """A statement. declared: the name that it declares, once it is there."""

    kind: ItemKind
    start: int
    end: int
    declared: Declaration | None = None


@dataclass(frozen=True)
class Place:
    """Where a word stands: its statement, the member of the term that it is in, the open brackets."""

    item: Item | None
    member: Declaration | None
    frame: Frame | None


@dataclass
class Outline:
    """words: without comments. places: of each word, and of what would come after the last."""

    words: list[Word]
    places: list[Place]
    items: list[Item]

    def declarations(self, kind: DeclarationKind) -> list[Declaration]:
        return [i.declared for i in self.items if i.declared is not None and i.declared.kind == kind]

    def terms(self) -> list[TermOutline]:
        return [d for d in self.declarations("term") if isinstance(d, TermOutline)]

    def text(self, place: int) -> str:
        """The word at a place; nothing before the first and after the last."""
        return self.words[place].text if 0 <= place < len(self.words) else ""
