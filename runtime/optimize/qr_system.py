"""The least-squares system of a whole data set in (P+1)² numbers, accumulated block by block.

A fit minimises L(θ) = ½ Σ r². All that one linearisation says about L is in the triangular factor

    RᵀR = [J r]ᵀ[J r],    R = | U  z |    U (P, P) upper triangular,    L = ½ (z·z + ρ²)
                              | 0  ρ |

as min_p ‖J p + r‖² = min_p ‖U p + z‖² + ρ². Each block of rows is folded in by a QR decomposition of
[R; block] (Golub, Numer. Math. 7, 206 (1965), doi:10.1007/BF01436075; LAPACK's triangular-pentagonal
`tpqrt`), so memory does not grow with the data and κ(J) is not squared. Measured on one thread: 1.0, 4.5
and 21 µs a row at P = 75, 200, 500, two to three times what JᵀJ costs. A second BLAS thread gains nothing,
and where the cores are busy already it can cost a hundredfold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from scipy.linalg import lapack, qr, solve_triangular, svd

from ...compiler.diagnostics.diagnostic import Diagnostic

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)
_SHOWN = 8  # names that a message lists
_LARGEST = 1e150  # the square of anything less is finite
_CHUNK = 512  # rows folded in at once: larger ones leave the cache


@dataclass(frozen=True)
class TriangularSystem:
    """One linearisation of the residuals with respect to P parameters.

    `factor` is R above. `noise` is the singular value, relative to the largest of the
    column-normalised J, under which a direction is only rounding. `broken` marks the columns of [J r]
    that hold a NaN or an infinity; where any is marked, the loss is infinite and those rows are not in R.
    """

    factor: Float[Array, "P+1 P+1"]
    n_rows: int
    noise: float
    broken: Bool[Mask, " P+1"]

    @property
    def n_parameters(self) -> int:
        return len(self.factor) - 1

    @property
    def finite(self) -> bool:
        return not bool(self.broken.any())

    @property
    def jacobian(self) -> Float[Array, "P P"]:
        """U: stands for J wherever only JᵀJ or singular values matter."""
        return self.factor[:-1, :-1]

    @property
    def residual(self) -> Float[Array, " P"]:
        """z: the residual's components in the range of J."""
        return self.factor[:-1, -1]

    @property
    def loss(self) -> float:
        """½ Σ r²; infinite where anything is not finite."""
        return 0.5 * float(self.factor[:, -1] @ self.factor[:, -1]) if self.finite else float("inf")

    @property
    def gradient(self) -> Float[Array, " P"]:
        """Jᵀr."""
        return np.asarray(self.jacobian.T @ self.residual)

    @cached_property
    def matrix(self) -> Float[Array, "P P"]:
        """JᵀJ. Its small eigenvalues are lost to rounding: use the factor for information."""
        return np.asarray(self.jacobian.T @ self.jacobian)

    @cached_property
    def norms(self) -> Float[Array, " P"]:
        """‖J_j‖, zero for a parameter that no row depends on."""
        return column_norms(self.jacobian)

    def take(self, columns: Int[Indices, " F"]) -> TriangularSystem:
        """The system of the listed parameters, in the listed order, the others held."""
        order = np.append(columns, self.n_parameters)
        factor = triangle(self.factor[:, order])
        return TriangularSystem(factor, self.n_rows, self.noise, self.broken[order])

    def mapped(self, table: Float[Array, "P F"]) -> TriangularSystem:
        """The system in fewer numbers φ with θ = table φ + …"""
        rows = np.column_stack([self.factor[:, :-1] @ table, self.factor[:, -1]])
        broken = np.append((table[self.broken[:-1]] != 0).any(axis=0), self.broken[-1])
        return TriangularSystem(triangle(rows), self.n_rows, self.noise, broken)

    def moved(self, step: Float[Array, " P"]) -> TriangularSystem:
        """The system at θ + step, where the residuals are affine in the parameters."""
        factor = self.factor.copy()
        factor[:-1, -1] += self.jacobian @ step
        return TriangularSystem(factor, self.n_rows, self.noise, self.broken)

    def with_diagonal(self, weight: Float[Array, " P"], residual: Float[Array, " P"]) -> TriangularSystem:
        """With P more rows (damping, a prior): row j is `weight[j]` in column j, and `residual[j]`."""
        rows = np.column_stack([np.diag(weight), residual])
        n_rows = self.n_rows + int(np.count_nonzero(weight))
        return TriangularSystem(triangle(np.vstack([self.factor, rows])), n_rows, self.noise, self.broken)


