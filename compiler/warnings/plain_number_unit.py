"""plain-number-unit: `deg` or `rad` on a number that is no angle: a count, an exponent, a plain argument."""

from __future__ import annotations

from collections.abc import Iterator

from ..chemistry.units import ONE, lookup
from ..diagnostics.diagnostic import Diagnostic, Fix
from ..diagnostics.source import Span
from ..elaborate.builtins import BUILTINS
from ..elaborate.radial_bases import FAMILIES
from ..syntax import tree as syntax
from .formula import Formula

_COUNTS = {*FAMILIES, *(name for name, function in BUILTINS.items() if function.counts)}


def plain_number_unit(formula: Formula) -> Iterator[Diagnostic]:
    for part in formula.expressions:
        for number in _plain_numbers(part, formula):
            found = lookup(number.unit) if number.unit else None
            if found is not None and found[1] == ONE:
                yield _warning(number, found[0])


def _warning(number: syntax.Number, factor: float) -> Diagnostic:
    text = number.span.text
    plain = text[: text.index(number.unit)].rstrip() if number.unit in text else text  # type: ignore[arg-type,operator]
    span = Span(number.span.source, number.span.start + len(plain), number.span.end)
    return Diagnostic(
        "plain-number-unit",
        f"this is a plain number, and `{number.unit}` makes it {number.value * factor**number.exponent:g}",
        "warning",
        primary=number.span,
        help=f"write `{plain}`",
        fix=Fix(span, "") if factor == 1.0 else None,
    )


def _plain_numbers(part: syntax.Expr, formula: Formula) -> Iterator[syntax.Number]:
    """Numbers with a unit where a plain one is meant."""
    if isinstance(part, syntax.Power):
        yield from _numbers(part.exponent)
    elif isinstance(part, syntax.Call) and part.name in _COUNTS:
        for argument in part.arguments:
            yield from _numbers(argument.value)
    elif isinstance(part, syntax.Call):
        term = formula.checked.term(part.name)
        for argument in part.arguments if term else ():
            if argument.name is not None and _is_plain(term, argument.name):  # type: ignore[arg-type]
                yield from _numbers(argument.value)


def _is_plain(term: syntax.Term, name: str) -> bool:
    """Whether an argument or a parameter of a term is declared as numbers without a unit."""
    declared = next((f.default for f in term.formals if f.name == name), None)
    declared = declared or next((m.value for m in term.members if m.name == name), None)
    if declared is None:
        return False
    numbers = list(_numbers(declared))
    return bool(numbers) and all(number.unit is None for number in numbers)


def _numbers(expr: syntax.Expr) -> Iterator[syntax.Number]:
    """The numbers that a value is made of, but for those in a function: an angle may stand in a cosine."""
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        match part:
            case syntax.Number():
                yield part
            case syntax.List():
                waiting += reversed(part.items)
            case syntax.Negative():
                waiting.append(part.operand)
            case syntax.Setting():
                waiting.append(part.value)
            case syntax.Table():
                waiting += [value for _, value, _ in reversed(part.entries)]
