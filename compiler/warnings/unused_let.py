"""unused-let: a name that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from ..declarations.check import names_in
from ..diagnostics.diagnostic import Diagnostic, Fix
from ..diagnostics.source import Span
from ..syntax import tree as syntax
from .formula import Formula


def unused_let(formula: Formula) -> Iterator[Diagnostic]:
    used = _used(formula)
    for item in formula.checked.file.items:
        if isinstance(item, syntax.Let) and item.name not in used:
            yield Diagnostic(
                "unused-let",
                f"`{item.name}` is never used",
                "warning",
                primary=item.name_span,
                help="remove it, or use it in the energy",
                fix=Fix(_whole_line(item.span), ""),
            )


def _used(formula: Formula) -> set[str]:
    """Names of lets that the energy or a term reads, directly or through other lets."""
    checked = formula.checked
    waiting = list(names_in(checked.energy.value)) if checked.energy else []
    for term in checked.terms.values():
        waiting += _read_by(term)
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in used and name in checked.lets:
            used.add(name)
            waiting += names_in(checked.lets[name].value)
    return used


def _read_by(term: syntax.Term) -> Iterator[str]:
    """Names in a term that are none of its own; a default is read where the formals are not yet bound."""
    own = {f.name for f in term.formals} | {m.name for m in term.members}
    for formal in term.formals:
        yield from () if formal.default is None else names_in(formal.default)
    if term.alias is not None:
        yield from (n for n in names_in(term.alias) if n not in own)
    for member in term.members:
        local = set(member.formals or ()) if isinstance(member, syntax.Definition) else set()
        parts = [member.value]
        if isinstance(member, syntax.Param):
            parts += [*(member.bounds or ()), *([member.size] if member.size else [])]
        yield from (n for part in parts for n in names_in(part) if n not in own | local)


def _whole_line(span: Span) -> Span:
    """With the end of the line, where nothing else is on it."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    alone = end >= 0 and not text[start : span.start].strip() and not text[span.end : end].strip()
    return Span(span.source, start, end + 1) if alone else span
