"""Units and values that the text leaves out: `rc=5` is in Å, `let cut = 0.8 * rc` is 4 Å."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.chemistry.units import ONE, Unit, lookup
from ...compiler.declarations.check import walk
from ...compiler.declarations.keywords import ENERGIES
from ...compiler.elaborate.scope import Scope
from ...compiler.elaborate.values import Quantity, Values
from ...compiler.syntax import tree as syntax
from .document import Document
from .outline import TermOutline
from .quantities import TermQuantities, shown, term_quantities, top_level, worth
from .workspace import Workspace


@dataclass(frozen=True)
class Hint:
    """Text to show after the character `offset - 1`."""

    offset: int
    text: str


def inlay_hints(document: Document, workspace: Workspace) -> list[Hint]:
    """The hints of a document, of the statements that parse and check."""
    builder = top_level(document)
    if document.sound.file is None or builder is None:
        return []
    found: set[tuple[int, str]] = set()
    for item in document.sound.file.items:
        if isinstance(item, syntax.Let):
            found |= set(_name(item.value, item.name_span.end, builder))
        if isinstance(item, (syntax.Let, syntax.Energy)):
            found |= set(_arguments(document, workspace, item.value, builder))
        elif isinstance(item, syntax.Term):
            found |= set(_in_term(document, workspace, item))
    return [Hint(*hint) for hint in sorted(found)]


def _name(value: syntax.Expr, at: int, scope: Scope) -> Iterator[tuple[int, str]]:
    """The value of a name that is not written as a number."""
    if not all(map(_is_plain, walk(value))):
        found = worth(value, scope)
        text = shown(found) if isinstance(found, (Quantity, Values)) else None
        if text is not None:
            yield at, f" = {text}"


def _is_plain(part: syntax.Expr) -> bool:
    """A number or unit, or what joins them: `1.5 /Å`, `20 eV/Å^2`, `[8, 8]`."""
    if isinstance(part, syntax.Name):
        return lookup(part.name) is not None
    return isinstance(part, (syntax.Chain, syntax.Power, syntax.Number, syntax.Negative, syntax.List))


def _in_term(document: Document, workspace: Workspace, term: syntax.Term) -> Iterator[tuple[int, str]]:
    quantities = term_quantities(document, term.name)
    if quantities is None:
        return
    for formal in term.formals:
        if formal.default is not None:
            yield from _name(formal.default, formal.span.start + len(formal.name), quantities.scope)
    for member in term.members:
        if isinstance(member, syntax.Param):
            unit = quantities.unit(member.name)
            for number in (member.value, *(member.bounds or ())):
                yield from _bare(number, unit, quantities.scope)
        else:
            yield from _definition(member, quantities)
            yield from _arguments(document, workspace, member.value, quantities.scope)
    if term.alias is not None:
        yield from _arguments(document, workspace, term.alias, quantities.scope)


def _definition(member: syntax.Definition, quantities: TermQuantities) -> Iterator[tuple[int, str]]:
    """The unit and components of a value of an atom or pair, the worth of a constant."""
    if member.formals is None:
        yield from _name(member.value, member.name_span.end, quantities.scope)
        if isinstance(worth(member.value, quantities.scope), Quantity):
            return
    # how many components a value has depends on how many species there are
    text = shown(quantities.definition(member.name), components=not quantities.scope.top.open_species)
    if member.name not in ENERGIES and text not in (None, "1"):
        closing = member.name_span.source.text.find(")", member.name_span.end)
        yield (member.name_span.end if member.formals is None else closing + 1), f": {text}"


def _arguments(
    document: Document, workspace: Workspace, expr: syntax.Expr, scope: Scope
) -> Iterator[tuple[int, str]]:
    """Units of the bare numbers in the calls of terms."""
    for part in walk(expr):
        if isinstance(part, syntax.Call):
            called = workspace.term(document, part.name)
            quantities = None if called is None else term_quantities(called[0], part.name)
            if called is not None and quantities is not None:
                for argument, name in _named(part, called[1]):
                    yield from _bare(argument.value, quantities.unit(name), scope)


def _named(call: syntax.Call, term: TermOutline) -> Iterator[tuple[syntax.Argument, str]]:
    """Arguments with the names of the parameters that they set."""
    known = {a.name for a in (*term.arguments, *term.members_of("param"))}
    given = {a.name for a in call.arguments}
    waiting = [a.name for a in term.arguments if a.name not in given]
    for argument in call.arguments:
        if argument.name is None:
            if waiting and not _is_species(argument.value):
                yield argument, waiting.pop(0)
        elif argument.name in known:
            yield argument, argument.name


def _is_species(value: syntax.Expr) -> bool:
    return isinstance(value, syntax.Name) and value.name in ELEMENTS


def _bare(expr: syntax.Expr, unit: Unit | None, scope: Scope) -> Iterator[tuple[int, str]]:
    """The unit behind each number that takes it."""
    if unit is None or unit == ONE:
        return
    match expr:
        case syntax.Setting():
            for part in (expr.value, *(expr.bounds or ())):
                yield from _bare(part, unit, scope)
        case syntax.Table():
            for _, entry, _ in expr.entries:
                yield from _bare(entry, unit, scope)
        case syntax.List():
            for each in expr.items:
                yield from _bare(each, unit, scope)
        case syntax.Call(name="keep"):
            starts = [a.value for a in expr.arguments if a.name == "start"]
            for start in starts:
                yield from _bare(start, unit, scope)
        case _:
            value = worth(expr, scope)
            if isinstance(value, Quantity) and value.bare:
                yield expr.span.end, f" {unit}"
