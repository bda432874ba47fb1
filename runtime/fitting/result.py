"""What a fit tells while it runs, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.reduction.quadratic_model import QuadraticModel
from ..potential.potential import Potential
from ..structures.arrays import Floats


@dataclass(frozen=True)
class Progress:
    """Where a fit stands. fraction: of the present pass over the data, or of the whole training; 0 to 1."""

    stage: str
    iteration: int
    loss: float
    fraction: float
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Curve:
    """How the errors fell: rows (n, len(columns))."""

    columns: tuple[str, ...]
    rows: Floats

    def csv(self) -> str:
        """As a file of comma-separated values."""
        lines = [",".join(f"{x:.8g}" for x in row) for row in self.rows]
        return "\n".join([",".join(self.columns), *lines]) + "\n"


@dataclass(frozen=True, eq=False)
class FitResult:
    """A fitted potential. quadratic_model: the loss around its end, None of trainings; curve: what
    a training tells of its errors.
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
        """s² (JᵀJ)⁺ (P_free, P_free), s² = 2·loss/(rows − P_free), where that is known."""
        known = self.quadratic_model
        return known.covariance if known and known.n_dof > 0 else None

    @property
    def root(self) -> Floats | None:
        """A (P_free, P_free) with A Aᵀ the covariance, undetermined directions in it, where that is known."""
        known = self.quadratic_model
        return known.spread if known and known.n_dof > 0 else None


OnProgress = Callable[[Progress], None]
