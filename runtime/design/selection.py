"""Forward selection with exchanges: which columns explain the residual with the fewest numbers.

A column is added by the score test: the decrease of the loss ½ (pᵀr)²/(pᵀp), p the column with the others
projected out, is exact for what enters linearly. Then the pair of a chosen column and another whose exchange
lowers the loss most is exchanged, as long as there is one: early choices that later ones made redundant are
undone (A. J. Miller, Subset Selection in Regression, 2nd ed. (2002), ch. 3).

Nothing is factored anew. With Q an orthonormal basis of the chosen columns, QᵀX of all columns X holds their
triangular factor, the part of each column that is left outside of them, and the gain of every exchange. A
column more is a row more of it, one product with X; a column less is a rotation of its rows (G. H. Golub &
C. F. Van Loan, Matrix Computations, 4th ed. (2013), § 6.5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..structures.arrays import Floats, Indices

_LEAST = 1e-6  # what of a column's norm² has to be left after projection: below it is rounding of f32
_COMBINED = 1e-10  # the same of columns that are always in
_EXCHANGES = 4  # after each addition
_MOST = 100  # at a size that was asked for


class Selection:
    """Columns of a factor R (P + 1, P + 1) chosen one by one; `always` are in from the start.

    One of those that is nothing but a combination of others, as the energy of a species where all structures
    have one composition, is held at 0.
    """

    def __init__(self, factor: Floats, always: Sequence[int]) -> None:
        norms = np.linalg.norm(factor[:, :-1], axis=0)
        self.scale = np.where(norms > 0, norms, 1.0)
        self.usable = norms > 0
        self.columns = factor[:, :-1] / self.scale
        self.target = -factor[:, -1]
        self.chosen: list[int] = []
        self.held: list[int] = []
        self._residual = self.target
        self._slopes = np.zeros(len(norms))  # Xᵀr
        self._basis = np.zeros((0, len(factor)))  # rows: Qᵀ
        self._shares = np.zeros((0, len(norms)))  # QᵀX
        for k in map(int, always):
            if self.usable[k] and self._left()[k] > _COMBINED:
                self._append(k)
            else:
                self.held.append(k)
        self.always = len(self.chosen)
        self._slopes = self._residual @ self.columns

    @property
    def size(self) -> int:
        return len(self.held) + len(self.chosen)

    def choice(self) -> tuple[Indices, Floats]:
        """The columns that are in, and their best-fitting coefficients."""
        found = np.linalg.solve(np.triu(self._shares[:, self.chosen]), self._basis @ self.target)
        coefficients = np.concatenate([np.zeros(len(self.held)), found / self.scale[self.chosen]])
        return np.array([*self.held, *self.chosen]), coefficients

    def add(self) -> bool:
        """The best column more; False where none helps."""
        self._slopes = self._residual @ self.columns  # rounding of exchanges ends here
        gains = self._allowed(np.square(self._slopes), self._left())
        best = int(np.argmax(gains))
        if not gains[best] > 0:
            return False
        self._append(best)
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
        inverse = np.linalg.inv(np.triu(self._shares[:, self.chosen]))[self.always :]
        if not len(inverse):
            return False
        own = inverse / np.linalg.norm(inverse, axis=1)[:, None]  # rows: w_j in the basis
        along, lost = own @ self._shares, own @ (self._basis @ self.target)
        gains = self._allowed(
            np.square(self._slopes + lost[:, None] * along), self._left() + np.square(along)
        )
        net = gains - np.square(lost)[:, None]
        j, m = np.unravel_index(int(np.argmax(net)), net.shape)
        if not net[j, m] > 1e-9 * float(self._residual @ self._residual):
            return False
        self._remove(self.always + int(j))
        self._append(int(m))
        return True

    def _left(self) -> Floats:
        """What of each column's norm² is outside of the chosen ones."""
        return np.asarray(1.0 - np.einsum("ij,ij->j", self._shares, self._shares))

    def _allowed(self, squares: Floats, left: Floats) -> Floats:
        """Gains of the columns that are neither chosen nor combinations of chosen ones."""
        gains = squares / np.where(left > _LEAST, left, np.inf)
        gains[..., [*self.held, *self.chosen]] = 0.0
        return np.where(self.usable, gains, 0.0)

    def _append(self, column: int) -> None:
        """One column more. Projected out twice, what is new of it is orthogonal to rounding."""
        own = self.columns[:, column]
        for _ in range(2):
            own = own - self._basis.T @ (self._basis @ own)
        own = own / np.linalg.norm(own)
        shares, part = own @ self.columns, float(own @ self._residual)
        self._residual, self._slopes = self._residual - part * own, self._slopes - part * shares
        self._basis, self._shares = np.vstack([self._basis, own]), np.vstack([self._shares, shares])
        self.chosen.append(column)

    def _remove(self, place: int) -> None:
        """One column less: the rows are rotated so that the last alone is what only this column had."""
        del self.chosen[place]
        rotation = np.linalg.qr(self._shares[place:, self.chosen[place:]], mode="complete")[0].T
        self._basis[place:] = rotation @ self._basis[place:]
        self._shares[place:] = rotation @ self._shares[place:]
        own, shares = self._basis[-1], self._shares[-1]
        part = float(own @ self.target)
        self._residual, self._slopes = self._residual + part * own, self._slopes + part * shares
        self._basis, self._shares = self._basis[:-1], self._shares[:-1]


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
    while selection.size <= max(sizes):
        wanted = selection.size in sizes
        selection.exchange(_MOST if wanted else _EXCHANGES)
        if wanted:
            found[selection.size] = selection.choice()
        if on_progress:
            on_progress(selection.size / max(sizes))
        if not selection.add():
            break
    return found
