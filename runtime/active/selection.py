"""Which frames are labelled: those that the potential does not know, far from each other.

The grade of a frame is the largest of its atoms': the deviation of the force on it that the data of the fit
leave open (Fisher), over the largest of any training atom of its species. A grade above 1 is beyond all that
was trained on. A potential without a covariance has its place taken by the extrapolation of a linear model of
descriptors, as D-optimality asks for (Podryabinkin and Shapeev, doi:10.1016/j.commatsci.2017.08.031).
Among frames of a high grade, the highest is taken, then the farthest from all that is known and taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from ..artifact import covariance_root
from ..checkpoint import atomic_directory, npz_bytes, write_atomic
from ..potential import Potential
from ..readers import read
from ..structures import Floats, Structure
from ..uncertainty import Uncertainty
from ..writers import write_structures
from .config import SelectConfig
from .descriptors import Descriptors
from .environments import Leverage, Space, farthest, spread
from .exploration import Outcome, physical, read_frames
from .study import Study

SELECTED, ABOUT, POINTS = "selected.xyz", "selection.json", "points.npz"
_MOST_FISHER = 500  # parameters: beyond, deviations cost more than the dynamics
_MOST_ATOMS = 300_000  # of all frames together: their descriptors take 1 kB an atom and more
_SHORTEST, _LONGEST = 3.0, 6.0  # Å, of descriptors; as far as the potential sees in between

Score = Callable[[Sequence[Structure]], list[Floats]]


@dataclass(frozen=True, eq=False)
class Selection:
    """method: what grades are. frames: looked at; uncertain: those above the grade. chosen: with `grades` and
    `distances` (None where infinite).
    """

    method: str
    frames: int
    uncertain: int
    structures: tuple[Structure, ...]
    grades: tuple[float | None, ...]
    distances: tuple[float | None, ...]

    @property
    def covered(self) -> float | None:
        """The share of frames that the potential knows."""
        return 1 - self.uncertain / self.frames if self.frames else None


def select(
    study: Study, number: int, potential: Potential, known: Sequence[Structure], outcomes: Sequence[Outcome]
) -> Selection:
    """The frames of a round that are to be labelled; chosen once."""
    folder = study.round(number) / "selection"
    if not (folder / ABOUT).is_file():
        study.report(f"round-{number:02d}: selecting", 0.0)
        _choose(study, folder, potential, known, outcomes)
    return _stored(folder)


def _stored(folder: Path) -> Selection:
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    chosen = folder / SELECTED
    structures = read(chosen, labels=False).structures if chosen.is_file() else ()
    return Selection(
        about["method"],
        about["frames"],
        about["uncertain"],
        structures,
        tuple(about["grades"]),
        tuple(about["distances"]),
    )


def _choose(
    study: Study,
    folder: Path,
    potential: Potential,
    known: Sequence[Structure],
    outcomes: Sequence[Outcome],
) -> None:
    config = study.config.select
    frames = _candidates(study, outcomes, config)
    species = potential.species
    numbers = tuple(sorted(int(atomic_numbers[s]) for s in species))
    space = Space(Descriptors(numbers, _cutoff(potential)), known)
    environments = [space.of(s) for s in frames]
    method, score = _score(study, folder.parent, potential, space)
    grades = _grades(score, frames, known)
    uncertain = np.flatnonzero(grades > config.grade)
    chosen: list[tuple[int, float]] = []
    if len(uncertain):
        least = config.distance * spread(space.training)
        first = int(grades[uncertain].argmax())
        chosen = farthest([environments[k] for k in uncertain], space.training, first, config.most, least)
    taken = [int(uncertain[k]) for k, _ in chosen]
    about: dict[str, Any] = {
        "method": method,
        "frames": len(frames),
        "uncertain": len(uncertain),
        "grades": [_finite(grades[k]) for k in taken],
        "distances": [_finite(far) for _, far in chosen],
        "places": [frames[k].place for k in taken],
    }
    points = {
        "training": np.array([space.point(e) for e in space.training]),
        "frames": np.array([space.point(e) for e in environments]).reshape(len(frames), -1),
        "chosen": np.array(taken, dtype=np.int64),
    }
    with atomic_directory(folder, replace=True) as part:
        if taken:
            write_structures(part / SELECTED, [frames[k] for k in taken])
        write_atomic(part / POINTS, npz_bytes(points))
        write_atomic(part / ABOUT, json.dumps(about, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def _candidates(study: Study, outcomes: Sequence[Outcome], config: SelectConfig) -> list[Structure]:
    """Physical frames, at most `pool` of them and as memory allows, evenly over all trajectories."""
    found = [
        s
        for outcome in outcomes
        for s in read_frames(study.folder / outcome.folder / study.config.md.trajectory)
        if physical(s, config.core)
    ]
    most = min(config.pool, max(_MOST_ATOMS // max((s.n_atoms for s in found), default=1), 1))
    if len(found) <= most:
        return found
    return [found[k] for k in np.linspace(0, len(found) - 1, most).round().astype(int)]


def _cutoff(potential: Potential) -> float:
    longest = max((spec.cutoff for spec in potential.list_specs()), default=_LONGEST)
    return float(np.clip(longest, _SHORTEST, _LONGEST))


def _score(study: Study, folder: Path, potential: Potential, space: Space) -> tuple[str, Score]:
    """What is called uncertain of the atoms of structures, and its name."""
    config, root = study.config.select, covariance_root(folder / "model")
    few = potential.n_parameters <= _MOST_FISHER
    if root is not None and config.by != "d-optimality" and (few or config.by == "fisher"):
        uncertainty = Uncertainty(potential, root)

        def deviations(structures: Sequence[Structure]) -> list[Floats]:
            told = partial(_told, study, f"{folder.name}: selecting", len(structures))
            return [np.linalg.norm(d.forces, axis=1) for d in uncertainty.predict(structures, told)]

        return "fisher", deviations
    leverage = Leverage(space.training)

    def of(structures: Sequence[Structure]) -> list[Floats]:
        found = []
        for s in structures:
            values = np.zeros(s.n_atoms)
            for z, part in zip(space.descriptors.numbers, leverage.of(space.of(s)), strict=True):
                values[s.numbers == z] = part
            found.append(values)
        return found

    return "d-optimality", of


def _told(study: Study, what: str, total: int, done: int) -> None:
    study.report(what, done / total)


def _grades(score: Score, frames: Sequence[Structure], known: Sequence[Structure]) -> Floats:
    """(frames,), of each the largest score of an atom over that of training atoms of its species."""
    if not frames:
        return np.zeros(0)
    largest: dict[int, float] = {}
    for s, values in zip(known, score(known), strict=True):
        for z in np.unique(s.numbers):
            own = values[s.numbers == z]
            finite = own[np.isfinite(own)]
            largest[int(z)] = max(largest.get(int(z), 0.0), float(finite.max(initial=0.0)))
    scales = [np.array([largest.get(int(z)) or 1.0 for z in s.numbers]) for s in frames]
    return np.array([float((v / x).max()) for v, x in zip(score(frames), scales, strict=True)])


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
