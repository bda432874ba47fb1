"""The state of a study of active learning, and its folder.

study.json            the inputs of the study
agreement.json        whether the calculator labels the first data as they are
round-01/model        the run fitted to all that was labelled before
round-01/md/00 …      dynamics; outcome.json where one has ended
round-01/selection    selected.xyz, selection.json, points.npz
round-01/labels       0000.xyz, or 0000.json with the reason why there are none
model                 the last run
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...compiler.program import Program
from ..data.config import DataConfig
from ..data.dataset import TrainingData, potential_for, read_training_data
from ..data.frames import split_slice
from ..data.readers import read
from ..dynamics.checks import check
from ..files.atomic import write_atomic
from ..files.lock import files_of, only_writer_within
from ..files.reading import read_record
from ..files.states import fingerprint
from ..fitting.checkpoint import digest_of
from ..potential.potential import Potential
from ..runs.run_folder import load
from ..runs.warm_start import warm_start
from ..structures.structure import Structure
from .config import ActiveConfig
from .labelling import Labeller, disagreement

IDENTITY = "study.json"
OnProgress = Callable[[str, float], None]  # what is done now, and the share of it that is


@dataclass(frozen=True, eq=False)
class Study:
    """potential: of the spec, with the numbers to begin with. starts: where dynamics begin."""

    config: ActiveConfig
    folder: Path
    beside: Path
    data: TrainingData
    potential: Potential
    starts: tuple[Structure, ...]
    labeller: Labeller
    on_progress: OnProgress = field(default=lambda what, share: None)

    def round(self, number: int) -> Path:
        """The folder of a round, from 1."""
        return self.folder / f"round-{number:02d}"

    def belongs(self) -> None:
        """Raise ArtifactError other-study or unwritable where the folder is of something else."""
        path = self.folder / IDENTITY
        if self.folder.exists() and not self.folder.is_dir():
            message = f"cannot write {self.folder}: it is a file"
            help = "choose another folder with `-o`"
            raise ArtifactError(Diagnostic("unwritable", message, place=str(self.folder), help=help))
        now = fingerprint(
            spec=self.potential.text,
            start=self.potential.theta.tobytes(),
            config=self.config.depends_on(),
            data=digest_of(self.data.train),
            test=digest_of(self.data.test),
            structures=digest_of(self.starts),
        )
        if not path.is_file():
            if self.folder.is_dir() and files_of(self.folder):
                message = f"cannot write {self.folder}: it holds files that are no study"
                raise _other(message, self.folder, "choose another folder with `-o`")
            write_atomic(path, json.dumps(now, ensure_ascii=False, indent=1) + "\n")
            return
        before = read_record(path, dict[str, str], "put it back from a copy, or begin in a new folder")
        for key, value in now.items():
            if before.get(key) != value:
                message = f"the study in {self.folder} was made with another `{key}`"
                help = "give a new folder with `-o`, or the same configuration and data"
                raise _other(message, self.folder, help)


def agreement(study: Study) -> list[Diagnostic]:
    """Warnings where the calculator gives a structure of the first data other labels; looked at once."""
    path = study.folder / "agreement.json"
    if path.is_file():
        return []
    study.on_progress("comparing labels", 0.0)
    smallest = min(study.data.train, key=lambda s: s.n_atoms)
    found = disagreement(study.labeller, smallest)
    write_atomic(path, json.dumps({"remark": found and found.message}, ensure_ascii=False) + "\n")
    return [found] if found else []


def _other(message: str, folder: Path, help: str) -> ArtifactError:
    return ArtifactError(Diagnostic("other-study", message, place=str(folder), help=help))


def study_of(
    config: ActiveConfig,
    place: Path,
    folder: Path,
    on_progress: OnProgress | None = None,
    *,
    allow_code: bool = False,
) -> Study:
    """A study from its configuration, read from the file `place`.

    allow_code: the calculator may be code that the configuration names, beside it or of any package.
    Raises UserError: as the readers, the compiler, `dynamics.checks` and `Labeller` do, other-study, in-use.
    """
    beside = place.parent
    training = read_training_data(
        [_beside(where, beside) for where in config.data],
        _data(config.fit.data, beside),
        config.fit.weights.config_type,
        config.seed,
    )
    potential = _potential(config, beside, training)
    structures = [s for w in config.explore.structures for s in _bare(_beside(w, beside), config.fit.data)]
    starts = tuple(structures) or training.train
    for start in starts:
        check(
            start, potential.species, config.md, None
        )  # what dynamics would refuse, before anything is fitted
    labeller = Labeller(config.label, beside, allow_code, f"{place}, [label]")
    made = Study(
        config, folder, beside, training, potential, starts, labeller, on_progress or (lambda *_: None)
    )
    with only_writer_within(folder):
        made.belongs()
    return made


def _beside(where: str, folder: Path) -> str:
    return where if split_slice(where)[0].is_absolute() else str(folder / where)


def _bare(where: str, config: DataConfig) -> Sequence[Structure]:
    return read(where, labels=False, kind=config.kind()).structures


def _data(config: DataConfig, folder: Path) -> DataConfig:
    """A test set that is a file lies beside the configuration."""
    test = config.test
    if test is not None and split_slice(_beside(test, folder))[0].exists():
        return config.model_copy(update={"test": _beside(test, folder)})
    return config


def _potential(config: ActiveConfig, beside: Path, training: TrainingData) -> Potential:
    program = Program.read(beside / config.spec)
    made = potential_for(program, training.species, config.fit.reference_energies)
    return made if config.begin is None else warm_start(made, load(beside / config.begin))[0]
