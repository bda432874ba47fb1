"""Frames of a trajectory with their times, one at a time; every fault of the file is a diagnostic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase import units

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, Severity
from ..data.file_kind import AS_IT_LOOKS, FileKind
from ..data.frames import count_frames, frames, split_slice
from ..data.label_names import named
from ..structures.structure import Structure, from_atoms
from .settings import AnalysisSettings

if TYPE_CHECKING:
    from ase import Atoms

_FLAT = 1e-6  # volume of a cell over the product of its lengths
_STILL = 1e-6  # of the sum of all momenta: what rounding leaves of their vector sum
_TEMPERATURES = ("temperature_K", "temperature")
PER_PS = {"ps": 1.0, "fs": 1e-3}


@dataclass(frozen=True, eq=False)
class Frame:
    """number: in the file, from 1. time in ps and temperature in K, None where the file does not say.

    kept: whether it is looked at, or only followed (`stride`).
    """

    number: int
    structure: Structure
    time: float | None
    temperature: float | None
    kept: bool


@dataclass(eq=False)
class Trajectory:
    """A file of frames, read as often as it is iterated over; `warnings` are of the last reading.

    Raises DataError: as `frames`; atoms-changed, not-finite, not-periodic, flat-cell, bad-time, no-time.
    """

    where: str
    settings: AnalysisSettings
    kind: FileKind = AS_IT_LOOKS
    warnings: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._unit_unknown = False
        self.path, part = split_slice(self.where)
        if part != slice(None):
            message = f"`{self.where}` takes a part of a trajectory"
            help = "name the file alone; `--skip` and `--stride` choose from it"
            raise DataError(Diagnostic("bad-value", message, help=help))

    def count(self) -> int:
        """The number of whole frames."""
        return count_frames(self.path, self.kind)

    def __iter__(self) -> Iterator[Frame]:
        self.warnings.clear()
        skipped = round(self.settings.skip_share * self.count()) if self.settings.skip_share else 0
        first: Structure | None = None
        begin: float | None = None
        before, looked_at = -np.inf, 0
        for number, atoms in self._whole():
            structure = from_atoms(atoms, f"{self.path.name}, frame {number}")
            _sound(structure)
            first = first or structure
            _same_atoms(structure, first)
            time = self._time(atoms, structure.place, number)
            if time is not None and time <= before:
                raise _bad_time(structure.place, time, before)
            before = before if time is None else time
            begin = time if begin is None else begin
            if number <= skipped or self._equilibrating(time, begin):
                continue
            temperature = _temperature(atoms, structure)
            yield Frame(number, structure, time, temperature, looked_at % self.settings.stride == 0)
            looked_at += 1

    def untimed(self) -> Diagnostic:
        """A warning that there is no diffusion, as the frames that were read have no times."""
        if self._unit_unknown:
            message = "the unit of `time` in the frames is not known, so there is no diffusion"
            help = "give `--time-unit`: fs or ps"
            return Diagnostic("no-time", message, "warning", place=self.path.name, help=help)
        return _no_time("the frames do not say their time, so there is no diffusion", self.path, "warning")

    def _whole(self) -> Iterator[tuple[int, Atoms]]:
        """Frames with their number. An incomplete last one, as of a killed simulation, is a warning
        and left out.
        """
        number = 0
        try:
            for number, atoms in enumerate(frames(self.path, self.kind), 1):
                yield number, atoms
        except DataError as error:
            if number == 0 or error.diagnostics[0].code != "truncated-file":
                raise
            self.warnings += [replace(d, severity="warning", help=None) for d in error.diagnostics]

    def _equilibrating(self, time: float | None, begin: float | None) -> bool:
        skip = self.settings.skip
        if skip and (time is None or begin is None):
            message = f"{skip:g} ps cannot be skipped: the frames do not say their time"
            raise DataError(_no_time(message, self.path, "error"))
        return bool(skip) and time is not None and begin is not None and time - begin < skip

    def _time(self, atoms: Atoms, place: str, number: int) -> float | None:
        """ps, as the options or the frame say."""
        info, given = atoms.info, self.settings
        if given.interval is not None:
            return (number - 1) * given.interval
        if given.timestep is not None:
            step = named("step", info)
            if step is None:
                message = "the frame has no `step` to count time steps by"
                raise DataError(
                    Diagnostic("no-time", message, place=place, help="give `--interval` in ps instead")
                )
            return _number(info[step], place) * given.timestep * PER_PS["fs"]
        for name, unit in (("time_ps", "ps"), ("time_fs", "fs"), ("time", None)):
            key = named(name, info)
            if key is not None:
                scale = unit or given.time_unit
                self._unit_unknown = scale is None
                return None if scale is None else _number(info[key], place) * PER_PS[scale]
        return None


def _no_time(message: str, path: Path, severity: Severity) -> Diagnostic:
    help = "give `--interval`, the ps between two frames, or `--timestep`, the fs of a `step`"
    return Diagnostic("no-time", message, severity, place=path.name, help=help)


def _number(value: object, place: str) -> float:
    try:
        number = float(np.asarray(value).item())
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise DataError(Diagnostic("bad-time", f"the time of the frame is {value}", place=place))
    return number


def _bad_time(place: str, time: float, before: float) -> DataError:
    message = f"the time goes from {before:g} to {time:g} ps"
    help = "are these two runs in one file? analyse each on its own, or give `--interval`"
    return DataError(Diagnostic("bad-time", message, place=place, help=help))


def _temperature(atoms: Atoms, structure: Structure) -> float | None:
    """As the frame says, else from its velocities and the coordinates that are free."""
    for name in _TEMPERATURES:
        key = named(name, atoms.info)
        if key is not None and isinstance(atoms.info[key], int | float | np.number):
            return float(atoms.info[key])
    if not atoms.has("momenta"):
        return None
    momenta = atoms.get_momenta()
    free = 3 * len(atoms) if structure.frozen is None else int((~structure.frozen).sum())
    still = np.linalg.norm(momenta.sum(axis=0)) <= _STILL * np.linalg.norm(momenta, axis=1).sum()
    # where the centre of mass rests its three degrees of freedom have no kinetic energy
    if still and structure.frozen is None and len(atoms) > 1:
        free -= 3
    return 2 * float(atoms.get_kinetic_energy()) / (free * units.kB) if free else None


def _same_atoms(structure: Structure, first: Structure) -> None:
    if structure.n_atoms != first.n_atoms:
        what = f"has {structure.n_atoms} atoms, and {first.place} has {first.n_atoms}"
    elif (different := np.flatnonzero(structure.numbers != first.numbers)).size:
        k = int(different[0])
        what = f"has {structure.symbols[k]} as atom {k + 1}, and {first.place} has {first.symbols[k]}"
    else:
        return
    help = "in a trajectory all frames have the same atoms in the same order"
    raise DataError(Diagnostic("atoms-changed", f"the frame {what}", place=structure.place, help=help))


def _sound(structure: Structure) -> None:
    place = structure.place
    if structure.n_atoms == 0:
        raise DataError(Diagnostic("no-atoms", "the frame has no atoms", place=place))
    if not np.isfinite(structure.positions).all():
        atom, axis = np.argwhere(~np.isfinite(structure.positions))[0]
        value = structure.positions[atom, axis]
        message = f"the position of atom {atom + 1} along {'xyz'[axis]} is {value}"
        raise DataError(Diagnostic("not-finite", message, place=place, help="the simulation had broken down"))
    if not structure.pbc.all():
        message = "the frame is not periodic in all three directions: it has no density"
        raise DataError(Diagnostic("not-periodic", message, place=place, help="give it a cell and `pbc`"))
    lengths = np.linalg.norm(structure.cell, axis=1)
    if not np.isfinite(lengths).all() or structure.volume <= _FLAT * lengths.prod():
        raise DataError(Diagnostic("flat-cell", "the cell of the frame has no volume", place=place))
