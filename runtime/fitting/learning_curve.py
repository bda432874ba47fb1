"""The learning curve of a fit: a row for each iteration, in a file that grows as the fit goes on.

While a fit runs the file lies beside its checkpoint; then it is in the run. A fit that was killed goes on
from its last checkpoint, and the rows after that are dropped: they are made again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..files.atomic import unwritable, write_atomic
from ..residuals.label_errors import UNKNOWN, Rmse
from .result import Curve

FILE = "learning_curve.csv"
COLUMNS = (
    *("iteration", "seconds", "loss"),
    *("train_energy_meV_per_atom", "train_forces_meV_per_A", "train_stress_GPa"),
    *("held_out_energy_meV_per_atom", "held_out_forces_meV_per_A", "held_out_stress_GPa"),
    "start",
)


class LearningCurve:
    """The rows so far. path: their file; None: they are kept in memory alone."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.rows: list[tuple[float, ...]] = []

    def begin(self, until: float | None) -> None:
        """Begin with the rows of the file up to that time of the fit, in s; None: with none."""
        last = -1.0 if until is None else until * (1 + 1e-7)  # the file has eight digits
        self.rows = [] if until is None else [row for row in self._stored() if row[1] <= last]
        if self.path is not None and (self.rows or self.path.exists()):
            self._write()

    def add(
        self,
        iteration: int,
        seconds: float,
        loss: float,
        train: Rmse | None = None,
        held_out: Rmse | None = None,
        start: int = 0,
    ) -> None:
        """Add a row, or replace the last one where that is of the same iteration.

        seconds: of the fit, the time before it was resumed included. start: the number of the start values.
        Raises ArtifactError unwritable.
        """
        row = (iteration, seconds, loss, *(train or UNKNOWN), *(held_out or UNKNOWN), start)
        again = bool(self.rows) and (self.rows[-1][0], self.rows[-1][-1]) == (iteration, start)
        self.rows[len(self.rows) - again :] = [row]
        if self.path is None:
            return
        if again or len(self.rows) == 1:
            self._write()
        else:
            self._append()

    @property
    def curve(self) -> Curve | None:
        """All rows; None where there are none."""
        return Curve(COLUMNS, np.array(self.rows, dtype=np.float64)) if self.rows else None

    def _write(self) -> None:
        assert self.path is not None
        write_atomic(self.path, Curve(COLUMNS, np.array(self.rows).reshape(-1, len(COLUMNS))).csv())

    def _append(self) -> None:
        assert self.path is not None
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(Curve((), np.array(self.rows[-1:])).lines())
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _stored(self) -> list[tuple[float, ...]]:
        """The rows of the file up to the first that is damaged."""
        if self.path is None or not self.path.is_file():
            return []
        found: list[tuple[float, ...]] = []
        text = self.path.read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines(keepends=True)[1:]:
            try:
                row = tuple(float(cell or "nan") for cell in line.rstrip("\n").split(","))
            except ValueError:
                break
            if len(row) != len(COLUMNS) or not line.endswith("\n"):
                break
            found.append(row)
        return found
