"""The result of a run of dynamics, and its progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Floats, Velocities
from ..structures.structure import Structure


@dataclass(frozen=True)
class Progress:
    """The progress of a run. `smallest`: of each pair of species, Å, since the last row of the log but one.

    `drift`: change of the conserved quantity since the first step, meV/atom.
    """

    step: int
    steps: int
    steps_per_second: float
    ns_per_day: float
    temperature: float
    pressure: float | None
    drift: float
    smallest: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class MDResult:
    """A run that ended. `stopped`: why a guard stopped it, None where all steps were made.

    `structure` and `velocities` are those of the last step; positions are
    not wrapped into the cell. `smallest`: the smallest distance of each pair of species over all steps, Å,
    for pairs that met. `thermo`: the columns of the log, those of an interrupted run before it too.
    `frames`: what was written to `trajectory`, in memory where there is no folder. `atoms`: those that a
    guard found at fault, from 0.
    """

    steps: int
    stopped: Diagnostic | None
    atoms: tuple[int, ...]
    structure: Structure
    velocities: Velocities
    smallest: Mapping[str, float]
    thermo: Mapping[str, Floats]
    frames: tuple[Structure, ...]
    trajectory: Path | None
    seconds: float
    steps_per_second: float

    def as_dict(self) -> dict[str, object]:
        """Plain data, for JSON."""
        fault = self.stopped
        last = {name: float(values[-1]) for name, values in self.thermo.items() if len(values)}
        return {
            "steps": self.steps,
            "finished": fault is None,
            "stopped": None if fault is None else {"code": fault.code, "message": fault.message},
            "atoms": list(self.atoms),
            "smallest_distances": dict(self.smallest),
            "last": {name: value for name, value in last.items() if value == value},
            "trajectory": str(self.trajectory) if self.trajectory else None,
            "seconds": self.seconds,
            "steps_per_second": self.steps_per_second,
        }