class Accumulator:
    """Folds blocks of rows into a `TriangularSystem`; holds O(P²) numbers whatever the number of rows."""

    def __init__(self, n_parameters: int) -> None:
        size = n_parameters + 1
        self._factor = np.zeros((size, size), order="F")  # R
        self._broken = np.zeros(size, dtype=bool)
        self._n_rows = 0

    def add(self, residual: Float[Array, " m"], jacobian: Float[Array, "m P"]) -> None:
        """Add m rows, already multiplied by √weight."""
        for first in range(0, len(residual), _CHUNK):
            part = slice(first, first + _CHUNK)
            rows = np.empty((len(residual[part]), len(self._factor)), order="F")
            rows[:, :-1] = jacobian[part]
            rows[:, -1] = residual[part]
            self._fold(rows)

    def _fold(self, rows: Float[Array, "m P+1"]) -> None:
        self._n_rows += len(rows)
        sound = np.isfinite(rows)
        if not sound.all():
            self._broken |= ~sound.all(axis=0)
            return
        width = min(16 if len(self._factor) < 150 else 32, len(self._factor))
        self._factor = lapack.dtpqrt(0, width, self._factor, rows, overwrite_a=1, overwrite_b=1)[0]

    def system(self) -> TriangularSystem:
        """The system of all rows so far; columns whose squares would overflow are broken, and 0."""
        size, factor = len(self._factor), np.triu(self._factor)
        overflows = ~(np.abs(factor) < _LARGEST).all(axis=0)
        factor[:, overflows] = 0.0
        return TriangularSystem(factor, self._n_rows, 4 * size * EPS, self._broken | overflows)


def joined(systems: Sequence[TriangularSystem]) -> TriangularSystem:
    """The system of all their rows."""
    factor = stacked([system.factor for system in systems])
    broken = np.any([system.broken for system in systems], axis=0)
    return TriangularSystem(factor, sum(s.n_rows for s in systems), 4 * len(factor) * EPS, broken)


def both(one: TriangularSystem, other: TriangularSystem) -> TriangularSystem:
    """The system of the rows of two."""
    return joined((one, other))


def column_norms(matrix: Float[Array, "m n"]) -> Float[Array, " n"]:
    """The Euclidean norm of each column."""
    return np.asarray(np.linalg.norm(matrix, axis=0))


def triangle(rows: Float[Array, "m n"]) -> Float[Array, "n n"]:
    """The square R of a QR decomposition of rows, zero rows added where m < n."""
    n = rows.shape[1]
    if len(rows) < n:
        rows = np.vstack([rows, np.zeros((n - len(rows), n))])
    return np.triu(np.asarray(lapack.dgeqrf(np.asfortranarray(rows), overwrite_a=0)[0])[:n])


def stacked(blocks: Sequence[Float[Array, "_ n"]]) -> Float[Array, "n n"]:
    """The square R of a QR decomposition of blocks of rows on one another. A block that is R of some rows
    itself is folded in for a third of what n other rows cost.
    """
    size = blocks[0].shape[1]
    found = np.zeros((size, size), order="F")
    for block in blocks:
        upper = size if len(block) == size and not np.tril(block, -1).any() else 0
        found = lapack.dtpqrt(upper, min(32, size), found, np.asfortranarray(block), overwrite_a=1)[0]
    return np.triu(found)


def _normalised(upper: Float[Array, "n n"]) -> tuple[Float[Array, "n n"], Float[Array, " n"]]:
    """The columns of `upper` divided by their norms, and the norms, 1 for a zero column."""
    norms = column_norms(upper)
    scale = np.where(norms > 0, norms, 1.0)
    return upper / scale, scale


def solve(upper: Float[Array, "n n"], residual: Float[Array, " n"], noise: float) -> Float[Array, " n"]:
    """p that minimises ‖U p + z‖², for U upper triangular, possibly singular.

    Columns are normalised first, which is within √n of the best scaling (van der Sluis, Numer. Math. 14, 14
    (1969), doi:10.1007/BF02165096). Where a relative singular value is under `noise`, the shortest scaled p
    is returned: a parameter that the data do not determine stays where it is.
    """
    if not len(residual):
        return np.zeros(0)
    scaled, scale = _normalised(upper)
    reciprocal_condition = lapack.dtrcon(scaled)[0]
    if reciprocal_condition > noise * len(residual):
        return np.asarray(-solve_triangular(scaled, residual) / scale)
    left, values, right = svd(scaled)
    keep = values > noise * values[0]
    step = -(right[keep].T @ ((left.T @ residual)[keep] / values[keep])) / scale
    return np.where(column_norms(upper) > 0, step, 0.0)


def solve_bounded(
    upper: Float[Array, "n n"],
    residual: Float[Array, " n"],
    low: Float[Array, " n"],
    high: Float[Array, " n"],
    noise: float,
) -> Float[Array, " n"]:
    """p within low ≤ p ≤ high (either may be infinite) that minimises ‖U p + z‖².

    Block principal pivoting (Portugal, Júdice & Vicente, Math. Comp. 63, 625 (1994)): hold every coordinate
    that leaves its bounds, release every held one whose gradient points inside, until none is left; where
    that cycles, scipy's BVLS.
    """
    step = solve(upper, residual, noise)
    if np.all((low <= step) & (step <= high)):
        return step
    scaled, scale = _normalised(upper)
    found = _pivot(scaled, residual, low * scale, high * scale, noise) / scale
    return np.asarray(np.clip(found, low, high))


