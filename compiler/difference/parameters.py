"""Changes in the parameters of a term: their names, and the values of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import TypeVar

from ..ir.parameter import Parameter
from ..ir.types import PER
from . import operations as op
from . import written
from .forms import CLOSE
from .sides import WEIGHTS, Side

Pair = TypeVar("Pair")


@dataclass(frozen=True)
class _Row:
    """A row of a table: its starts and bounds, component by component, and which are trained."""

    components: tuple[int, ...]
    start: tuple[float, ...]
    bounds: tuple[tuple[float, float], ...]
    free: tuple[bool, ...]


def parameter_changes(
    a: Side, b: Side, pairs: list[tuple[Parameter, Parameter]], species: frozenset[str]
) -> Iterator[op.Operation]:
    """Changes of corresponding parameters. species: the common ones, whose rows are compared."""
    for p, q in pairs:
        yield from _changes(a, b, p, q, species)


def _changes(a: Side, b: Side, p: Parameter, q: Parameter, species: frozenset[str]) -> Iterator[op.Operation]:
    if (p.kind.domain, p.kind.unit) != (q.kind.domain, q.kind.unit) and not _one_number(a, b, p, q):
        yield op.SharingChanged(q.name, _kind(p), _kind(q))
        return
    drawn = a.random.get(p.name), b.random.get(q.name)
    random = drawn != (None, None)
    if p.kind.shape != q.kind.shape or p.components != q.components:
        if drawn[0] != WEIGHTS:  # which follow the arguments of their network
            yield op.ComponentsChanged(q.name, _components(p), _components(q))
        return
    if drawn[0] != drawn[1]:
        before = drawn[0] or written.numbers(p.start, p.kind.unit)
        after = drawn[1] or written.numbers(q.start, q.kind.unit)
        yield op.StartChanged(q.name, (), before, after)
    rows_a, rows_b = _rows(a, p), _rows(b, q)
    if len(rows_a) == len(rows_b) == 1:
        rows_b = dict(zip(rows_a, rows_b.values(), strict=True))
    both = [name for name in rows_a if name in rows_b and (not name or set(name.split("-")) <= species)]
    if len(both) == len(rows_a) == len(rows_b):
        yield from _joined(a, b, p, q)
    yield from _row_changes(q, {name: (rows_a[name], rows_b[name]) for name in both}, random)


def _one_number(a: Side, b: Side, p: Parameter, q: Parameter) -> bool:
    """One row each: among one species there is no difference between `per pair` and `per model`."""
    one = len(a.model.species) == len(b.model.species) == 1
    return one and not a.model.open_species and p.kind.unit == q.kind.unit


def _rows(side: Side, p: Parameter) -> dict[str, _Row]:
    """Rows by name, as `Nb-W`; each with the components that it has numbers for."""
    return {
        name: _Row(
            tuple(own),
            tuple(p.start[n] for n in own.values()),
            tuple((p.lower[n], p.upper[n]) for n in own.values()),
            tuple(p.free[n] for n in own.values()),
        )
        for name, own in side.model.vector.rows(p).items()
    }


def _row_changes(q: Parameter, rows: dict[str, tuple[_Row, _Row]], random: bool) -> Iterator[op.Operation]:
    unit = q.kind.unit
    kept = [n for n, (r, s) in rows.items() if r.components != s.components]
    for name in kept:
        r, s = rows[name]
        yield op.ComponentsChanged(f"{q.name}[{name}]", _keep(r.components), _keep(s.components))
    rows = {n: both for n, both in rows.items() if n not in kept}
    fixed = [n for n, (r, s) in rows.items() if any(r.free) and not any(s.free)]
    freed = [n for n, (r, s) in rows.items() if not any(r.free) and any(s.free)]
    if fixed:
        yield op.ParameterFixed(q.name, _named(fixed, rows))
    if freed:
        yield op.ParameterFreed(q.name, _named(freed, rows))
    if not random:
        starts = {
            n: (written.numbers(r.start, unit), written.numbers(s.start, unit))
            for n, (r, s) in rows.items()
            if not _close(r.start, s.start)
        }
        for (before, after), names in _grouped(starts).items():
            yield op.StartChanged(q.name, _named(names, rows), before, after)
    limits = {
        n: (written.bounds(*r.bounds[0], unit), written.bounds(*s.bounds[0], unit))
        for n, (r, s) in rows.items()
        if not _close([x for pair in r.bounds for x in pair], [x for pair in s.bounds for x in pair])
    }
    for (low, high), names in _grouped(limits).items():
        yield op.BoundsChanged(q.name, _named(names, rows), low, high)


def _close(a: tuple[float, ...] | list[float], b: tuple[float, ...] | list[float]) -> bool:
    return all(
        x == y or (isfinite(x - y) and abs(x - y) <= CLOSE * max(abs(x), abs(y)))
        for x, y in zip(a, b, strict=True)
    )


def _grouped(found: dict[str, Pair]) -> dict[Pair, list[str]]:
    """Rows with the same change together."""
    groups: dict[Pair, list[str]] = {}
    for name, change in found.items():
        groups.setdefault(change, []).append(name)
    return groups


def _named(names: list[str], rows: dict[str, tuple[_Row, _Row]]) -> tuple[str, ...]:
    return () if len(names) == len(rows) else tuple(names)


def _joined(a: Side, b: Side, p: Parameter, q: Parameter) -> Iterator[op.Operation]:
    before, after = _joints(a, p), _joints(b, q)
    if before != after:
        yield op.JoinedChanged(q.name, before, after)


def _joints(side: Side, p: Parameter) -> tuple[str, ...]:
    """Rows that share numbers: `Nb-Nb = Nb-W`."""
    groups = dict.fromkeys(c.rows for c in side.model.vector.of(p) if len(c.rows) > 1)
    return tuple(sorted(" = ".join(sorted(rows)) for rows in groups))


def _kind(p: Parameter) -> str:
    return f"per {PER[p.kind.domain.name]}, in {p.kind.unit}"


def _components(p: Parameter) -> str:
    if p.components is not None:
        return _keep(p.components)
    n = p.kind.components
    return f"{n} component{'' if n == 1 else 's'}" if p.kind.shape else "one number"


def _keep(components: tuple[int, ...]) -> str:
    return f"keep({', '.join(map(str, components))})"
