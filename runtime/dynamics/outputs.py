"""The files of a run: its log, its trajectory, its last state; cut back to that state when it goes on.

settings.json    settings, model and structure of the run
thermo.csv       a row every `log_every` steps
trajectory.xyz   a frame every `write_every` steps, positions not wrapped, momenta in ASE's units, every bit
state.npz        what `--resume` goes on from; state-before.npz where that is damaged
report.json      how the run ended
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.trajectory import Trajectory

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..data.frame_text import frame_text
from ..files.atomic import write_atomic
from ..files.orphans import PART, beside
from ..files.reading import damaged, read_plain
from ..structures.arrays import Floats, Velocities
from ..structures.constraints import constraints_of
from ..structures.structure import Structure

SETTINGS, LOG, REPORT = "settings.json", "thermo.csv", "report.json"
STATE, STATE_BEFORE = "state.npz", "state-before.npz"
_AGAIN = "begin again with `--overwrite`"


@dataclass(frozen=True, eq=False)
class Frame:
    """A moment of the run."""

    step: int
    picoseconds: float
    structure: Structure
    velocities: Velocities
    energy: float  # potential energy, eV

    def atoms(self) -> Atoms:
        """As ASE writes it, with the potential energy."""
        s = self.structure
        made = Atoms(numbers=s.numbers, positions=s.positions, cell=s.cell, pbc=s.pbc)
        if s.given_masses is not None:
            made.set_masses(s.given_masses)
        made.set_velocities(self.velocities)
        if s.frozen is not None:
            made.set_constraint(constraints_of(s.frozen))
        made.info.update(step=self.step, time_ps=self.picoseconds)
        made.calc = SinglePointCalculator(made, energy=self.energy)
        return made


@dataclass
class Memory:
    """The outputs of a run without a folder."""

    columns: tuple[str, ...]
    rows: list[Sequence[float]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    trajectory: Path | None = None

    def row(self, values: Sequence[float]) -> None:
        self.rows.append(values)

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)

    def lengths(self) -> tuple[int, int, int]:
        return 0, 0, len(self.frames)

    def thermo(self) -> dict[str, Floats]:
        return _columns(self.columns, self.rows)

    def close(self) -> None:
        """Nothing is open."""


class Folder:
    """Files that are appended to. Raises ArtifactError `unwritable`."""

    def __init__(self, folder: Path, trajectory: str, columns: tuple[str, ...]) -> None:
        self.folder, self.columns = folder, columns
        self.log, self.trajectory = folder / LOG, folder / trajectory
        self.frames: list[Frame] = []
        self._count = 0
        self._log: IO[str] | None = None
        self._xyz: IO[str] | None = None

    def begin(self) -> None:
        """New files, with the head of the log."""
        head = io.StringIO()
        csv.writer(head, lineterminator="\n").writerow(self.columns)
        write_atomic(self.log, head.getvalue())
        with _writing(self.trajectory):
            self.trajectory.unlink(missing_ok=True)
        self._open()

    def require(self, log_bytes: int, trajectory_bytes: int, frames: int) -> None:
        """Raise ArtifactError damaged-artifact where the files are not those of a state with these."""
        _require_length(self.log, log_bytes)
        try:
            _table(self.columns, read_plain(self.log)[:log_bytes].decode("utf-8"))
        except (OSError, ValueError, csv.Error) as error:
            raise damaged(self.log, f"it is no log of this run: {error}", _AGAIN) from error
        if not self._is_traj:
            _require_length(self.trajectory, trajectory_bytes)
        elif (found := _frames(self.trajectory)) < frames:
            why = f"it holds {found} of the {frames} frames that its state says"
            raise damaged(self.trajectory, why, _AGAIN)

    def steps(self) -> int:
        """The last step that the log has a row for, −1 where it has none; 0 for a log that is none."""
        try:
            rows = list(csv.reader(read_plain(self.log).decode("utf-8", "replace").splitlines()))
            return max((int(row[0]) for row in rows[1:] if len(row) == len(self.columns)), default=-1)
        except FileNotFoundError:
            return -1
        except (OSError, ValueError, csv.Error):
            return 0

    def has_frames(self) -> bool:
        """Whether a trajectory of more than a frame lies there."""
        if not self.trajectory.is_file():
            return False
        if self._is_traj:
            return _frames(self.trajectory) > 1
        with self.trajectory.open("rb") as file:
            return sum(b"Properties=" in line for line in file) > 1

    def go_on(self, log_bytes: int, trajectory_bytes: int, frames: int) -> None:
        """The files as they were at the state, which `require` found them to be of."""
        _cut(self.log, log_bytes)
        self._count = frames
        if self._is_traj:
            _cut_traj(self.trajectory, frames)
        else:
            _cut(self.trajectory, trajectory_bytes)
        self._open()

    @property
    def _is_traj(self) -> bool:
        return self.trajectory.suffix == ".traj"

    def _open(self) -> None:
        with _writing(self.folder):
            self._log = self.log.open("a", encoding="utf-8")
            if not self._is_traj:
                self._xyz = self.trajectory.open("a", encoding="utf-8")

    def row(self, values: Sequence[float]) -> None:
        """A row of the log, on the disk for anybody who looks."""
        assert self._log is not None
        with _writing(self.log):
            csv.writer(self._log, lineterminator="\n").writerow(_written(v) for v in values)
            self._log.flush()

    def frame(self, frame: Frame) -> None:
        self._count += 1
        with _writing(self.trajectory):
            if self._xyz is None:
                with Trajectory(str(self.trajectory), "a") as file:
                    file.write(frame.atoms())
                return
            self._xyz.write(frame_text(frame.atoms()))
            self._xyz.flush()

    def lengths(self) -> tuple[int, int, int]:
        """Bytes of the log, of the trajectory, and its frames, all of which are on the disk now."""
        with _writing(self.folder):
            return _synchronised(self._log), _synchronised(self._xyz), self._count

    def thermo(self) -> dict[str, Floats]:
        return _columns(self.columns, _table(self.columns, self.log.read_text(encoding="utf-8")))

    def close(self) -> None:
        """What could be written has been: a full disk has its message already."""
        for file in (self._log, self._xyz):
            if file is not None:
                with suppress(OSError):
                    file.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """An error of the disk becomes a diagnostic."""
    try:
        yield
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise ArtifactError(Diagnostic("unwritable", message, place=str(path))) from error


def report(folder: Path, content: Mapping[str, object]) -> None:
    """Write the end of a run as JSON. Raises ArtifactError `unwritable`."""
    write_atomic(folder / REPORT, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def _written(value: float) -> str:
    """As many digits as it takes to read a number back unchanged; nothing for None."""
    if isinstance(value, int):
        return str(value)
    return repr(float(value)) if np.isfinite(value) else ""


def _columns(names: Sequence[str], rows: Sequence[Sequence[float]]) -> dict[str, Floats]:
    table = np.array(rows, dtype=np.float64).reshape(-1, len(names))
    return dict(zip(names, table.T, strict=True))


def _synchronised(file: IO[str] | None) -> int:
    if file is None:
        return 0
    file.flush()
    os.fsync(file.fileno())
    return os.fstat(file.fileno()).st_size


def _table(columns: Sequence[str], text: str) -> list[list[float]]:
    """The rows of a log. Raises ValueError, csv.Error where it is none."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows or tuple(rows[0]) != tuple(columns):
        raise ValueError("its head is another")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(columns):
            raise ValueError(f"line {number} has {len(row)} values, and there are {len(columns)} columns")
    return [[float(v or "nan") for v in row] for row in rows[1:]]


def _require_length(path: Path, length: int) -> None:
    """Raise ArtifactError damaged-artifact where a file is shorter."""
    if not path.is_file():
        raise damaged(path, "it is missing" if not path.exists() else "it is not a plain file", _AGAIN)
    if path.stat().st_size < length:
        raise damaged(path, f"it is shorter than the {length} bytes that its state says", _AGAIN)


def _cut(path: Path, length: int) -> None:
    """Remove rows and frames that were written after the state."""
    with _writing(path):
        os.truncate(path, length)


def _frames(path: Path) -> int:
    """The number of frames of a trajectory of ASE. Raises ArtifactError damaged-artifact."""
    if not path.is_file():
        raise damaged(path, "it is missing", _AGAIN)
    try:
        with Trajectory(str(path)) as file:
            return len(file)
    except Exception as error:  # ASE fails in many ways on bytes that are none of its own
        raise damaged(path, f"ASE cannot read it: {error}", _AGAIN) from error


def _cut_traj(path: Path, frames: int) -> None:
    part = beside(path, PART)
    with _writing(path):
        with Trajectory(str(path)) as old, Trajectory(str(part), "w") as new:
            for k in range(frames):
                new.write(old[k])
        os.replace(part, path)
