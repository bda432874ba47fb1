"""The progress and the result of a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, isnan

from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.reduction.quadratic_model import QuadraticModel
from ..potential.potential import Potential
from ..residuals.label_errors import Rmse
from ..structures.arrays import Floats


@dataclass(frozen=True)
class Progress:
    """The state of a fit. fraction: the share done of this pass over the data, or of the training; 0 to 1.

    train, held_out: the last known errors. left: s of the time limit. is_step: whether an iteration is over.
    """

    stage: str
    iteration: int
    loss: float
    fraction: float
    train: Rmse | None = None
    held_out: Rmse | None = None
    left: float | None = None
    is_step: bool = False

    @property
    def sentence(self) -> str:
        """Iteration, loss, the errors that are known, and the rest of the time limit."""
        parts = [f"iteration {self.iteration}"]
        if isfinite(self.loss):
            parts.append(f"loss {self.loss:.6g}")
        parts += [
            f"{name} {found}" for name, found in (("train", self.train), ("held out", self.held_out)) if found
        ]
        if self.left is not None:
            parts.append(f"{self.left:.0f} s left")
        return "; ".join(parts)


@dataclass(frozen=True, eq=False)
class Curve:
    """The course of the errors: rows (n, len(columns))."""

    columns: tuple[str, ...]
    rows: Floats

    def csv(self) -> str:
        """The rows as comma-separated values under their heads; a cell without a value is empty."""
        return ",".join(self.columns) + "\n" + self.lines()

    def lines(self) -> str:
        """The rows alone."""
        cells = [["" if isnan(x) else f"{x:.8g}" for x in row] for row in self.rows.tolist()]
        return "".join(",".join(row) + "\n" for row in cells)

    def of(self, column: str) -> Floats:
        """The values (n,) of a column."""
        return self.rows[:, self.columns.index(column)]


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
