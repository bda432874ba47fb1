"""The loss of thousands of parameters as a problem of `quasi_newton`.

Gradients are taken in reverse mode, the curvature of a sample of batches in forward mode; each core has a
batch of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg.blas import ssyrk

from ..optimize.qr_system import Array, Indices
from ..potential.potential import Potential
from ..structures.structure import Structure
from .gradients import train_batch, value_and_gradient
from .outputs import xla_outputs
from .residuals import Item, Residuals, Sigmas, in_order

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
        precision: str = "float32",
        seed: int = 0,
        target: str = "xla",
    ) -> None:
        self._by = by = xla_outputs(potential, precision, target)
        self.data = Residuals(potential, structures, sigmas, memory_mb, outputs=by)
        self.others = Residuals(potential, held_out, sigmas, memory_mb, outputs=by) if held_out else None
        self.lower, self.upper = self.data.lower, self.data.upper
        self._gradient = value_and_gradient(self.data, self._by)
        self._seed = seed
        self._everything: Indices = np.arange(len(self.data.free))
        rows = [sum(sum(structures[k].n_labels) for k in group) for _, group in self.data.plan.groups]
        self._rows = np.array(rows)

    @property
    def metric_cost(self) -> float:
        share = self._rows[self._sample(0)].sum() / self._rows.sum()
        return _DIRECTION * self.data.n_directions * float(share)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """½ Σ r² at θ (P,) and its gradient."""
        at = theta.astype(self._by.kernel.dtype)

        def of(item: Item) -> tuple[float, Array]:
            loss, gradient = self._gradient(at, train_batch(self.data, self._by, item))
            return float(loss), np.asarray(gradient, dtype=np.float64)

        total, gradient = 0.0, np.zeros(len(theta))
        for loss, part in in_order(of, self.data.batches()):
            total, gradient = total + loss, gradient + part
        return total, gradient

    def curvature(self, theta: Array, cycle: int) -> Array:
        """JᵀJ (P, P), in single precision: it is a metric, no result depends on it."""
        sample = self._sample(cycle)
        matrix = np.zeros((len(theta), len(theta)), np.float32, order="F")
        for rows in self.data.rows(theta, self._everything, sample):
            part = np.asfortranarray(rows.jacobian.T, dtype=np.float32)
            matrix = ssyrk(1.0, part, beta=1.0, c=matrix, overwrite_c=1)
        matrix *= self._rows.sum() / self._rows[sample].sum()
        return np.asarray(matrix + np.triu(matrix, 1).T, dtype=np.float64)

    def errors(self, theta: Array) -> tuple[float, ...]:
        """The mean loss of a row that is judged, and RMSE of energies (meV/atom) and forces (meV/Å), of those
        and of the structures that are trained on.
        """
        trained = _errors(self.data, theta)
        judged = _errors(self.others, theta) if self.others else trained
        return (judged[0], *judged[1:], *trained[1:])

    def _sample(self, cycle: int) -> list[int]:
        """Batches of the data with as many rows as there are parameters, or all."""
        order = np.random.default_rng([self._seed, cycle]).permutation(len(self._rows))
        enough = np.searchsorted(np.cumsum(self._rows[order]), _ROWS * len(self._everything))
        return sorted(order[: enough + 1].tolist())


def _errors(data: Residuals, theta: Array) -> tuple[float, float, float]:
    parts = [(rows.residual, rows.quantity) for rows in data.rows(theta, np.arange(0))]
    residual, quantity = (np.concatenate(part) for part in zip(*parts, strict=True))
    sizes = 1e3 * data.sigmas.energy, 1e3 * data.sigmas.forces
    energy, forces = (size * _rms(residual[quantity == k]) for k, size in enumerate(sizes))
    return 0.5 * _rms(residual) ** 2, energy, forces


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else float("nan")
