"""idle-parameter: a number that a fit would train, and that the energy does not depend on."""

from __future__ import annotations

from collections.abc import Iterator

from ..declarations.check import names_in
from ..diagnostics.diagnostic import Diagnostic, Fix
from ..diagnostics.source import Span
from ..ir import ops
from ..ir.graph import Node, topological
from ..ir.parameter import Parameter
from ..syntax import tree as syntax
from .effect import read_parameters
from .formula import Formula


def idle_parameter(formula: Formula) -> Iterator[Diagnostic]:
    yield from _without_effect(formula)
    yield from _given_in_vain(formula)
    yield from _never_read(formula)


def _without_effect(formula: Formula) -> Iterator[Diagnostic]:
    """Read by the formula, but multiplied by 0 or subtracted again. Told once a place."""
    read = read_parameters(formula)
    terms = {t.name: t for t in formula.model.terms}
    places: dict[Span, list[str]] = {}
    for p in formula.model.parameters:
        if any(p.free) and p.name not in read and not _in_vanishing(p, formula) and p.term in terms:
            place = _argument_span(formula, p) or formula.place(terms[p.term])
            places.setdefault(place, []).append(p.name)
    for place, names in places.items():
        verb = "has" if len(names) == 1 else "have"
        yield _warning(
            f"{', '.join(f'`{name}`' for name in names)} {verb} no effect on the energy",
            place,
            ("it is" if len(names) == 1 else "they are") + " multiplied by 0 or subtracted again",
        )


def _in_vanishing(p: Parameter, formula: Formula) -> bool:
    return any(p.term == name or p.term.startswith(name + ".") for name in formula.vanishing)


def _argument_span(formula: Formula, p: Parameter) -> Span | None:
    call = formula.calls.get(p.term)
    name = p.name.removeprefix(p.term + ".")
    return next((a.span for a in call.arguments if a.name == name), None) if call else None


def _given_in_vain(formula: Formula) -> Iterator[Diagnostic]:
    """Given by a call, and not read by the form of the term that is chosen there."""
    made = {p.name for p in formula.model.parameters}
    energies = {t.name: t.energy for t in formula.model.terms}
    for instance, call in formula.calls.items():
        term = formula.checked.term(call.name)
        params = {m.name for m in term.members if isinstance(m, syntax.Param)} if term else set()
        for k, argument in enumerate(call.arguments):
            name = argument.name
            if name not in params or _keeps_nothing(argument.value):
                continue
            if isinstance(argument.value, syntax.Shared):
                read = _is_read(argument.value, energies[instance], formula)
            else:
                read = f"{instance}.{name}" in made
            if not read:
                yield _warning(
                    f"`{name}` of `{call.name}` is given a value, but nothing reads it",
                    argument.span,
                    "the form of the term that this call chooses does without it",
                    Fix(_with_comma(call, k), ""),
                )


def _is_read(given: syntax.Shared, energy: Node, formula: Formula) -> bool:
    """Whether a term reads a parameter of another, or the owner keeps nothing of it."""
    call = syntax.unpinned(formula.checked.lets[given.owner].value)
    arguments = call.arguments if isinstance(call, syntax.Call) else ()
    value = next((a.value for a in arguments if a.name == given.parameter), None)
    if isinstance(value, syntax.Shared):
        return _is_read(value, energy, formula)
    owner = next((name for name, known in formula.calls.items() if known is call), given.owner)
    leaves = (n["name"] for n in topological([energy]) if n.op is ops.param)
    return f"{owner}.{given.parameter}" in leaves or (value is not None and _keeps_nothing(value))


def _keeps_nothing(value: syntax.Expr) -> bool:
    """`keep()`, which says that a parameter is to have no numbers."""
    value = value.value if isinstance(value, syntax.Setting) else value
    if isinstance(value, syntax.Table):
        return all(_keeps_nothing(v) for _, v, _ in value.entries)
    return isinstance(value, syntax.Call) and value.name == "keep"


def _with_comma(call: syntax.Call, k: int) -> Span:
    """An argument with the comma and blanks that part it from its neighbour."""
    spans = [a.span for a in call.arguments]
    source = call.span.source
    if k > 0:
        return Span(source, spans[k - 1].end, spans[k].end)
    return Span(source, spans[0].start, spans[1].start if len(spans) > 1 else spans[0].end)


def _never_read(formula: Formula) -> Iterator[Diagnostic]:
    """Declared in a term of this text, and read nowhere in it."""
    for item in formula.checked.file.items:
        if isinstance(item, syntax.Term):
            parts = [part for m in item.members for part in _parts(m)]
            read = {name for part in parts for name in names_in(part)}
            for m in item.members:
                if isinstance(m, syntax.Param) and m.name not in read:
                    message = f"nothing in `{item.name}` reads its parameter `{m.name}`"
                    yield _warning(message, m.name_span, "use it, or remove the declaration")


def _parts(member: syntax.Param | syntax.Definition) -> Iterator[syntax.Expr]:
    yield member.value
    if isinstance(member, syntax.Param):
        yield from member.bounds or ()
        yield from () if member.size is None else (member.size,)


def _warning(message: str, place: Span, help: str, fix: Fix | None = None) -> Diagnostic:
    return Diagnostic("idle-parameter", message, "warning", primary=place, help=help, fix=fix)
