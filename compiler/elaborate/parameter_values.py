"""The numbers of a parameter as a spec gives them: a value, a list, a table of rows, a choice of components.

`D = 0.5 eV in (0, 2)`, `D = {Nb-Nb = Nb-W: 0.5 eV, W-W: fixed 0.7 eV}`, `c = [0.1, 0, 0.2]`,
`c = keep(0, 3)`, `c = {Nb-Nb: keep(0, 3), Nb-W: keep()}`.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from random import Random as Generator
from zlib import crc32

from ..chemistry.units import ONE, Unit
from ..diagnostics.diagnostic import Fix, SpecError
from ..diagnostics.source import Span
from ..ir.parameter import Parameter
from ..ir.types import Kind, entry_names
from ..syntax import tree as syntax
from .evaluate import evaluate, fault
from .scope import Env, TermScope
from .values import Kept, Override, Quantity, Random, Value, Values
from .wildcards import matches, nearest, stars, twice


@dataclass(frozen=True)
class _Row:
    """One row of the table: a start value for each component that it has, and the bounds of all."""

    values: dict[int, float]
    lower: float
    upper: float
    fixed: bool


def parameter(scope: TermScope, declaration: syntax.Param, kind: Kind) -> Parameter | None:
    """The parameter with its numbers; None where no component of any row is kept. Raises SpecError."""
    given = scope.overrides.get(declaration.name)
    if given is None:
        value = declaration.value
        default = syntax.Setting(value, declaration.fixed, declaration.bounds, declaration.span)
        rows = _equal_rows(scope, declaration, default, kind, False)
    else:
        rows = _given_rows(scope, declaration, given, kind)
    full = f"{scope.instance}.{declaration.name}"
    return _laid_out(full, scope.instance, kind, rows, rows_in_use(scope, kind))


def _laid_out(
    name: str, term: str, kind: Kind, rows: Sequence[tuple[_Row, int]], used: Sequence[bool]
) -> Parameter | None:
    """Numbers in the order of their first row; rows are (the given value, the row it shares numbers with)."""
    kept = tuple(sorted({k for row, _ in rows for k in row.values}))
    if not kept:
        return None
    in_use = {leader for (_, leader), u in zip(rows, used, strict=True) if u}
    place: dict[tuple[int, int], int] = {}
    start: list[float] = []
    lower, upper, free = [], [], []
    for k, (row, leader) in enumerate(rows):
        for component, value in row.values.items() if leader == k else ():
            place[leader, component] = len(start)
            start.append(value)
            lower.append(row.lower)
            upper.append(row.upper)
            free.append(leader in in_use and not row.fixed)
    places = tuple(place.get((leader, k), -1) for _, leader in rows for k in kept)
    whole = kept == tuple(range(kind.components))
    return Parameter(
        name,
        term,
        Kind(kind.domain, (len(kept),), kind.unit) if kind.shape else kind,
        tuple(start),
        tuple(lower),
        tuple(upper),
        tuple(free),
        None if whole else kept,
        None if places == tuple(range(len(start))) else places,
    )


# --- rows of the table -------------------------------------------------------------------------


def _names(scope: TermScope, kind: Kind) -> tuple[str, ...]:
    return entry_names(kind.domain, scope.top.species)


def rows_in_use(scope: TermScope, kind: Kind) -> list[bool]:
    """Rows that the term can reach: those of its own species only, where it names any."""
    return [
        not scope.only or not name or set(name.split("-")) <= set(scope.only) for name in _names(scope, kind)
    ]


def _given_rows(
    scope: TermScope, declaration: syntax.Param, given: Override, kind: Kind
) -> list[tuple[_Row, int]]:
    """Each row with the one whose numbers it shares, of `0.5 eV` (all rows) or `{Nb-Nb: 0.5 eV, …}`."""
    names = _names(scope, kind)
    bounds = given.bounds or declaration.bounds
    fixed = given.fixed or declaration.fixed
    if not isinstance(given.value, syntax.Table):
        setting = syntax.Setting(given.value, fixed, bounds, given.value.span)
        return _equal_rows(scope, declaration, setting, kind, True)
    written = _written_rows(scope, declaration.name, given.value, kind, names)
    _need_all_rows(scope, declaration.name, given, kind, written)
    made: dict[int, _Row] = {}
    for leader, expr in written.values():
        if leader not in made:
            own = expr if isinstance(expr, syntax.Setting) else syntax.Setting(expr, False, None, expr.span)
            setting = syntax.Setting(own.value, own.fixed or fixed, own.bounds or bounds, own.value.span)
            made[leader] = _row(scope, declaration, setting, kind, leader)
    first = next(iter(made.values()))
    leaders = [written[name][0] if name in written else k for k, name in enumerate(names)]
    return [(made.get(leader, first), leader) for leader in leaders]


def _equal_rows(
    scope: TermScope, declaration: syntax.Param, setting: syntax.Setting, kind: Kind, given: bool
) -> list[tuple[_Row, int]]:
    """One value for all rows, which is worked out once unless it is drawn for each."""
    first, count = _row(scope, declaration, setting, kind, 0, given), len(_names(scope, kind))
    if not _is_drawn(scope, declaration, setting.value, given):
        return [(first, k) for k in range(count)]
    return [(first, 0), *((_row(scope, declaration, setting, kind, k, given), k) for k in range(1, count))]


def _is_drawn(scope: TermScope, declaration: syntax.Param, value: syntax.Expr, given: bool) -> bool:
    found = _evaluated(scope, value, given)
    if isinstance(found, Kept):
        if found.start is None:
            return _is_drawn(scope, declaration, declaration.value, False)
        found = found.start
    return isinstance(found, Random)


def _written_rows(
    scope: TermScope, label: str, table: syntax.Table, kind: Kind, names: tuple[str, ...]
) -> dict[str, tuple[int, syntax.Expr]]:
    """Row name -> the first of the rows joined with it, and the expression written for them."""
    found: dict[str, tuple[int, syntax.Expr]] = {}
    places = {name: k for k, name in enumerate(names)}
    for keys, expr, span in table.entries:
        if any(map(stars, keys)):
            continue
        rows = [_row_name(key, kind, places) for key in keys]
        for key, row in zip(keys, rows, strict=True):
            if row is None:
                raise _unknown_entry(label, key, kind, names, span)
            if row in found or rows.count(row) > 1:
                raise fault("duplicate-entry", f"`{label}` is given twice for {row}", span)
        leader = min(places[row] for row in rows if row is not None)
        found |= {row: (leader, expr) for row in rows if row is not None}
    return found | _wild_rows(label, table, kind, names, found)


def _wild_rows(
    label: str, table: syntax.Table, kind: Kind, names: tuple[str, ...], known: Container[str]
) -> dict[str, tuple[int, syntax.Expr]]:
    """The rows that keys with `*` name and no other key does, each with a number of its own."""
    keyed = [(keys, span) for keys, _, span in table.entries if any(map(stars, keys))]
    for keys, span in keyed:
        if len(keys) > 1:
            message = "`*` stands for entries with numbers of their own: it is not joined with others"
            raise fault(
                "unknown-entry", message, span, "write the entries that share a number by their names"
            )
        if not any(matches(keys[0], row, kind.domain) for row in names):
            raise _unknown_entry(label, keys[0], kind, names, span)
    clash = twice([keys[0] for keys, _ in keyed], names, kind.domain, known)
    if clash is not None:
        row, *both = clash
        first, second = ("-".join(key) for key in both)
        message = f"`{label}` is given twice for {row}: by `{first}` and by `{second}`"
        raise fault("duplicate-entry", message, table.span, f"add `{row}: …`, which goes before both")
    values = ((k, row, nearest(table, row, kind.domain)) for k, row in enumerate(names) if row not in known)
    return {row: (k, value) for k, row, value in values if value is not None} if keyed else {}


def _unknown_entry(
    label: str, key: tuple[str, ...], kind: Kind, names: tuple[str, ...], span: Span
) -> SpecError:
    usual = "as many species as it depends on"
    what = {"species": "a species", "none": "nothing"}.get(kind.domain.name, usual)
    message = f"`{label}` has no entry `{'-'.join(key)}`"
    help = f"its entries are {', '.join(names[:6])}; the key is {what}"
    return fault("unknown-entry", message, span, help)


def _need_all_rows(
    scope: TermScope, label: str, given: Override, kind: Kind, written: dict[str, tuple[int, syntax.Expr]]
) -> None:
    used = rows_in_use(scope, kind)
    missing = [n for n, u in zip(_names(scope, kind), used, strict=True) if u and n not in written]
    if missing and not scope.top.open_species:
        message = f"`{label}` has no value for {', '.join(missing)}"
        raise fault("missing-entry", message, given.span, f"add `{missing[0]}: …`")


def _row_name(key: tuple[str, ...], kind: Kind, names: Container[str]) -> str | None:
    candidates = ["-".join(key)]
    if kind.domain.name == "species_pair":
        candidates.append("-".join(reversed(key)))
    if kind.domain.name == "species_triple" and len(key) == 3:
        candidates.append(f"{key[0]}-{key[2]}-{key[1]}")
    return next((c for c in candidates if c in names), None)


# --- values of a row ---------------------------------------------------------------------------


def _row(
    scope: TermScope,
    declaration: syntax.Param,
    setting: syntax.Setting,
    kind: Kind,
    row: int,
    given: bool = True,
) -> _Row:
    """given: by the call, in whose scope its names are read, not by the declaration. row: its place."""
    values = _values(scope, declaration, setting.value, kind, row, given)
    lower, upper = -inf, inf
    if setting.bounds:
        own = given and setting.bounds is not declaration.bounds
        lower, upper = (_number(scope, bound, kind.unit, own) for bound in setting.bounds)
        span = setting.bounds[0].span.to(setting.bounds[1].span)
        if not lower < upper:
            message = f"the lower bound {lower:g} is not below the upper bound {upper:g}"
            low, high = (bound.span.text for bound in setting.bounds)
            swapped = Fix(span, f"{high}, {low}") if lower > upper else None
            raise fault("bad-bounds", message, span, fix=swapped)
    for value in values.values():
        if not lower <= value <= upper:
            raise fault(
                "start-out-of-bounds",
                f"the start value {value:g} {kind.unit} lies outside its bounds ({lower:g}, {upper:g})",
                setting.value.span,
                "move the start value or widen the bounds",
            )
    return _Row(values, lower, upper, setting.fixed)


def _values(
    scope: TermScope, declaration: syntax.Param, expr: syntax.Expr, kind: Kind, row: int, given: bool
) -> dict[int, float]:
    """Component -> start value."""
    value = _evaluated(scope, expr, given)
    kept = tuple(range(kind.components))
    if isinstance(value, Kept):
        kept = _kept_components(value, declaration.name, kind, expr.span)
        if value.start is None:
            declared = _values(scope, declaration, declaration.value, kind, row, False)
            return {k: declared[k] for k in sorted(kept)}
        value = value.start
    if isinstance(value, Random):
        value = _drawn(value, f"{scope.instance}.{declaration.name}[{row}]", len(kept))
    items = value.items if isinstance(value, Values) else (value,)
    if len(items) not in (1, len(kept)):
        raise fault("shape-mismatch", f"{len(kept)} values are needed here, not {len(items)}", expr.span)
    numbers = [_checked(item, kind.unit, expr.span) for item in items]
    if len(numbers) == 1:
        numbers *= len(kept)
    return dict(sorted(zip(kept, numbers, strict=True)))


def _drawn(random: Random, name: str, n: int) -> Values:
    """n numbers that depend on the name alone."""
    source = Generator(crc32(name.encode()))
    spread = random.spread
    return Values(
        tuple(Quantity(source.gauss(0.0, spread.value), spread.unit, spread.bare) for _ in range(n))
    )


def _kept_components(kept: Kept, label: str, kind: Kind, span: Span) -> tuple[int, ...]:
    if not kind.shape:
        raise fault("shape-mismatch", f"`{label}` is one number: it has no components to keep", span)
    for k in kept.components:
        if k >= kind.components:
            last = kind.components - 1
            raise fault("unknown-component", f"`{label}` has components 0 to {last}, not {k}", span)
    return kept.components


def _number(scope: TermScope, expr: syntax.Expr, unit: Unit, given: bool) -> float:
    return _checked(_evaluated(scope, expr, given), unit, expr.span)


def _evaluated(scope: TermScope, expr: syntax.Expr, given: bool) -> Value:
    return evaluate(expr, Env(scope.outer if given else scope))


def _checked(item: Value, unit: Unit, span: Span) -> float:
    if not isinstance(item, Quantity) or not isfinite(item.value):
        raise fault("not-a-number", "a number known at compile time is needed here", span)
    if not item.bare and item.unit != unit:
        raise fault(
            "wrong-unit", f"a value in {unit} is expected, but this is in {item.unit}", span, _unit_hint(unit)
        )
    return item.value


def _unit_hint(unit: Unit) -> str | None:
    return "write a plain number" if unit == ONE else f"write a number in {unit}, or a plain number"
