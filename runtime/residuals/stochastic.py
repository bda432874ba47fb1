"""The loss of thousands of parameters as a problem of `quasi_newton`.

Gradients are taken in reverse mode, the curvature of a sample of batches in forward mode; each core has a
batch of its own, and each process of a team its own batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.linalg.blas import ssyrk

from ..optimize.deadline import Deadline
from ..optimize.qr_system import Array, Indices
from ..potential.potential import Potential
from ..ranks.team import Team
from ..structures.structure import Structure
from .gradients import summed
from .label_errors import rmse, squares
from .outputs import outputs_of
from .residuals import Residuals, Sigmas
from .shared import residuals_on

A = TypeVar("A", bound=NDArray[np.floating])

# The cost of a direction of the curvature, in gradients of the same structure: measured, 2.5 against 8.5 ms
# for 192 atoms and 5284 parameters.
_DIRECTION = 0.3
# rows of the sample for each parameter
_ROWS = 1.0


class StochasticProblem:
    """½ Σ r² of `potential` on `structures`, judged by `held_out`, or by itself where there are none."""

    def __init__(
        self,
        potential: Potential,
        structures: Sequence[Structure],
        held_out: Sequence[Structure],
        sigmas: Sigmas,
        memory_mb: float = 1000.0,
        precision: str | None = None,
        seed: int = 0,
        target: str = "auto",
        team: Team | None = None,
    ) -> None:
        """team: the processes that share the structures; memory_mb: of each."""
        team, by = team or Team(), outputs_of(potential, target, precision, in_reverse=True)
        parts = (
            residuals_on(team, potential, some, sigmas, memory_mb, None, by, precision, in_reverse=True)
            if some
            else None
            for some in (structures, held_out)
        )
        data, self.others = parts
        assert data is not None
        self.data = data
        self.lower, self.upper = self.data.lower, self.data.upper
        self._seed, self._n_rows = seed, sum(sum(s.n_labels) for s in structures)
        # of each process: together they have as many rows as there are parameters
        self._wanted = _ROWS * len(self.data.free) / team.size

    def set_deadline(self, deadline: Deadline) -> None:
        """From now on a pass over the data raises TimeIsUp once it is over."""
        for part in (self.data, self.others):
            if part is not None:
                part.deadline = deadline

    @property
    def metric_cost(self) -> float:
        rows = _rows(self.data)
        share = rows[_sample(rows, [self._seed, 0], self._wanted)].sum() / rows.sum()
        return _DIRECTION * self.data.n_directions * float(share)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """½ Σ r² at θ (P,) and its gradient."""
        return self.data.reduced(summed, _added, theta)

    def curvature(self, theta: Array, cycle: int) -> Array:
        """JᵀJ (P, P), in single precision: it is a metric, no result depends on it."""
        given = theta, [self._seed, cycle], self._wanted
        count, matrix = self.data.reduced(_curvature, _added, *given)
        matrix *= self._n_rows / count
        return np.asarray(matrix + np.triu(matrix, 1).T, dtype=np.float64)

    def errors(self, theta: Array) -> tuple[float, ...]:
        """The mean loss of a row that is judged, and the RMSE of those and of the structures that are trained
        on, as `Rmse` has them.
        """
        trained = _errors(self.data, theta)
        judged = _errors(self.others, theta) if self.others else trained
        return (judged[0], *judged[1:], *trained[1:])


def _added(one: tuple[float, A], other: tuple[float, A]) -> tuple[float, A]:
    return one[0] + other[0], np.add(one[1], other[1])


# --- of a part of the structures -----------------------------------------------------------------


def _rows(part: Residuals) -> Indices:
    """The number of rows of each batch."""
    rows = [sum(sum(part.structures[k].n_labels) for k in group) for _, group in part.plan.groups]
    return np.array(rows, dtype=np.intp)


def _sample(rows: Indices, seed: list[int], wanted: float) -> list[int]:
    """Batches with so many rows, or all."""
    order = np.random.default_rng(seed).permutation(len(rows))
    enough = np.searchsorted(np.cumsum(rows[order]), wanted)
    return sorted(order[: enough + 1].tolist())


def _curvature(
    part: Residuals, theta: Array, seed: list[int], wanted: float
) -> tuple[float, NDArray[np.floating]]:
    """The number of rows of a sample, and the upper triangle of its JᵀJ (P, P)."""
    rows_of = _rows(part)
    sample = _sample(rows_of, seed, wanted)
    matrix = np.zeros((len(theta), len(theta)), np.float32, order="F")
    for rows in part.rows(theta, np.arange(len(theta)), sample):
        own = np.asfortranarray(rows.jacobian.T, dtype=np.float32)
        matrix = ssyrk(1.0, own, beta=1.0, c=matrix, overwrite_c=1)
    return float(rows_of[sample].sum()), matrix


def _errors(data: Residuals, theta: Array) -> tuple[float, float, float, float]:
    """The mean loss of a row, and the RMSE."""
    sums = data.reduced(_squares, np.add, theta)
    return 0.5 * _rms(sums[0]) ** 2, *rmse(sums[1:], *astuple(data.sigmas))


def _squares(part: Residuals, theta: Array) -> Float[Array, "4 2"]:
    """Σ r² and the number of all rows, and the sums of `label_errors.squares`."""
    parts = [(rows.residual, rows.quantity, rows.structure) for rows in part.rows(theta, np.arange(0))]
    if not parts:
        return np.zeros((4, 2))
    residual, quantity, structure = (np.concatenate(some) for some in zip(*parts, strict=True))
    weight = part.weight[np.searchsorted(part.places, structure)]
    whole = [[np.sum(residual**2), len(residual)]]
    return np.concatenate([whole, squares(residual, quantity, weight)])


def _rms(sums: Float[Array, " 2"]) -> float:
    return float(np.sqrt(sums[0] / sums[1])) if sums[1] else float("nan")
