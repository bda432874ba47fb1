"""Parameters of a term: their sharing among species, size, start values and bounds; and reading them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING
from zlib import crc32

from . import syntax
from .expressions import AT_SITE, evaluate, fault, move
from .ir import Node, Parameter, parameter_size
from .kinds import NONE, SITE, Domain, Kind, entry_names
from .ops import make
from .source import Span
from .units import ONE, Unit
from .values import Override, Quantity, Values, Where

if TYPE_CHECKING:
    from .terms import TermScope

DOMAINS: dict[str, Domain] = {
    "model": NONE,
    "species": Domain("species"),
    "pair": Domain("species_pair"),
    "ordered pair": Domain("species_pair_ordered"),
    "triple": Domain("species_triple"),
    "ordered triple": Domain("species_triple_ordered"),
}


@dataclass(frozen=True)
class _Given:
    """A start value with its bounds, before it is spread over species rows. One number a feature
    component.
    """

    values: tuple[float, ...]
    lower: float
    upper: float
    fixed: bool


def declare(scope: TermScope, name: str) -> Node:
    """The IR leaf of a parameter; the first reading enters it in the model's list."""
    if name not in scope.declared:
        declaration = scope.params[name]
        unit = _unit(scope, declaration)
        size = _size(scope, declaration)
        kind = Kind(DOMAINS[declaration.sharing or "pair"], size, unit)
        scope.builder.parameters.append(_parameter(scope, declaration, kind))
        scope.declared[name] = make("param", name=f"{scope.instance}.{name}", kind=kind)
    return scope.declared[name]


def weights(scope: TermScope, name: str, shape: tuple[int, ...], unit: Unit, spread: float) -> Node:
    """A table of weights for each species, started from random numbers that depend only on its name."""
    full = f"{scope.instance}.{name}"
    kind = Kind(Domain("species"), shape, unit)
    n = parameter_size(kind, len(scope.builder.species))
    source = random.Random(crc32(full.encode()))
    start = tuple(source.gauss(0.0, spread) for _ in range(n))
    rows = _rows_in_use(scope, kind)
    per_row = n // len(rows)
    free = tuple(used for used in rows for _ in range(per_row))
    scope.builder.parameters.append(
        Parameter(full, scope.instance, kind, start, (-inf,) * n, (inf,) * n, free)
    )
    return make("param", name=full, kind=kind)


def read(
    scope: TermScope,
    leaf: Node,
    declaration: syntax.Param,
    where: Where,
    indices: tuple[str, ...],
    span: Span,
) -> Node:
    """A parameter as a value of the atoms in hand; `indices` as written, `D(i, k)`, or empty."""
    domain = leaf.kind.domain
    if domain == NONE:
        return leaf
    arity = {
        "species": 1,
        "species_pair": 2,
        "species_pair_ordered": 2,
        "species_triple": 3,
        "species_triple_ordered": 3,
    }[domain.name]
    if not indices:
        indices = _natural(declaration, where, arity, span)
    if len(indices) != arity:
        raise fault(
            "missing-index",
            f"`{declaration.name}` is one value per {declaration.sharing or 'pair'}: it takes {arity} atoms",
            span,
        )
    if arity == 1:
        return move(make("at", leaf, domain=SITE, of="i"), indices, where)
    if arity == 3:
        return make("at", leaf, domain=where.domain, of="ijk")
    if indices == where.indices[1:] and where.domain.name == "triple":
        return make("at", leaf, domain=where.domain, of="jk")
    edge = Domain("edge", where.domain.rc)
    return move(make("at", leaf, domain=edge, of="ij"), indices, where)


def _natural(declaration: syntax.Param, where: Where, arity: int, span: Span) -> tuple[str, ...]:
    """The atoms meant where none are written: all those in hand, if they are as many as the parameter
    needs.
    """
    if len(where.indices) == arity:
        return where.indices
    sharing, name = declaration.sharing or "pair", declaration.name
    if arity > len(where.indices):
        help = "declare it `per species`" if len(where.indices) == 1 else "declare it `per pair`"
        raise fault(
            "missing-index",
            f"`{name}` is one value per {sharing}, but there is only {', '.join(where.indices)} in hand",
            span,
            help,
        )
    example = ", ".join(where.indices[:arity])
    raise fault(
        "missing-index",
        f"`{name}` is one value per {sharing}: it is not clear of which atoms",
        span,
        f"write `{name}({example})`",
    )


# --- values ------------------------------------------------------------------------------------


def _size(scope: TermScope, declaration: syntax.Param) -> tuple[int, ...]:
    if declaration.size is None:
        return ()
    value = evaluate(declaration.size, scope, AT_SITE, {})
    if not isinstance(value, Quantity) or value.value != int(value.value) or value.value < 1:
        raise fault(
            "bad-size", "the size of a parameter is a whole number of at least 1", declaration.size.span
        )
    return (int(value.value),)


def _unit(scope: TermScope, declaration: syntax.Param) -> Unit:
    value = evaluate(declaration.value, scope, AT_SITE, {})
    items = value.items if isinstance(value, Values) else (value,)
    if not items or not all(isinstance(v, Quantity) for v in items):
        raise fault("bad-start", "a start value is a number known at compile time", declaration.value.span)
    return items[0].unit  # type: ignore[union-attr]


