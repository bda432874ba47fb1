"""The progress and the result of a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.reduction.quadratic_model import QuadraticModel
from ..potential.potential import Potential
from ..structures.arrays import Floats


@dataclass(frozen=True)
class Progress:
    """The state of a fit. fraction: the share done of this pass over the data, or of the training; 0 to 1."""

    stage: str
    iteration: int
    loss: float
    fraction: float
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Curve:
    """The course of the errors: rows (n, len(columns))."""

    columns: tuple[str, ...]
    rows: Floats

    def csv(self) -> str:
        """The rows as comma-separated values under their heads."""
        lines = [",".join(f"{x:.8g}" for x in row) for row in self.rows]
        return "\n".join([",".join(self.columns), *lines]) + "\n"


@dataclass(frozen=True, eq=False)
class FitResult:
    """A fitted potential.

    reason: why the fit ended.
    loss: ½ Σ r² with the prior's part.
    quadratic_model: the loss around the end to second order; None after minibatch training.
    curve: the course of the errors, where the method records it.
    """

    potential: Potential
    converged: bool
    reason: str
    loss: float
    warnings: tuple[Diagnostic, ...]
    quadratic_model: QuadraticModel | None
    curve: Curve | None = None

    @property
    def covariance(self) -> Floats | None:
        """s² (JᵀJ)⁺ (P_free, P_free) with s² = 2·loss/(rows − P_free); None where it is unknown."""
        known = self.quadratic_model
        return known.covariance if known and known.n_dof > 0 else None

    @property
    def root(self) -> Floats | None:
        """A (P_free, P_free), A Aᵀ the covariance with undetermined directions; None where it is unknown."""
        known = self.quadratic_model
        return known.spread if known and known.n_dof > 0 else None


OnProgress = Callable[[Progress], None]
