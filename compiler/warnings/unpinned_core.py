"""unpinned-core: a short-ranged repulsion that `prune` may drop, because few data or none reach into it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator

from ..analysis.intervals import ranges
from ..diagnostics.diagnostic import Diagnostic, Fix
from ..diagnostics.source import Span
from ..ir.graph import TermInstance
from ..ir.interval import ZERO
from ..reduction.energy_operands import Operand
from .formula import Formula


def unpinned_core(formula: Formula) -> Iterator[Diagnostic]:
    """`prune` drops an operand of the energy that is 0 for some of its trained numbers, and no other: only a
    core in one of these needs a `pin`.
    """
    trained = {p.name for p in formula.model.parameters if any(p.free)}
    terms = {t.name: t for t in formula.model.terms}
    longest = formula.cutoff(formula.energy)
    for operand in formula.operands:
        if operand.pinned or not _can_vanish(operand, operand.parameters & trained, formula):
            continue
        for name in sorted(operand.terms):
            term = terms.get(name)
            if term is not None and _is_core(term, formula) and formula.cutoff(term.energy) < longest:
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


def _can_vanish(operand: Operand, numbers: frozenset[str], formula: Formula) -> bool:
    """Whether these parameters at 0 leave nothing of an operand."""
    if not numbers:
        return False
    without = ChainMap(dict.fromkeys(numbers, ZERO), formula.parameter_ranges)
    found = ranges(formula.model, [operand.energy], without)
    formula.budget.spend(len(found) / 2)
    return found[operand.energy] == ZERO


def _is_core(term: TermInstance, formula: Formula) -> bool:
    """Never negative whatever its numbers are, unlike a bond, and without end where atoms meet."""
    low, high = formula.ranges[term.energy]
    return low >= 0.0 and high > 0.0 and formula.cutoff(term.energy) > 0.0
