"""A parameter under a restriction, as the argument of a call: `{Nb-Nb = Nb-W: 0.5 eV, W-W: fixed 0.7 eV}`.

Parts that a restriction does not touch are written as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..chemistry.units import ONE, Unit
from ..declarations.keywords import KEEP
from ..diagnostics.diagnostic import InternalError
from ..elaborate.wildcards import nearest
from ..ir.graph import Model
from ..ir.parameter import Parameter
from ..ir.types import Domain
from ..syntax import tree as syntax
from .quadratic_model import Restriction


@dataclass(frozen=True)
class _Row:
    """A row of the table: name; the number of each component that is kept; its text today."""

    name: str
    numbers: Mapping[int, int]  # component -> place in the parameter, of numbers tied together the first
    fixed: float | None  # the value of its one number, where the restriction has fixed it
    touched: bool
    written: syntax.Expr | None


def argument_text(
    model: Model,
    p: Parameter,
    idle: frozenset[int],
    restriction: Restriction,
    old: syntax.Expr | None,
) -> str:
    """The value of the argument. idle: rows that the term never meets; old: the argument of today.

    Raises InternalError where a component is fixed at another value than 0, or rows are tied in part.
    """
    outer = old if isinstance(old, syntax.Setting) else None
    body = outer.value if outer else old
    rows = [r for k, r in enumerate(_rows(model, p, restriction, body)) if k not in idle]
    groups: dict[object, list[_Row]] = {}
    for row in rows:
        known = (tuple(row.numbers.items()), row.fixed) if row.numbers else row.name
        groups.setdefault(known, []).append(row)
    _refuse_partial_ties(p, groups)
    texts = [_row_text(p, group[0]) for group in groups.values()]
    apart = all(len(group) == 1 for group in groups.values())
    if len(rows) == 1 or (apart and len(set(texts)) == 1):
        value = texts[0]
    else:
        names = [" = ".join(row.name for row in group) for group in groups.values()]
        value = "{" + ", ".join(f"{n}: {t}" for n, t in zip(names, texts, strict=True)) + "}"
    return value + (_bounds(outer) if outer else "")


def _rows(model: Model, p: Parameter, restriction: Restriction, body: syntax.Expr | None) -> list[_Row]:
    place = {(t.parameter.name, t.index): k for k, t in enumerate(model.vector.trained)}
    index = {k: i for (name, i), k in place.items() if name == p.name}
    leader = {index[k]: min(index[j] for j in g) for g in restriction.tied for k in g if k in index}
    fixed = {index[k]: value for k, value in restriction.fixed.items() if k in index}
    found = []
    for name, present in model.vector.rows(p).items():
        if p.kind.shape:
            if any(fixed.get(k) for k in present.values()):
                raise InternalError(f"a component of `{p.name}` is fixed at another value than 0")
            kept = {c: k for c, k in present.items() if k not in fixed}
        else:
            kept = dict(present)
        touched = any(k in fixed or k in leader for k in present.values())
        numbers = {c: leader.get(k, k) for c, k in kept.items()}
        value = None if p.kind.shape else fixed.get(present[0])
        found.append(_Row(name, numbers, value, touched, _written(body, name, p.kind.domain)))
    return found


def _written(body: syntax.Expr | None, name: str, domain: Domain) -> syntax.Expr | None:
    """The entry of a row in the argument."""
    if not isinstance(body, syntax.Table):
        return body
    return nearest(body, name, domain)


def _refuse_partial_ties(p: Parameter, groups: Mapping[object, list[_Row]]) -> None:
    seen: set[int] = set()
    for group in groups.values():
        numbers = set(group[0].numbers.values())
        if numbers & seen:
            raise InternalError(f"rows of `{p.name}` share some of their numbers, and not all")
        seen |= numbers


# --- a row -------------------------------------------------------------------------------------


def _row_text(p: Parameter, row: _Row) -> str:
    if not row.touched and row.written is not None:
        return row.written.span.text
    own = row.written if isinstance(row.written, syntax.Setting) else None
    bounds = _bounds(own) if own else ""
    if row.fixed is not None:
        return f"fixed {_quantity(row.fixed, p.kind.unit)}{bounds}"
    if not p.kind.shape:
        value = own.value if own else row.written
        text = value.span.text if value is not None else _quantity(p.start[row.numbers[0]], p.kind.unit)
        return ("fixed " if own and own.fixed else "") + text + bounds
    starts = [p.start[k] for k in row.numbers.values()]
    if len(starts) == p.kind.components and p.components is None:
        return _values(starts, p.kind.unit) + bounds
    given = own.value if own else row.written
    start = f", start = {_values(starts, p.kind.unit)}" if starts and _has_values(given) else ""
    return f"{KEEP}({', '.join(map(str, row.numbers))}{start}){bounds}"


def _has_values(given: syntax.Expr | None) -> bool:
    """Whether start values are written, and not those of the declaration meant."""
    if isinstance(given, syntax.Call) and given.name == KEEP:
        return any(a.name == "start" for a in given.arguments)
    return given is not None


def _values(numbers: list[float], unit: Unit) -> str:
    if len(set(numbers)) == 1:
        return _quantity(numbers[0], unit)
    return "[" + ", ".join(_quantity(x, unit) for x in numbers) + "]"


def _quantity(value: float, unit: Unit) -> str:
    """A number with its unit, to the bit; of a unit without a name a bare number, which has the unit due."""
    text = f"{value:g}" if float(f"{value:g}") == value else repr(value)
    written = str(unit).replace(" ", "*")
    return text if unit == ONE or "(" in written else f"{text} {written}"


def _bounds(setting: syntax.Setting) -> str:
    if setting.bounds is None:
        return ""
    low, high = setting.bounds
    return f" in ({low.span.text}, {high.span.text})"