def _pivot(scaled: Array, residual: Array, low: Array, high: Array, noise: float) -> Array:
    side = np.where(low == high, -1, 0)  # -1 held at low, +1 at high, 0 free
    tolerance = 1e-12 * float(np.linalg.norm(residual))
    fewest, patience = len(side) + 1, 5
    while patience:
        step = _held(scaled, residual, low, high, side, noise)
        gradient = scaled.T @ (scaled @ step + residual)
        slack = 1e-12 * np.abs(step)
        leaving = np.where(step < low - slack, -1, np.where(step > high + slack, 1, 0))
        inward = (side * gradient > tolerance) & (low < high)
        wrong = ((side == 0) & (leaving != 0)) | inward
        if not wrong.any():
            return step
        side = np.where(wrong, np.where(side == 0, leaving, 0), side)
        patience = 5 if wrong.sum() < fewest else patience - 1
        fewest = min(fewest, int(wrong.sum()))
    from scipy.optimize import lsq_linear  # hardly ever reached, and long to import

    free = low < high
    step = np.where(free, 0.0, low)
    bounds = (low[free], high[free])
    found = lsq_linear(scaled[:, free], -(residual + scaled @ step), bounds, method="bvls", tol=1e-14)
    step[free] = found.x
    return np.asarray(step)


def _held(
    upper: Array, residual: Array, low: Array, high: Array, side: NDArray[np.int_], noise: float
) -> Array:
    """The minimiser with the coordinates of side ≠ 0 at their bounds."""
    step = np.where(side < 0, low, np.where(side > 0, high, 0.0))
    free = side == 0
    reduced = triangle(np.column_stack([upper[:, free], residual + upper @ step]))
    step[free] = solve(reduced[:-1, :-1], reduced[:-1, -1], noise)
    return np.asarray(step)


def independent_columns(system: TriangularSystem) -> tuple[Indices, Indices]:
    """(kept, dependent): a well-conditioned set of columns that spans the range of J, and the rest.

    The rank comes from the singular values, the choice from a QR decomposition with column pivoting; columns
    without any row are in neither.
    """
    reached = np.flatnonzero(system.norms > 0)
    if not len(reached):
        return reached, reached
    scaled = system.jacobian[:, reached] / system.norms[reached]
    values = np.linalg.svd(scaled, compute_uv=False)
    rank = int(np.count_nonzero(values > system.noise * values[0]))
    if rank == len(reached):
        return reached, reached[:0]
    order = reached[qr(scaled, mode="r", pivoting=True)[1]]
    return np.sort(order[:rank]), np.sort(order[rank:])


@dataclass(frozen=True)
class Undetermined:
    """Parameters that the data do not determine.

    `unreached`: parameters that no row depends on. `combinations`: directions in parameter space along which
    no prediction changes, each as (name, coefficient) pairs with the largest share first.
    """

    unreached: tuple[str, ...] = ()
    combinations: tuple[tuple[tuple[str, float], ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.unreached or self.combinations)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings for the user, one for all unreached parameters and one for each combination."""
        found = []
        if self.unreached:
            names = _listed(self.unreached)
            message = f"no label depends on {names}: kept at the start values"
            found.append(Diagnostic("unreached-parameters", message, "warning"))
        for combination in self.combinations:
            names = _listed([name for name, _ in combination])
            direction = " ".join(f"{coefficient:+.3g}·{name}" for name, coefficient in combination[:_SHOWN])
            direction += " …" * (len(combination) > _SHOWN)
            message = f"the data cannot tell {names} apart"
            note = f"no label changes along {direction}; fix one of them, or add a prior"
            found.append(Diagnostic("undetermined-parameters", message, "warning", help=note))
        return tuple(found)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + more


def undetermined(system: TriangularSystem, names: Sequence[str]) -> Undetermined:
    """The parameters, in the order of `names`, that the data of `system` cannot determine.

    Each dependent column is written in the independent ones, J_d = J_k c: δθ_d = 1, δθ_k = −c changes
    nothing.
    """
    kept, dependent = independent_columns(system)
    norms = system.norms
    unreached = tuple(names[j] for j in np.flatnonzero(norms == 0).tolist())
    combinations = []
    for column in dependent:
        part = system.jacobian[:, kept] / norms[kept]
        share = -np.linalg.lstsq(part, system.jacobian[:, column] / norms[column])[0]
        weights = {int(column): 1.0, **dict(zip(kept.tolist(), share.tolist(), strict=True))}
        taking_part = [j for j, weight in weights.items() if abs(weight) > 1e-5]
        taking_part.sort(key=lambda j: -abs(weights[j]))
        scale = norms[column]
        combinations.append(tuple((names[j], float(weights[j] * scale / norms[j])) for j in taking_part))
    return Undetermined(unreached, tuple(combinations))
