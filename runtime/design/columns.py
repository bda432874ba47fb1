"""The derivatives of all labels by the linear numbers of a piece, as a file of columns.

Rows are in one order for all pieces, whatever batches each is worked out in: structure after structure, its
energy, its forces (x of all atoms, then y, z), the components of its stress, six of a crystal.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, FitError
from ..files.atomic import unwritable
from ..residuals.outputs import Laid, outputs_of, slopes_of
from ..residuals.residuals import ResidualRows, Residuals, Sigmas
from ..structures.arrays import Floats, Indices
from ..structures.structure import Structure
from .pieces import Piece


class Layout:
    """The places of the rows of a set of structures. structure, quantity (M,): as in `ResidualRows`.

    counts (3,): of rows of energy, forces, stress.
    """

    def __init__(self, structures: Sequence[Structure]) -> None:
        counts = np.array([_counts(s) for s in structures]).reshape(-1, 3)
        self.first = np.concatenate([[0], np.cumsum(counts)])[:-1].reshape(-1, 3)
        self.counts: Indices = counts.sum(axis=0)
        self.size = int(self.counts.sum())
        owners, kinds = np.indices(counts.shape)
        self.structure: Indices = np.repeat(owners.ravel(), counts.ravel())
        self.quantity: Indices = np.repeat(kinds.ravel(), counts.ravel())

    def places(self, rows: ResidualRows) -> Indices:
        """The place of each row of a batch."""
        key = rows.structure * 3 + rows.quantity
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        rank = np.arange(len(key)) - np.repeat(starts, np.diff(np.append(starts, len(key))))
        found = np.empty(len(key), dtype=np.intp)
        found[order] = self.first.ravel()[ordered] + rank
        return found


def _counts(s: Structure) -> tuple[int, int, int]:
    """Rows of energy, forces, stress; none of a structure without weight."""
    return s.n_labels if s.weight > 0 else (0, 0, 0)


class _Slopes(Residuals):
    """Derivatives alone: values are taken for 0."""

    def values(self, full: Floats, arrays: Laid, rows: Indices) -> Floats:
        return np.zeros(len(rows))


def write_columns(
    path: Path,
    made: Piece,
    structures: Sequence[Structure],
    sigmas: Sigmas,
    memory_mb: float,
    on_progress: Callable[[float], None] | None = None,
    slopes_alone: bool = False,
) -> None:
    """The weighted derivatives (M, P) by the piece's linear numbers, then its residual as a column, f32.

    slopes_alone: the residual is that of a model that is 0; half the work of a compiler is to compile values.
    Single precision takes 0.6 of the time and errs by 2e-6 of a column; a selection asks for three digits,
    and the selected ones are fitted in double. Written beside and renamed.
    Raises FitError `not-finite` with the name of the structure.
    """
    layout = Layout(structures)
    of, residuals = (slopes_of, _Slopes) if slopes_alone else (outputs_of, Residuals)
    outputs = of(made.potential, precision="float32")
    problem = residuals(made.potential, structures, sigmas, memory_mb, on_progress, outputs)
    theta = made.potential.theta[problem.free]
    part = path.with_name(path.name + ".part")  # a trial is one process's: what a killed one left is replaced
    shape = (layout.size, len(made.linear) + 1)
    table = np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=shape)
    _take_room(part)
    for rows in problem.rows(theta, made.linear):
        places = layout.places(rows)
        with np.errstate(over="ignore"):
            found = np.column_stack([rows.jacobian, rows.residual]).astype(np.float32)
        _require_finite(found, rows.structure, structures)
        table[places] = found
    table.flush()
    del table
    os.replace(part, path)


def _require_finite(rows: NDArray[np.float32], owners: Indices, structures: Sequence[Structure]) -> None:
    """Raise FitError `not-finite`: factors of such rows would be those of the other structures."""
    broken = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(broken):
        place = structures[owners[broken[0]]].place
        message = f"{place}: the energy, a force or a derivative by a number of the term is not finite"
        raise FitError(Diagnostic("not-finite", message, place=place, help="atoms may be much too close"))


def _take_room(path: Path) -> None:
    """Have the disk give room for all of a file now: a mapped one that it fails ends the process.

    Raises ArtifactError `unwritable`.
    """
    try:
        with path.open("r+b") as file:
            if hasattr(os, "posix_fallocate"):  # not on macOS
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return  # the disk gives no promises
        path.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def read_columns(path: Path) -> NDArray[np.float32]:
    """The table of `write_columns`, mapped, not read. Raises ArtifactError `damaged-artifact`."""
    try:
        return np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except (OSError, ValueError) as error:
        message = f"{path}, which the study says it has, cannot be read: {error}"
        help = "start the study again in another folder"
        raise ArtifactError(Diagnostic("damaged-artifact", message, place=str(path), help=help)) from error
