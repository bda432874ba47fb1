"""A spec with its model, and what several warnings want to know of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ..analysis.budget import Budget
from ..analysis.intervals import parameter_ranges, ranges
from ..declarations.check import Checked, walk
from ..diagnostics.source import Span
from ..ir.graph import Model, Node, TermInstance, topological
from ..ir.interval import ZERO, Range
from ..pipeline import optimize
from ..reduction.energy_operands import Operand, operands
from ..syntax import tree as syntax

STEPS = 10_000  # of all warnings, each about what it takes to rewrite a node, 30 µs


@dataclass(frozen=True)
class Formula:
    """simplify: gives the simplified model, where somebody else has it."""

    checked: Checked
    model: Model
    budget: Budget = field(default_factory=lambda: Budget(STEPS))
    simplify: Callable[[], Model] | None = None

    @cached_property
    def size(self) -> int:
        """Nodes of the energy and of the terms."""
        return sum(1 for _ in topological([self.energy, *(t.energy for t in self.model.terms)]))

    @cached_property
    def simplified(self) -> Model:
        """The model with constants folded and equal parts shared."""
        return optimize(self.model, "cse") if self.simplify is None else self.simplify()

    @cached_property
    def energy(self) -> Node:
        return self.model.outputs["energy"]

    @cached_property
    def operands(self) -> tuple[Operand, ...]:
        """Of the energy's sum. Raises Exhausted, as all that looks at the whole graph."""
        self.budget.spend(self.size // 4)
        return operands(self.checked, self.model)

    @cached_property
    def ranges(self) -> dict[Node, Range]:
        self.budget.spend(self.size // 2)
        roots = [self.energy, *(t.energy for t in self.model.terms), *(o.energy for o in self.operands)]
        return ranges(self.model, roots, self.parameter_ranges)

    @cached_property
    def parameter_ranges(self) -> dict[str, Range]:
        return parameter_ranges(self.model)

    @cached_property
    def vanishing(self) -> frozenset[str]:
        """Names of the term instances that are 0 throughout."""
        return frozenset(t.name for t in self.model.terms if self.ranges[t.energy] == ZERO)

    @cached_property
    def calls(self) -> dict[str, syntax.Call]:
        """The call of each term instance, where it is in this text."""
        written = {(p.span.start, p.span.end): p for p in self.expressions if isinstance(p, syntax.Call)}
        return {
            t.name: written[t.origin.start, t.origin.end]
            for t in self.model.terms
            if t.origin is not None and self.is_here(t.origin) and (t.origin.start, t.origin.end) in written
        }

    @cached_property
    def expressions(self) -> tuple[syntax.Expr, ...]:
        """All expressions of this text, and all in them."""
        return tuple(part for item in self.checked.file.items for e in _values(item) for part in walk(e))

    def is_here(self, span: Span) -> bool:
        """Whether a place is in this text, not in an import or in the library."""
        return span.source is self.checked.file.source

    def place(self, term: TermInstance) -> Span:
        """The place of a warning about a term: its call, or else the energy."""
        if term.origin is not None and self.is_here(term.origin):
            return term.origin
        assert self.checked.energy is not None
        return self.checked.energy.span

    def cutoff(self, node: Node) -> float:
        """The longest cutoff under a node, Å; 0 where it meets no neighbour."""
        for part in topological([node]) if node not in self._cutoffs else ():
            below = max((self._cutoffs[a] for a in part.args), default=0.0)
            self._cutoffs[part] = max(part.kind.domain.rc or 0.0, below)
        return self._cutoffs[node]

    @cached_property
    def _cutoffs(self) -> dict[Node, float]:
        return {}


def _values(item: syntax.Item) -> Iterator[syntax.Expr]:
    match item:
        case syntax.Let() | syntax.Energy():
            yield item.value
        case syntax.Term():
            yield from (f.default for f in item.formals if f.default is not None)
            yield from ([] if item.alias is None else [item.alias])
            for member in item.members:
                yield member.value
                if isinstance(member, syntax.Param):
                    yield from ([] if member.size is None else [member.size])
                    yield from member.bounds or ()