def _parameter(scope: TermScope, declaration: syntax.Param, kind: Kind) -> Parameter:
    default = syntax.Setting(declaration.value, declaration.fixed, declaration.bounds, declaration.span)
    given = scope.overrides.get(declaration.name)
    names = entry_names(kind.domain, scope.builder.species)
    if given is None:
        rows = dict.fromkeys(names, _given(scope, default, kind, None))
    else:
        bounds = given.bounds or declaration.bounds
        fixed = given.fixed or declaration.fixed
        rows = {}
        for name, expr, row_fixed in _entries(scope, given, kind, names, declaration.name):
            setting = syntax.Setting(expr, fixed or row_fixed, bounds, expr.span)
            rows[name] = _given(scope, setting, kind, given.span)
    used = _rows_in_use(scope, kind)
    start, lower, upper, free = [], [], [], []
    for name, row_used in zip(names, used, strict=True):
        row = rows[name]
        for value in row.values:
            start.append(value)
            lower.append(row.lower)
            upper.append(row.upper)
            free.append(row_used and not row.fixed)
    full = f"{scope.instance}.{declaration.name}"
    return Parameter(full, scope.instance, kind, tuple(start), tuple(lower), tuple(upper), tuple(free))


def _entries(
    scope: TermScope, given: Override, kind: Kind, names: tuple[str, ...], label: str
) -> Iterator[tuple[str, syntax.Expr, bool]]:
    """Row name, value and whether fixed, of `0.5 eV` (all rows) or `{Nb-Nb: 0.5 eV, …}`."""
    if not isinstance(given.value, syntax.Table):
        for name in names:
            yield name, given.value, False
        return
    found: dict[str, tuple[syntax.Expr, bool]] = {}
    for key, expr, span in given.value.entries:
        row = _row_name(key, kind, names)
        if row is None:
            what = {"species": "a species", "none": "nothing"}.get(
                kind.domain.name, "as many species as it depends on"
            )
            raise fault(
                "unknown-entry",
                f"`{label}` has no entry `{'-'.join(key)}`",
                span,
                f"its entries are {', '.join(names[:6])}; the key is {what}",
            )
        if row in found:
            raise fault("duplicate-entry", f"`{label}` is given twice for {row}", span)
        found[row] = (expr, False)
    missing = [n for n, used in zip(names, _rows_in_use(scope, kind), strict=True) if used and n not in found]
    if missing and not scope.builder.open_species:
        raise fault(
            "missing-entry",
            f"`{label}` has no value for {', '.join(missing)}",
            given.span,
            f"add `{missing[0]}: …`",
        )
    first = next(iter(found.values()))
    for name in names:
        yield (name, *found.get(name, first))


def _row_name(key: tuple[str, ...], kind: Kind, names: tuple[str, ...]) -> str | None:
    candidates = ["-".join(key)]
    if kind.domain.name == "species_pair":
        candidates.append("-".join(reversed(key)))
    if kind.domain.name == "species_triple" and len(key) == 3:
        candidates.append(f"{key[0]}-{key[2]}-{key[1]}")
    return next((c for c in candidates if c in names), None)


def _rows_in_use(scope: TermScope, kind: Kind) -> list[bool]:
    """Rows that the term can reach: those of its own species only, where it names any."""
    names = entry_names(kind.domain, scope.builder.species)
    return [not scope.only or not name or set(name.split("-")) <= set(scope.only) for name in names]


def _given(scope: TermScope, setting: syntax.Setting, kind: Kind, override: Span | None) -> _Given:
    values = _numbers(scope, setting.value, kind, override)
    lower, upper = -inf, inf
    if setting.bounds:
        lower = _numbers(scope, setting.bounds[0], kind, override)[0]
        upper = _numbers(scope, setting.bounds[1], kind, override)[0]
        span = setting.bounds[0].span.to(setting.bounds[1].span)
        if not lower < upper:
            raise fault(
                "bad-bounds", f"the lower bound {lower:g} is not below the upper bound {upper:g}", span
            )
    for value in values:
        if not lower <= value <= upper:
            raise fault(
                "start-out-of-bounds",
                f"the start value {value:g} {kind.unit} lies outside its bounds ({lower:g}, {upper:g})",
                setting.value.span,
                "move the start value or widen the bounds",
            )
    return _Given(values, lower, upper, setting.fixed)


def _numbers(scope: TermScope, expr: syntax.Expr, kind: Kind, override: Span | None) -> tuple[float, ...]:
    value = evaluate(expr, scope.outer if override is not None else scope, AT_SITE, {})  # type: ignore[attr-defined]
    items = value.items if isinstance(value, Values) else (value,)
    n = kind.shape[0] if kind.shape else 1
    if len(items) == 1:
        items *= n
    if len(items) != n:
        raise fault("shape-mismatch", f"{n} values are needed here, not {len(items)}", expr.span)
    return tuple(_checked(item, kind.unit, expr.span) for item in items)


def _checked(item: object, unit: Unit, span: Span) -> float:
    if not isinstance(item, Quantity) or not isfinite(item.value):
        raise fault("not-a-number", "a number known at compile time is needed here", span)
    if not item.bare and item.unit != unit:
        raise fault(
            "wrong-unit", f"a value in {unit} is expected, but this is in {item.unit}", span, _unit_hint(unit)
        )
    return item.value


def _unit_hint(unit: Unit) -> str | None:
    return "write a plain number" if unit == ONE else f"write a number in {unit}, or a plain number"
