"""The quadratic model of the loss around a fit, by which rewrites are judged.

Around the fit θ the loss is L(θ + δ) = ½‖U δ + z‖² + ½ρ², U (F, F) the triangular factor of the weighted
derivatives J (so UᵀU = JᵀJ, the Fisher information for unit weights), z what of the residual lies in their
range. Exact for parameters that enter linearly. All is read off U by orthogonal transformations; JᵀJ, which
loses every singular value under 1e-8 of the largest, is never formed.

A rewrite of the formula restricts the parameters to θ = T φ + t: numbers fixed, numbers tied together. What
it costs is the increase of the loss with all others at their new best:

    ΔL = min_φ ½‖U (T φ + t − θ) + z‖² − ½‖z‖²,

for a block b that is set to 0 at the optimum ½ θ_bᵀ S_b θ_b with S_b = I_bb − I_br I_rr⁺ I_rb (Wald's test);
S_b is R_bbᵀR_bb of the factor with the columns of b last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..diagnostics.diagnostic import InternalError

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

_NO_PART = 1e-6  # of a unit vector: what is less is rounding
_UNKNOWN = float(np.finfo(np.float64).eps) ** 0.5


@dataclass(frozen=True)
class Restriction:
    """Numbers `fixed` at a value, and groups of numbers `tied` to one value, by their place among F numbers.

    No number is named twice: a group with a fixed number is all fixed.
    """

    fixed: Mapping[int, float] = field(default_factory=dict)
    tied: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        named = [*self.fixed, *(k for group in self.tied for k in group)]
        if len(set(named)) < len(named):
            raise InternalError("a restriction names each number once")

    @property
    def removes(self) -> int:
        """The number of trained parameters that it removes."""
        return len(self.fixed) + sum(len(group) - 1 for group in self.tied)

    def map(self, size: int) -> tuple[Array, Array]:
        """T (F, F') and t (F,) of θ = T φ + t; a group stands where its first number stood."""
        leader = np.arange(size)
        for group in self.tied:
            leader[list(group)] = min(group)
        constant = np.zeros(size)
        for k, value in self.fixed.items():
            constant[k] = value
        trained = [k for k in range(size) if k not in self.fixed]
        kept = sorted({int(leader[k]) for k in trained})
        place = {k: column for column, k in enumerate(kept)}
        table = np.zeros((size, len(kept)))
        for k in trained:
            table[k, place[int(leader[k])]] = 1.0
        return table, constant


@dataclass(frozen=True, eq=False)
class QuadraticModel:
    """The quadratic model above, of F trained parameters.

    names (F,).
    theta (F,): in eV, Å, e.
    factor: U (F, F), upper triangular.
    residual: z (F,).
    loss: ½ Σ r² = ½‖z‖² + ½ρ².
    n_rows: number of labels.
    noise: a direction is only rounding below this singular value of the column-normalised J, relative to the
    largest.
    """

    names: tuple[str, ...]
    theta: Array
    factor: Array
    residual: Array
    loss: float
    n_rows: int
    noise: float

    @property
    def size(self) -> int:
        return len(self.theta)

    @property
    def n_dof(self) -> int:
        """The number of degrees of freedom: labels less parameters."""
        return self.n_rows - self.size

    @property
    def variance(self) -> float:
        """s² = 2 L / (rows − F): of a residual, 1 where weights are true. NaN without degrees of freedom."""
        return 2.0 * self.loss / self.n_dof if self.n_dof > 0 else float("nan")

    @cached_property
    def norms(self) -> Array:
        """‖J_k‖ (F,): 0 for a number that no row depends on."""
        return np.asarray(np.linalg.norm(self.factor, axis=0))

    @cached_property
    def gradient(self) -> Array:
        """Jᵀr (F,), 0 at an optimum."""
        return np.asarray(self.factor.T @ self.residual)

    @cached_property
    def _spectrum(self) -> tuple[Array, Array]:
        scale = np.where(self.norms > 0, self.norms, 1.0)
        if not self.size:
            return np.zeros(0), np.zeros((0, 0))
        _, values, right = np.linalg.svd(self.factor / scale)
        return values, np.asarray(right)

    @property
    def singular_values(self) -> Array:
        """(F,) of the column-normalised J, largest first."""
        return self._spectrum[0]

    @property
    def modes(self) -> Array:
        """(F, F): row m is the direction of singular value m, in numbers times their norms."""
        return self._spectrum[1]

    @cached_property
    def root(self) -> Array:
        """W (F, F) with W Wᵀ = I⁻¹. A direction that is only rounding counts as known to √ε of the best: what
        it changes is then all but unknown, and what rounding alone makes of it in other places is not seen.
        """
        values, right = self._spectrum
        top = values.max(initial=0.0) or 1.0
        scale = np.where(self.norms > 0, self.norms, np.inf)
        known = np.where(values > self.noise * top, values, _UNKNOWN * top)
        return np.asarray((right.T / known) / scale[:, None])

    @cached_property
    def undetermined(self) -> NDArray[np.bool_]:
        """(F,) numbers that no row depends on, or that have a part in a direction that is only rounding."""
        values, right = self._spectrum
        lost = right[values <= self.noise * values.max(initial=0.0)]
        return np.asarray((self.norms == 0) | (np.linalg.norm(lost, axis=0) > _NO_PART))

    @cached_property
    def spread(self) -> Array:
        """A (F, F) with A Aᵀ the covariance s² I⁻¹; of a number that no row depends on the row is 0."""
        return np.asarray(np.sqrt(self.variance) * self.root)

    @cached_property
    def covariance(self) -> Array:
        """s² I⁺ (F, F), directions that are only rounding left out."""
        values, right = self._spectrum
        scale = np.where(self.norms > 0, self.norms, np.inf)
        kept = values > self.noise * values.max(initial=0.0)
        root = (right[kept].T / values[kept]) / scale[:, None]
        return np.asarray(self.variance * root @ root.T)

    @cached_property
    def deviations(self) -> Array:
        """Standard deviation (F,) of each number, s √(I⁻¹)_kk; infinite where no row depends on it."""
        return np.where(self.norms > 0, np.linalg.norm(self.spread, axis=1), np.inf)

    def unique(self, numbers: Iterable[int]) -> Array:
        """R_b (b, b), the root of the information on a block that no other number has: S_b = R_bᵀR_b."""
        block = np.fromiter(numbers, dtype=np.intp)
        others = np.setdiff1d(np.arange(self.size), block)
        scale = np.where(self.norms > 0, self.norms, 1.0)
        scaled = self.factor / scale
        left, values, _ = np.linalg.svd(scaled[:, others], full_matrices=True)
        rank = int(np.count_nonzero(values > self.noise * max(values.max(initial=0.0), 1e-300)))
        rest = left[:, rank:].T @ scaled[:, block]  # what the others cannot make up for
        triangle = np.zeros((len(block), len(block)))
        found = np.linalg.qr(rest, mode="r") if len(rest) else np.zeros((0, len(block)))
        triangle[: len(found)] = found
        return np.asarray(triangle * scale[block])

    def zeroed(self, numbers: Iterable[int]) -> float:
        """Predicted ΔL of setting a block to 0, all others at their new best."""
        return self.cost(Restriction({k: 0.0 for k in numbers}))

    def each_zeroed(self) -> Array:
        """Predicted ΔL (F,) of setting each number to 0 alone.

        ½ (θ_k + δ_k)² / (I⁻¹)_kk with δ the step to the minimum, less what that step gains by itself.
        """
        inverse = np.sum(np.square(self.root), axis=1)
        offset = self.residual - self.factor @ self.theta
        best = _least_squares(self.factor, offset, self.theta, self.noise)
        gained = self.loss - self.loss_at(best)
        cost = 0.5 * best**2 / np.where(self.undetermined, np.inf, inverse)
        return np.asarray(cost - gained)

    def loss_at(self, theta: Array) -> float:
        """L of the quadratic model at other parameters (F,)."""
        after = self.factor @ (theta - self.theta) + self.residual
        return self.loss + 0.5 * float(after @ after - self.residual @ self.residual)

    def cost(self, restriction: Restriction) -> float:
        """Predicted ΔL of a restriction, against the loss as it is."""
        return self.restricted(restriction).loss - self.loss

    def restricted(self, restriction: Restriction) -> QuadraticModel:
        """The model in the numbers that remain, at their best."""
        table, constant = restriction.map(self.size)
        columns = self.factor @ table
        offset = self.factor @ (constant - self.theta) + self.residual
        phi = _least_squares(columns, offset, self._near(restriction, table), self.noise)
        after = columns @ phi + offset
        triangle = np.asarray(np.linalg.qr(np.column_stack([columns, after]), mode="r"))
        loss = self.loss + 0.5 * float(after @ after - self.residual @ self.residual)
        kept = [int(np.argmax(table[:, k])) for k in range(table.shape[1])]
        n = len(phi)
        return QuadraticModel(
            tuple(self.names[k] for k in kept),
            phi,
            np.triu(triangle[:n, :n]),
            triangle[:n, n],
            loss,
            self.n_rows,
            self.noise,
        )

    def _near(self, restriction: Restriction, table: Array) -> Array:
        """Values of φ to stay at where the data do not say: the present ones, of a group their mean."""
        return np.asarray((table.T @ self.theta) / np.maximum(table.sum(axis=0), 1.0))


def delta_bic(delta_loss: float, loss: float, removed: int, n_rows: int) -> float | None:
    """Change of BIC = n ln(2L/n) + k ln n where k falls by `removed` and L rises; None at L = 0."""
    if loss <= 0.0:
        return None
    return float(n_rows * np.log1p(delta_loss / loss) - removed * np.log(n_rows))


def _least_squares(columns: Array, offset: Array, near: Array, noise: float) -> Array:
    """φ with the least ‖columns φ + offset‖, as near to `near` as that allows in units of 1/norm."""
    if not columns.shape[1]:
        return np.zeros(0)
    norms = np.linalg.norm(columns, axis=0)
    scale = np.where(norms > 0, norms, 1.0)
    step = np.linalg.lstsq(columns / scale, -(offset + columns @ near), rcond=noise)[0]
    return np.asarray(near + step / scale)
