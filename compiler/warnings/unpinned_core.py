"""unpinned-core: a short-ranged repulsion that `prune` may drop, because few data or none reach into it."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, Fix
from ..ir import TermInstance
from ..source import Span
from .formula import Formula


def unpinned_core(formula: Formula) -> Iterator[Diagnostic]:
    """`prune` leaves operands without trained numbers alone, so a core in one of these needs no `pin`."""
    trained = {p.name for p in formula.model.parameters if any(p.free)}
    terms = {t.name: t for t in formula.model.terms}
    longest = formula.reach(formula.energy)
    for operand in formula.operands:
        if operand.pinned or not operand.parameters & trained:
            continue
        for name in sorted(operand.terms):
            term = terms.get(name)
            if term is not None and _is_core(term, formula) and formula.reach(term.energy) < longest:
                place = formula.place(term)
                here = term.origin is not None and formula.is_here(term.origin)
                yield Diagnostic(
                    "unpinned-core",
                    f"`{term.called}` is a repulsive core, and `prune` may drop it",
                    "warning",
                    primary=place,
                    help="data seldom reach so close: write `pin` before it",
                    fix=Fix(Span(place.source, place.start, place.start), "pin ") if here else None,
                )


def _is_core(term: TermInstance, formula: Formula) -> bool:
    """Never negative whatever its numbers are, unlike a bond, and without end where atoms meet."""
    low, high = formula.ranges[term.energy]
    return low >= 0.0 and high > 0.0 and formula.reach(term.energy) > 0.0
