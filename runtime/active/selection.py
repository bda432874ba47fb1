"""The selection of frames to label: unknown to the potential, and far from each other.

Among frames of a high grade (`grades`) the highest is taken, then the farthest from all that is known and
taken.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from ..data.readers import read
from ..data.writers import write_structures
from ..files.atomic import atomic_directory, write_atomic
from ..files.npz import AnyArray, npz_bytes, read_npz
from ..files.reading import damaged, read_record
from ..potential.potential import Potential
from ..runs.run_folder import covariance_root
from ..structures.structure import Structure
from .config import SelectConfig
from .descriptors import Descriptors
from .environments import Space, farthest, spread
from .exploration import Outcome, physical, read_frames
from .grades import grades, scores
from .study import Study

SELECTED, ABOUT, POINTS = "selected.xyz", "selection.json", "points.npz"
_MOST_ATOMS = 300_000  # of all frames together: their descriptors take 1 kB an atom and more
_SHORTEST, _LONGEST = 3.0, 6.0  # Å, of descriptors; as far as the potential sees in between


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
        study.on_progress(f"round-{number:02d}: selecting", 0.0)
        _choose(study, folder, potential, known, outcomes)
    return _stored(folder)


def _stored(folder: Path) -> Selection:
    help = f"remove the folder {folder}, and the selection is made again"
    about = read_record(folder / ABOUT, _About, help)
    if len(about.grades) != len(about.distances):
        raise damaged(folder / ABOUT, "it does not have a distance for each grade", help)
    chosen = folder / SELECTED
    if about.grades and not chosen.is_file():
        raise damaged(chosen, "it is missing", help)
    structures = read(chosen, labels=False).structures if about.grades else ()
    if len(structures) != len(about.grades):
        why = f"it holds {len(structures)} of the {len(about.grades)} structures that were selected"
        raise damaged(chosen, why, help)
    return Selection(
        about.method, about.frames, about.uncertain, structures, tuple(about.grades), tuple(about.distances)
    )


@dataclass(frozen=True)
class _About:
    """The selection without its structures, as `selection.json` has it."""

    method: str
    frames: int
    uncertain: int
    grades: list[float | None]
    distances: list[float | None]


def read_points(folder: Path) -> dict[str, AnyArray]:
    """The structures of a round in the space of descriptors: training and frames (n, D), chosen (k,) of them.

    Raises ArtifactError missing-artifact, damaged-artifact.
    """
    path = folder / POINTS
    found = read_npz(path)
    if not {"training", "frames", "chosen"} <= found.keys():
        raise damaged(path, "it lacks `training`, `frames` or `chosen`")
    training, frames, chosen = found["training"], found["frames"], found["chosen"]
    fits = training.ndim == frames.ndim == 2 and training.shape[1] == frames.shape[1] and chosen.ndim == 1
    if not fits or chosen.dtype.kind not in "iu" or not ((chosen >= 0) & (chosen < len(frames))).all():
        raise damaged(path, "its arrays do not fit together")
    if not all(part.dtype.kind == "f" and np.isfinite(part).all() for part in (training, frames)):
        raise damaged(path, "a number of it is not finite")
    return found


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
    what, root = f"{folder.parent.name}: selecting", covariance_root(folder.parent / "model")
    on_progress = partial(study.on_progress, what)
    found = scores(config.by, potential, root, space, known, frames, environments, on_progress)
    graded = grades(found, known, frames)
    uncertain = np.flatnonzero(graded > config.grade)
    chosen: list[tuple[int, float]] = []
    if len(uncertain):
        least = config.distance * spread(space.training)
        first = int(graded[uncertain].argmax())
        chosen = farthest([environments[k] for k in uncertain], space.training, first, config.most, least)
    taken = [int(uncertain[k]) for k, _ in chosen]
    about: dict[str, object] = {
        "method": found.method,
        "frames": len(frames),
        "uncertain": len(uncertain),
        "grades": [_finite(graded[k]) for k in taken],
        "distances": [_finite(far) for _, far in chosen],
        "places": [frames[k].place for k in taken],
    }
    training = np.array([space.point(e) for e in space.training])
    points = {
        "training": training,
        "frames": np.array([space.point(e) for e in environments]).reshape(-1, training.shape[1]),
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


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
