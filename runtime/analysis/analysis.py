"""Everything that is worked out of one trajectory, in one pass over its frames."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..data.file_kind import AS_IT_LOOKS, FileKind
from ..structures.arrays import Floats, Species
from .cell import CellWindow, cell_windows, row, whole
from .diffusion import Diffusion, Displacements, TooShort, diffusion, evenly_spaced
from .radial import PairStatistics, Radial
from .settings import AnalysisSettings
from .trajectory import Frame, Trajectory
from .unwrapping import Unwrapper

OnProgress = Callable[[float], None]
_READING = 0.9  # of the work


@dataclass(frozen=True, eq=False)
class Analysis:
    """The results of a trajectory.

    diffusion is empty where `undiffused` gives the reason. when, rows and temperatures: of each frame.
    """

    where: str
    numbers: Species  # atomic numbers
    timed: bool
    when: tuple[float, ...]  # ps, or numbers of frames where there are no times (timed is False)
    pairs: tuple[PairStatistics, ...]
    diffusion: tuple[Diffusion, ...]
    undiffused: str
    mean_cell: CellWindow  # of all frames
    cells: tuple[CellWindow, ...]  # by window
    rows: Float[Floats, "frames 7"]  # the cell as `cell.row` has it
    temperatures: tuple[float | None, ...]  # K
    warnings: tuple[Diagnostic, ...]

    @property
    def atoms(self) -> dict[str, int]:
        """The number of atoms of each species, by atomic number."""
        kinds, counts = np.unique(self.numbers, return_counts=True)
        return {chemical_symbols[z]: int(n) for z, n in zip(kinds, counts, strict=True)}

    @property
    def clustered(self) -> bool:
        """Whether any two atoms came within the core of their pair."""
        return any(p.inside for p in self.pairs)

    @property
    def first_cluster(self) -> PairStatistics | None:
        """The pair that came within its core first."""
        inside = [(p.first_inside.frame, p.name, p) for p in self.pairs if p.first_inside]
        return min(inside)[2] if inside else None


def analyze(
    where: str,
    settings: AnalysisSettings,
    on_progress: OnProgress | None = None,
    kind: FileKind = AS_IT_LOOKS,
) -> Analysis:
    """Read a trajectory once and compute every quantity. on_progress: called with the share done, 0 to 1.

    Memory does not grow with the frames but for a few numbers each; displacements of atoms are kept in a
    temporary file. Raises DataError: as `Trajectory`, too-few-frames; ArtifactError `unwritable`.
    """
    call = on_progress or (lambda share: None)
    trajectory = Trajectory(where, settings, kind)
    total = max(trajectory.count(), 1)
    frames = iter(trajectory)
    first = next(frames, None)
    if first is None:
        raise _too_few(trajectory, 0, total)
    with closing(Displacements(first.structure.n_atoms)) as displacements:
        gathered = _Gathered(trajectory, first, displacements)
        gathered.add(first)
        for frame in frames:
            gathered.add(frame)
            call(_READING * frame.number / total)
        if len(gathered.when) < 2:
            raise _too_few(trajectory, len(gathered.when), total)
        return gathered.result(call)


def _too_few(trajectory: Trajectory, left: int, total: int) -> DataError:
    given = trajectory.settings
    chosen = given.skip or given.skip_share or given.stride > 1
    of = f" of {total}" if chosen else ""
    message = f"{left}{of} frame{'' if left == 1 else 's'} cannot be analysed as a trajectory"
    help = "leave out less with `--skip` and `--stride`" if chosen else "it takes two frames or more"
    return DataError(Diagnostic("too-few-frames", message, place=trajectory.path.name, help=help))


class _Gathered:
    """Sums over the frames so far; only a few values are kept for each frame."""

    def __init__(self, trajectory: Trajectory, first: Frame, displacements: Displacements) -> None:
        self.trajectory, self.settings = trajectory, trajectory.settings
        self.numbers = first.structure.numbers
        self.radial = Radial(first.structure, self.settings.r_max, self.settings.width, self.settings.core)
        self.displacements = displacements
        self.unwrapper = Unwrapper()
        self.timed = True
        self.when: list[float] = []
        self.rows: list[Floats] = []
        self.temperatures: list[float | None] = []

    def add(self, frame: Frame) -> None:
        moved = self.unwrapper.add(frame.structure, frame.number)
        if not frame.kept:
            return
        self.radial.add(frame.structure, frame.number, frame.time)
        self.displacements.add(moved)
        self.timed &= frame.time is not None
        self.when.append(float(frame.number) if frame.time is None else frame.time)
        self.rows.append(row(frame.structure.cell))
        self.temperatures.append(frame.temperature)

    def result(self, on_progress: OnProgress) -> Analysis:
        found, reason = self._diffusion(lambda share: on_progress(_READING + (1 - _READING) * share))
        rows = np.array(self.rows)
        return Analysis(
            self.trajectory.where,
            self.numbers,
            self.timed,
            tuple(self.when),
            self.radial.statistics(),
            found,
            reason.message if reason else "",
            whole(rows, self.when, self.temperatures),
            cell_windows(rows, self.when, self.temperatures, self.settings.windows),
            rows,
            tuple(self.temperatures),
            (*self.trajectory.warnings, *([reason] if reason else [])),
        )

    def _diffusion(self, on_progress: OnProgress) -> tuple[tuple[Diffusion, ...], Diagnostic | None]:
        """The diffusivities, or a warning that says why there are none."""
        place = self.trajectory.path.name
        if not self.timed:
            return (), self.trajectory.untimed()
        if self.unwrapper.ambiguous is not None:
            frame, atom = self.unwrapper.ambiguous
            message = f"atom {atom + 1} moved by nearly half a cell or more up to frame {frame}"
            help = "write frames more often: the image that it moved to is unknown, so there is no diffusion"
            return (), Diagnostic("interval-too-long", message, "warning", place=place, help=help)
        spaced = evenly_spaced(self.when)
        if isinstance(spaced, str):
            return (), Diagnostic("bad-time", f"{spaced}: there is no diffusion", "warning", place=place)
        interval, frames = spaced
        given = self.settings
        try:
            return diffusion(
                self.displacements, self.numbers, interval, frames, given.blocks, given.lags, on_progress
            ), None
        except TooShort as error:
            message = f"the run is too short for a diffusivity: {error}"
            often = "write frames more often (`potentia md --write-every`)"
            help = f"run for longer, {often}, or give fewer than {given.blocks} `--blocks`"
            return (), Diagnostic("too-few-frames", message, "warning", place=place, help=help)
