"""The rounds: fit, explore, select, label, until nothing fails and nothing is new.

Every stage leaves a file that is whole or absent; a study that was killed goes on after the last of them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..data.config import DataConfig
from ..data.dataset import read_labelled
from ..data.writers import write_structures
from ..evaluation.errors import evaluate
from ..files.atomic import atomic_directory, write_atomic
from ..files.lock import only_writer_within
from ..files.reading import read_record
from ..potential.potential import Potential
from ..runs.lineage import errors
from ..runs.run_folder import read_metadata
from ..structures.structure import Structure
from .exploration import Outcome, explore
from .fitting import fitted
from .labelling import Unlabelled
from .selection import Selection, select
from .study import Study

ROUND = "round.json"


@dataclass(frozen=True, eq=False)
class Round:
    """The result of a round. trained: structures of its fit; train, test: RMSE as `lineage.errors` has them.

    labelled, refused: of the selection; refused by place, with the reason. surprise: errors on the labelled
    ones before they were trained on, None where nothing was.
    """

    number: int
    trained: int
    train: dict[str, float] | None
    test: dict[str, float] | None
    outcomes: tuple[Outcome, ...]
    selection: Selection
    labelled: int
    refused: dict[str, str]
    surprise: dict[str, float] | None

    @property
    def failures(self) -> int:
        return sum(o.failed for o in self.outcomes)

    @property
    def failure_ratio(self) -> float:
        return self.failures / len(self.outcomes)

    @property
    def new(self) -> int:
        """Structures that were selected."""
        return len(self.selection.structures)

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "round": self.number,
            "structures": self.trained,
            "trajectories": len(self.outcomes),
            "failures": self.failures,
            "failure_ratio": self.failure_ratio,
            "unphysical_frames": sum(o.unphysical for o in self.outcomes),
            "stopped": [o.stopped for o in self.outcomes if o.stopped],
            "frames": self.selection.frames,
            "uncertain": self.selection.uncertain,
            "method": self.selection.method,
            "new": self.new,
            "labelled": self.labelled,
            "refused": self.refused,
            "train": self.train,
            "test": self.test,
            "errors_on_new": self.surprise,
        }


@dataclass(frozen=True, eq=False)
class Learned:
    """The rounds, why they ended (`converged`, `nothing new`, `no frames`, `rounds`), and the last run."""

    rounds: tuple[Round, ...]
    reason: str
    structures: int
    model: Path


@dataclass(frozen=True)
class _Known:
    """What a round that was looked at before says again."""

    labelled: int
    errors_on_new: dict[str, float] | None


@dataclass(frozen=True)
class _Refused:
    reason: str


_LABEL_AGAIN = "remove it, and the structure is labelled again"


def learn(study: Study) -> Learned:
    """Rounds until failures and new structures are few enough, or their number is reached.

    Goes on where the folder of the study was left. Raises DataError `nothing-labelled`, ArtifactError in-use,
    and UserError as the fit and the dynamics do.
    """
    with only_writer_within(study.folder):
        return _rounds(study)


def _rounds(study: Study) -> Learned:
    stop = study.config.stop
    potential, rounds = study.potential, list[Round]()
    known, files = list(study.data.train), list[Path]()
    while True:
        number = len(rounds) + 1
        folder = study.round(number)
        potential = fitted(study, folder / "model", potential, known, files)
        if number > stop.rounds:
            reason = "rounds"
            break
        outcomes = explore(study, number, potential)
        selection = select(study, number, potential, known, outcomes)
        ratio = sum(o.failed for o in outcomes) / len(outcomes)
        if ratio <= stop.failure_ratio and len(selection.structures) <= stop.new_structures:
            reason = "converged"
        elif selection.structures:
            reason = ""
        else:
            reason = "nothing new" if selection.frames else "no frames"
        if reason:
            rounds.append(_round(study, number, potential, known, outcomes, selection, [], {}))
            break
        more, refused, written = _labelled(study, folder / "labels", selection)
        rounds.append(_round(study, number, potential, known, outcomes, selection, more, refused))
        known, files = [*known, *more], [*files, *written]
    _publish(study, folder / "model")
    return Learned(tuple(rounds), reason, len(known), study.folder / "model")


def _labelled(
    study: Study, folder: Path, selection: Selection
) -> tuple[list[Structure], dict[str, str], list[Path]]:
    """The selection with labels; those without, and why; the files. Each is labelled once."""
    found, refused, files = list[Structure](), dict[str, str](), list[Path]()
    for k, structure in enumerate(selection.structures):
        study.on_progress(f"{folder.parent.name}: labelling", k / len(selection.structures))
        labels, failure = folder / f"{k:04d}.xyz", folder / f"{k:04d}.json"
        if not labels.is_file() and not failure.is_file():
            try:
                made = study.labeller.label(structure)
                write_structures(labels, [replace(made, info={"config_type": folder.parent.name})])
            except Unlabelled as error:
                write_atomic(failure, json.dumps({"reason": str(error)}, ensure_ascii=False) + "\n")
        if labels.is_file():
            found += read_labelled([str(labels)], _as_fitted(study))[0]
            files.append(labels)
        else:
            refused[structure.place] = read_record(failure, _Refused, _LABEL_AGAIN).reason
    if not found:
        shutil.rmtree(folder, ignore_errors=True)  # asked again when the calculator is mended
        raise _nothing(folder, refused)
    return found, refused, files


def _as_fitted(study: Study) -> DataConfig:
    """Labels as they are written here, without the ones that the fit leaves aside."""
    given = study.config.fit.data
    return DataConfig(use_forces=given.use_forces, use_stress=given.use_stress)


def _nothing(folder: Path, refused: dict[str, str]) -> DataError:
    message = f"none of the {len(refused)} structures could be labelled: {next(iter(refused.values()))}"
    help = "mend the calculator or its [label.arguments], and run again: finished work is kept"
    return DataError(Diagnostic("nothing-labelled", message, place=str(folder.parent), help=help))


def _round(
    study: Study,
    number: int,
    potential: Potential,
    known: Sequence[Structure],
    outcomes: Sequence[Outcome],
    selection: Selection,
    more: Sequence[Structure],
    refused: dict[str, str],
) -> Round:
    metadata = read_metadata(study.round(number) / "model")
    found = Round(
        number,
        len(known),
        errors(metadata.train),
        errors(metadata.test),
        tuple(outcomes),
        selection,
        len(more),
        refused,
        _surprise(study.round(number) / ROUND, potential, more),
    )
    content = json.dumps(found.as_dict(), ensure_ascii=False, indent=1, allow_nan=False)
    write_atomic(study.round(number) / ROUND, content + "\n")
    return found


def _surprise(known: Path, potential: Potential, more: Sequence[Structure]) -> dict[str, float] | None:
    """Errors on structures before they are trained on, as they were recorded or computed now."""
    if known.is_file():
        before = read_record(known, _Known, "remove it, and it is worked out again")
        if before.labelled == len(more):
            return before.errors_on_new
    return errors(evaluate(potential, more).as_dict()) if more else None


def _publish(study: Study, run: Path) -> None:
    """The last run as `model`."""
    with atomic_directory(study.folder / "model", replace=True) as part:
        shutil.copytree(run, part, dirs_exist_ok=True)
