"""The files of a run: its log, its trajectory, its last state; cut back to that state when it goes on.

settings.json    settings, model and structure of the run
thermo.csv       a row every `log_every` steps
trajectory.xyz   a frame every `write_every` steps, positions not wrapped, momenta in ASE's units
state.npz        what `--resume` goes on from
report.json      how the run ended
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.extxyz import write_xyz
from ase.io.trajectory import Trajectory

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..files.atomic import write_atomic
from ..structures.arrays import Floats, Velocities
from ..structures.structure import Structure

SETTINGS, LOG, STATE, REPORT = "settings.json", "thermo.csv", "state.npz", "report.json"


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
        made.set_velocities(self.velocities)
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
        self.trajectory.unlink(missing_ok=True)
        self._open()

    def go_on(self, log_bytes: int, trajectory_bytes: int, frames: int) -> None:
        """The files as they were at the state. Raises ArtifactError damaged-artifact where they are
        shorter.
        """
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
            write_xyz(self._xyz, [frame.atoms()], columns=["symbols", "positions", "momenta"])
            self._xyz.flush()

    def lengths(self) -> tuple[int, int, int]:
        """Bytes of the log, of the trajectory, and its frames, all of which are on the disk now."""
        with _writing(self.folder):
            return _synchronised(self._log), _synchronised(self._xyz), self._count

    def thermo(self) -> dict[str, Floats]:
        with self.log.open(encoding="utf-8", newline="") as file:
            _, *rows = csv.reader(file)
        return _columns(self.columns, [[float(v or "nan") for v in row] for row in rows])

    def close(self) -> None:
        for file in (self._log, self._xyz):
            if file is not None:
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


def _cut(path: Path, length: int) -> None:
    """Remove rows and frames that were written after the state."""
    try:
        with path.open("r+b") as file:
            if file.seek(0, os.SEEK_END) < length:
                raise _damaged(path, f"it is shorter than the {length} bytes that its state says")
            file.truncate(length)
    except FileNotFoundError:
        raise _damaged(path, "it is missing") from None


def _cut_traj(path: Path, frames: int) -> None:
    part = path.with_name(f".{path.name}.part")
    if not path.is_file():
        raise _damaged(path, "it is missing")
    with Trajectory(str(path)) as old, Trajectory(str(part), "w") as new:
        if len(old) < frames:
            raise _damaged(path, f"it holds {len(old)} of the {frames} frames that its state says")
        for k in range(frames):
            new.write(old[k])
    os.replace(part, path)


def _damaged(path: Path, why: str) -> ArtifactError:
    help = "begin again with `--overwrite`"
    return ArtifactError(
        Diagnostic("damaged-artifact", f"{path} is damaged: {why}", place=str(path), help=help)
    )
