"""A selection of columns as a spec: the formula of everything under the restriction that the rest is 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...compiler.diagnostics.diagnostic import InternalError
from ...compiler.ir.parameter_vector import Coefficient
from ...compiler.reduction.quadratic_model import Restriction
from ...compiler.reduction.spec_rewriter import Rewritable, closed, dropped, rewritten
from ..information.fisher_information import of_system
from ..potential.potential import compile
from ..structures.arrays import Floats, Indices
from .catalogue import Catalogue
from .factors import Factors
from .pieces import together


@dataclass(frozen=True)
class Composition:
    """Columns of a pool as a spec; gone: the term instances of the pool that it does without."""

    columns: tuple[int, ...]
    spec: str
    gone: tuple[str, ...]


@dataclass(frozen=True)
class Pool:
    """Pieces that are selected from together; the first call is empty: the part that is always there."""

    catalogue: Catalogue
    calls: tuple[str, ...]

    @cached_property
    def program(self) -> Rewritable:
        return together(self.catalogue.material, self.catalogue.core, self.calls[1:])

    @cached_property
    def owners(self) -> Indices:
        """(P,) the piece that each column is of."""
        return np.array([k for k, call in enumerate(self.calls) for _ in self.catalogue.piece(call).linear])

    @cached_property
    def numbers(self) -> Indices:
        """(P,) the place of each column among the trained numbers of the program."""
        found, first = [], 0
        for call in self.calls:
            made = self.catalogue.piece(call)
            found.append(first + made.linear)
            first += made.trained
        if first != len(self._trained):
            raise InternalError("the pieces together have other numbers than each alone")
        return np.concatenate(found)

    def sizes(self, wanted: Sequence[int]) -> list[int]:
        """Selections to make so that one is of each size, whatever nonlinear numbers come with it."""
        extra = sum(made.trained - len(made.linear) for made in map(self.catalogue.piece, self.calls))
        always = len(self.catalogue.piece("").linear)
        return sorted({s - k for s in wanted for k in range(extra + 1) if s - k >= always})

    def total(self, columns: Sequence[int], coefficients: Floats) -> int:
        """Trained numbers of a selection: the chosen, and the nonlinear ones that they need."""
        if len(self.numbers) == len(self._trained):
            return len(columns)
        return compile(self.composition(columns, coefficients).spec).n_parameters

    def components(self, piece: int, columns: Sequence[int]) -> list[int]:
        """Components of the vectors of a piece that are among the columns, in their order, each once."""
        trained = self._trained
        of_piece = [k for k in columns if self.owners[k] == piece]
        return list(dict.fromkeys(trained[self.numbers[k]].component for k in of_piece))

    @cached_property
    def _trained(self) -> tuple[Coefficient, ...]:
        return self.program.model.vector.trained

    def composition(self, columns: Sequence[int], coefficients: Floats) -> Composition:
        """The formula of the chosen columns alone."""
        zero = set(self.numbers.tolist()) - set(self.numbers[list(columns)].tolist())
        theta = np.array([t.start for t in self._trained])
        theta[self.numbers[list(columns)]] = coefficients
        left = closed(self.program, Restriction({k: 0.0 for k in zero}), theta)
        gone = tuple(name for operand in dropped(self.program, left) for name in operand.terms)
        return Composition(tuple(int(k) for k in columns), rewritten(self.program, left), gone)


def earnings(
    pool: Pool, factors: Factors, columns: Sequence[int], coefficients: Floats
) -> list[tuple[str, int, float]]:
    """(call, its numbers, the factor by which the loss grows without it) of each piece that is in."""
    chosen = np.array(columns)
    system = factors.of(chosen).moved(coefficients)
    model = of_system(system, [str(k) for k in columns], coefficients)
    found = []
    for piece, call in enumerate(pool.calls):
        block = np.flatnonzero(pool.owners[chosen] == piece)
        if piece and len(block):
            found.append((call, len(block), 1.0 + model.zeroed(block.tolist()) / model.loss))
    return found
