"""vanishing-term: a term that is 0 at every distance, or an operand that adds 0 to the energy."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.diagnostic import Diagnostic
from ..ir.interval import ZERO
from .formula import Formula


def vanishing_term(formula: Formula) -> Iterator[Diagnostic]:
    told = set()
    for term in formula.model.terms:
        if term.name in formula.vanishing:
            place = formula.place(term)
            if place in told:
                continue  # a term within a term that is 0, called from another text
            told.add(place)
            cutoff = formula.cutoff(term.energy)
            within = f" at every distance within its cutoff, {cutoff:g} Å" if cutoff else ""
            yield Diagnostic(
                "vanishing-term",
                f"`{term.called}` is 0{within}",
                "warning",
                primary=place,
                help="a switch that ends before it begins, such as `inner` beyond `rc`, leaves nothing",
            )
    for operand in formula.operands:
        inside = any(operand.expr.span.start <= p.start and p.end <= operand.expr.span.end for p in told)
        if formula.ranges[operand.energy] == ZERO and not inside:
            yield Diagnostic(
                "vanishing-term",
                "this part of the energy is always 0",
                "warning",
                primary=operand.expr.span,
                help="remove it, or the factor that makes it 0",
            )
