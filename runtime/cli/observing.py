"""The observer of the command line: messages to stderr, progress where a person looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ..api.observer import Observer
from . import console, progress, together
from .interruption import keeping, keeping_checkpoint
from .labels import say_labels, say_training

if TYPE_CHECKING:
    from ...compiler.diagnostics.diagnostic import Diagnostic
    from ..data.dataset import TrainingData
    from ..data.labels import LabelKeys
    from ..design.loop import Progress as Designing
    from ..design.study import Study
    from ..fitting.result import Progress as Fitting
    from ..potential.potential import Potential
    from ..runs.with_data import FittedRun
    from ..structures.structure import Structure

_NAMED = 5  # files that are told by their names


class ConsoleObserver(Observer):
    """json: stderr has diagnostics as JSON. quiet: nothing is said."""

    def __init__(self, json: bool, quiet: bool) -> None:
        self.json = json
        self.quiet = self.is_silent = quiet

    def warned(self, found: Sequence[Diagnostic]) -> None:
        if not self.quiet:
            console.report(found, self.json)

    def remarked(self, text: str) -> None:
        console.say(text, self.quiet)

    def labels_read(
        self, structures: Sequence[Structure], keys: LabelKeys, remarks: Sequence[Diagnostic]
    ) -> None:
        say_labels(structures, keys, remarks, self.json, self.quiet)

    def fit_prepared(self, files: Sequence[str], data: TrainingData, potential: Potential) -> None:
        from ..potential.summary import sentence

        if self.quiet:
            return
        train, test = data.train, data.test
        atoms = sum(s.n_atoms for s in (*train, *test))
        total = console.counted(len(train) + len(test), "structure")
        more = [f"{len(files) - _NAMED} more files"] if len(files) > _NAMED + 1 else []
        named = ", ".join([*files[: _NAMED if more else None], *more])
        console.say(f"data    {named}: {total}, {atoms} atoms; {len(train)} to train, {len(test)} to test")
        say_labels((*train, *test), data.keys, (), self.json, quiet=False)
        console.say(f"model   {sentence(potential.model)}")
        together.introduce()
        console.report(data.warnings, self.json)

    def run_read(self, run: FittedRun) -> None:
        say_training(run, self.json, self.quiet)
        if not self.quiet:
            together.introduce(resumes=False)

    def study_read(self, study: Study) -> None:
        """The data, the species and the pieces."""
        if self.quiet:
            return
        train, test = study.data.train, study.data.test
        total = console.counted(len(train) + len(test), "structure")
        console.say(f"data    {total}: {len(train)} to train, {len(test)} to test")
        say_labels((*train, *test), study.data.keys, (), self.json, quiet=False)
        known = study.catalogue.material
        core = study.config.core or "none"
        console.say(f"model   {', '.join(known.species)}; d = {known.length:g} Å; core {core}")
        calls = [entry.term for entry in study.config.catalogue]
        console.say(f"pieces  {console.counted(len(calls), 'term')} in the catalogue")
        for call in set(calls) - set(study.affordable(["", *calls])):
            console.say(
                f"        `{call}` is left out: more than {study.config.most_columns} numbers with the others"
            )
        console.report(study.data.warnings, self.json)

    def refused(self, faults: Sequence[Diagnostic]) -> None:
        if not self.json:
            console.report(faults)

    def kept(self, place: Path, words: str) -> None:
        keeping(place, words)

    def checkpoint_kept(self, folder: Path, words: str, saves: bool = False) -> None:
        keeping_checkpoint(folder, words, saves)

    def working(self, stage: str) -> AbstractContextManager[None]:
        return progress.working(stage, self.quiet)

    def counting(self, stage: str, total: int) -> AbstractContextManager[Callable[[int], None] | None]:
        return progress.counting(stage, total, self.quiet, progress.COMPILING)

    def passing(self, stage: str) -> AbstractContextManager[Callable[[float], None] | None]:
        return progress.passing(stage, self.quiet, progress.COMPILING)

    def fitting(self) -> AbstractContextManager[Callable[[Fitting], None] | None]:
        return progress.fitting(self.quiet)

    def measuring(self) -> AbstractContextManager[Callable[[str, int, int], None] | None]:
        return progress.measuring(self.quiet)

    def designing(self) -> AbstractContextManager[Callable[[Designing], None] | None]:
        return progress.designing(self.quiet)
