"""Forward selection with exchanges: which columns explain the residual with the fewest numbers.

A column is added by the score test: the decrease of the loss ½ (pᵀr)²/(pᵀp), p the column with the others
projected out, is exact for what enters linearly. Then the pair of a chosen column and another whose exchange
lowers the loss most is exchanged, as long as there is one: early choices that later ones made redundant are
undone (A. J. Miller, Subset Selection in Regression, 2nd ed. (2002), ch. 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..structures.arrays import Floats, Indices

_LEAST = 1e-6  # what of a column's norm² has to be left after projection: below it is rounding of f32
_EXCHANGES = 4  # after each addition
_MOST = 100  # at a size that was asked for


class Selection:
    """Columns of a factor R (P + 1, P + 1) chosen one by one; `always` are in from the start."""

    def __init__(self, factor: Floats, always: Sequence[int]) -> None:
        norms = np.linalg.norm(factor[:, :-1], axis=0)
        self.scale = np.where(norms > 0, norms, 1.0)
        self.usable = norms > 0
        self.columns = factor[:, :-1] / self.scale
        self.target = -factor[:, -1]
        self.always = len(always)
        self.chosen = [int(k) for k in always]

    def _split(self) -> tuple[Floats, Floats, Floats]:
        """An orthonormal basis of the chosen columns, the upper factor, and the residual."""
        q, upper = np.linalg.qr(self.columns[:, self.chosen])
        return q, upper, self.target - q @ (q.T @ self.target)

    def coefficients(self) -> Floats:
        """The best-fitting of the chosen columns."""
        q, upper, _ = self._split()
        return np.asarray(np.linalg.solve(upper, q.T @ self.target) / self.scale[self.chosen])

    def add(self) -> bool:
        """The best column more; False where none helps."""
        q, _, residual = self._split()
        left = 1.0 - np.sum(np.square(q.T @ self.columns), axis=0)
        gains = self._allowed(np.square(self.columns.T @ residual), left)
        best = int(np.argmax(gains))
        if not gains[best] > 0:
            return False
        self.chosen.append(best)
        return True

    def exchange(self, most: int) -> None:
        """Up to so many exchanges, each the best there is."""
        for _ in range(most):
            if not self._exchanged():
                break

    def _exchanged(self) -> bool:
        """Without column j the residual gains t_j along the direction w_j that only j has, ‖w_j‖ = 1: with m
        in its place Σ r² falls by (mᵀr + t_j w_jᵀm)² / (‖p_m‖² + (w_jᵀm)²), and it had risen by t_j².
        """
        q, upper, residual = self._split()
        dual = q @ np.linalg.inv(upper).T
        own = dual[:, self.always :] / np.linalg.norm(dual[:, self.always :], axis=0)
        if not own.shape[1]:
            return False
        along, lost = own.T @ self.columns, own.T @ self.target
        left = 1.0 - np.sum(np.square(q.T @ self.columns), axis=0) + np.square(along)
        gains = self._allowed(np.square(self.columns.T @ residual + lost[:, None] * along), left)
        net = gains - np.square(lost)[:, None]
        j, m = np.unravel_index(int(np.argmax(net)), net.shape)
        if not net[j, m] > 1e-9 * float(residual @ residual):
            return False
        del self.chosen[self.always + int(j)]
        self.chosen.append(int(m))
        return True

    def _allowed(self, squares: Floats, left: Floats) -> Floats:
        """Gains of the columns that are neither chosen nor combinations of chosen ones."""
        gains = squares / np.where(left > _LEAST, left, np.inf)
        gains[..., self.chosen] = 0.0
        return np.where(self.usable, gains, 0.0)


Path = dict[int, tuple[Indices, Floats]]


def selected(
    factor: Floats,
    always: Sequence[int],
    sizes: Sequence[int],
    on_progress: Callable[[float], None] | None = None,
) -> Path:
    """{size: (columns, their coefficients)} for each size that can be reached."""
    selection = Selection(factor, always)
    found: Path = {}
    while len(selection.chosen) <= max(sizes):
        wanted = len(selection.chosen) in sizes
        selection.exchange(_MOST if wanted else _EXCHANGES)
        if wanted:
            found[len(selection.chosen)] = np.array(selection.chosen), selection.coefficients()
        if on_progress:
            on_progress(len(selection.chosen) / max(sizes))
        if not selection.add():
            break
    return found
