"""The data of a least-squares problem: residuals, prior, options, the state of a fit and its solution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float, Int

from .deadline import Deadline
from .qr_system import Array, Indices, Mask, TriangularSystem, Undetermined


class LeastSquaresProblem(Protocol):
    """Residuals r(θ) of P free parameters; the loss is ½ Σ r². Its functions may raise TimeIsUp."""

    @property
    def names(self) -> Sequence[str]: ...
    @property
    def lower(self) -> Float[Array, " P"]: ...
    @property
    def upper(self) -> Float[Array, " P"]: ...
    @property
    def linear(self) -> Bool[Mask, " P"]:
        """The parameters that r is affine in, all of them together."""

    def linearize(self, theta: Float[Array, " P"], columns: Int[Indices, " F"]) -> TriangularSystem:
        """r at θ and its derivatives with respect to `columns`, which are all or the linear ones."""

    def loss(self, theta: Float[Array, " P"]) -> float:
        """½ Σ r² at θ, NaN or infinity where it has no value."""


@dataclass(frozen=True)
class Prior:
    """½ Σ weight (θ − mean)² on top of the loss."""

    weight: Float[Array, " P"]  # ≥ 0, in 1/(unit of θ)²
    mean: Float[Array, " P"]


def ridge(strength: float | None, start: Float[Array, " P"]) -> Prior | None:
    """½ Σ strength (θ/scale)², scale the size of the start value, or 1; None for no strength."""
    if not strength:
        return None
    scale = np.where(start != 0, np.abs(start), 1.0)
    return Prior(strength / scale**2, np.zeros_like(start))


@dataclass(frozen=True)
class LeastSquaresOptions:
    """Limits of a fit. Tolerances are relative: of the loss, of the cosine between r and any column, of θ."""

    max_iterations: int = 100
    deadline: Deadline = field(default_factory=Deadline)
    decrease_tolerance: float = 1e-8
    gradient_tolerance: float = 1e-8
    step_tolerance: float = 1e-10
    initial_damping: float = 1e-2


@dataclass(frozen=True)
class LeastSquaresState:
    """Everything the next iteration depends on: arrays and numbers only, so that it can be stored.

    `theta` is the best so far. `history` has the rows (loss, damping, gain ratio, accepted), of the loss
    that was tried, maybe NaN. `finished` is why it converged, empty while running.
    """

    theta: Float[Array, " P"]
    loss: float
    damping: float
    growth: float
    scale: Float[Array, " n"]  # of each nonlinear parameter
    iteration: int = 0
    seconds: float = 0.0
    history: Float[Array, "iterations 4"] = field(default_factory=lambda: np.zeros((0, 4)))
    finished: str = ""


CONVERGED = ("linear", "gradient", "decrease", "step")


@dataclass(frozen=True)
class LeastSquaresSolution:
    """The end of a fit: `theta` (P,), `loss` (the prior's part included) and the reason.

    `reason`: `linear` (solved at once), `gradient`, `decrease`, `step` (converged by that test), or not
    converged: `stalled` (no step along the gradient helps: the residuals are noisy or not finite beside θ),
    `iterations`, `time`, `interrupted`, `stopped` (by the callback). `system` is that of the data alone,
    without the prior; `broken` in all columns where the time ended before it was known.
    """

    theta: Float[Array, " P"]
    loss: float
    reason: str
    system: TriangularSystem
    undetermined: Undetermined
    state: LeastSquaresState

    @property
    def converged(self) -> bool:
        return self.reason in CONVERGED

    @property
    def history(self) -> Float[Array, "iterations 4"]:
        return self.state.history


Callback = Callable[[LeastSquaresState], bool | None]
