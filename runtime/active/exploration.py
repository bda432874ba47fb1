"""Dynamics with the present potential: where it leads, and whether it breaks down there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ..analysis.radial import core_radii
from ..data.frames import frames
from ..dynamics.outputs import SETTINGS
from ..dynamics.result import Progress
from ..dynamics.settings import MDSettings
from ..dynamics.simulation import simulate
from ..files.atomic import write_atomic
from ..files.reading import damaged, read_record
from ..potential.potential import Potential
from ..structures.neighbors import pairs
from ..structures.structure import Structure, from_atoms
from .study import Study

OUTCOME = "outcome.json"
_WIDEST = 3.0  # Å: no core is wider


@dataclass(frozen=True)
class Outcome:
    """A trajectory: where it began, what stopped it (None: nothing), its frames, those unphysical."""

    folder: str
    start: str
    temperature: float
    seed: int
    stopped: str | None
    steps: int
    frames: int
    unphysical: int

    @property
    def failed(self) -> bool:
        """Whether a guard stopped it, or atoms came within their cores."""
        return self.stopped is not None or self.unphysical > 0


def explore(study: Study, number: int, potential: Potential) -> list[Outcome]:
    """The trajectories of a round; a finished one is not run again, one that was cut off goes on."""
    config = study.config.explore
    plan = [t for t in config.temperatures for _ in range(config.runs)]
    found = []
    for k, temperature in enumerate(plan):
        folder = study.round(number) / "md" / f"{k:02d}"
        if not (folder / OUTCOME).is_file():
            # each round and run has a seed of its own, and the next of the structures to begin with
            running = (number - 1) * len(plan) + k
            _simulate(study, potential, folder, temperature, running, (k, len(plan)))
        found.append(_outcome(study, folder))
    return found


def _outcome(study: Study, folder: Path) -> Outcome:
    """The outcome of a trajectory that has ended. Raises ArtifactError damaged-artifact."""
    help = "remove it, and the trajectory is looked at again"
    found = read_record(folder / OUTCOME, Outcome, help)
    if found.folder != str(folder.relative_to(study.folder)):
        raise damaged(folder / OUTCOME, f"it is of the trajectory in `{found.folder}`", help)
    return found


def _simulate(
    study: Study, potential: Potential, folder: Path, temperature: float, running: int, part: tuple[int, int]
) -> None:
    seed = study.config.seed + running
    start = study.starts[running % len(study.starts)]
    settings = MDSettings.model_validate(
        study.config.md.model_dump(exclude_unset=True) | {"temperature": temperature, "seed": seed}
    )
    what = f"{folder.parent.parent.name}: dynamics at {temperature:g} K"

    def on_progress(progress: Progress) -> None:
        study.on_progress(what, (part[0] + progress.step / progress.steps) / part[1])

    study.on_progress(what, part[0] / part[1])
    resume = (folder / SETTINGS).is_file()
    result = simulate(potential, start, settings, folder=folder, resume=resume, on_progress=on_progress)
    seen = list(read_frames(folder / settings.trajectory))
    close = sum(not physical(s, study.config.select.core) for s in seen)
    outcome = Outcome(
        str(folder.relative_to(study.folder)),
        start.place,
        temperature,
        seed,
        None if result.stopped is None else result.stopped.message,
        result.steps,
        len(seen),
        close,
    )
    write_atomic(folder / OUTCOME, json.dumps(asdict(outcome), ensure_ascii=False, indent=1) + "\n")


def read_frames(path: Path) -> Iterator[Structure]:
    """The frames of a trajectory after the first, which is where it began; those with numbers."""
    for number, atoms in islice(enumerate(frames(path), 1), 1, None):
        structure = from_atoms(atoms, f"{path.parent.parent.parent.name}/{path.parent.name}, frame {number}")
        if np.isfinite(structure.positions).all() and np.isfinite(structure.cell).all():
            yield structure


def physical(structure: Structure, core: float) -> bool:
    """Whether no two atoms are within their core (`analysis.radial.core_radii`)."""
    near = pairs(structure, _WIDEST)
    cores = core_radii(structure.numbers[near.i], structure.numbers[near.j], core)
    return not (near.distance < cores).any()
