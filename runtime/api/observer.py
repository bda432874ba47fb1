"""What a function says while it works: warnings, progress, remarks. The command line prints them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.diagnostics.warning import OnWarning, as_python_warning

if TYPE_CHECKING:
    from ..data.dataset import TrainingData
    from ..data.labels import LabelKeys
    from ..design.loop import Progress as Designing
    from ..design.study import Study
    from ..files.settings import ConfigError
    from ..fitting.result import Progress as Fitting
    from ..potential.potential import Potential
    from ..runs.with_data import FittedRun
    from ..structures.structure import Structure

OnShare = Callable[[str, float], None]


class Observer:
    """Warnings become warnings of Python, and progress goes to a function.

    on_warning: is given each diagnostic; by default it becomes a PotentiaWarning.
    on_progress: is given the stage in words and the share of it that is done, 0 to 1.
    A subclass hears more: it overrides the methods below. `is_silent` says that warnings need not be found.
    Raises ConfigError bad-value for what is no function.
    """

    is_silent = False

    def __init__(self, on_warning: OnWarning = as_python_warning, on_progress: OnShare | None = None) -> None:
        if not callable(on_warning):
            raise _wrong_type("on_warning", on_warning, "a function of a diagnostic")
        if on_progress is not None and not callable(on_progress):
            raise _wrong_type("on_progress", on_progress, "a function of a stage and the share done")
        self.on_warning, self.on_progress = on_warning, on_progress

    # --- events ------------------------------------------------------------------------------------

    def warned(self, found: Sequence[Diagnostic]) -> None:
        """Likely mistakes, and remarks on files and machine."""
        for diagnostic in found:
            self.on_warning(diagnostic)

    def remarked(self, text: str) -> None:
        """A sentence for people, such as the target that was chosen."""

    def labels_read(
        self, structures: Sequence[Structure], keys: LabelKeys, remarks: Sequence[Diagnostic]
    ) -> None:
        """Labelled structures, and the remarks of their readers."""
        self.warned(remarks)

    def fit_prepared(self, files: Sequence[str], data: TrainingData, potential: Potential) -> None:
        """The data and the model of a fit, before it starts."""
        self.warned(data.warnings)

    def run_read(self, run: FittedRun) -> None:
        """A run with the data of its fit."""
        self.warned([*([] if run.changed is None else [run.changed]), *run.data.warnings])

    def study_read(self, study: Study) -> None:
        """The data and the catalogue of a design."""
        self.warned(study.data.warnings)

    def refused(self, faults: Sequence[Diagnostic]) -> None:
        """Faults of specs that are compared all the same, by their words."""

    def kept(self, place: Path, words: str) -> None:
        """From here on an interruption loses nothing of this."""

    def checkpoint_kept(self, folder: Path, words: str, saves: bool = False) -> None:
        """The same of the checkpoint of a run that will be in the folder.

        saves: an interruption ends the work with a result.
        """

    # --- progress: contexts with a function to call, None where nobody looks ---------------------------

    def working(self, stage: str) -> AbstractContextManager[None]:
        """Work of which nothing can be counted."""
        return nullcontext()

    def counting(self, stage: str, total: int) -> AbstractContextManager[Callable[[int], None] | None]:
        """A function of the number done."""
        tell = self.on_progress
        return nullcontext(None if tell is None else lambda done: tell(stage, done / max(1, total)))

    def passing(self, stage: str) -> AbstractContextManager[Callable[[float], None] | None]:
        """A function of the share done of a pass over data."""
        tell = self.on_progress
        return nullcontext(None if tell is None else lambda share: tell(stage, share))

    def fitting(self) -> AbstractContextManager[Callable[[Fitting], None] | None]:
        """A function of the state of a fit."""
        tell = self.on_progress
        return nullcontext(None if tell is None else lambda state: tell(state.stage, state.fraction))

    def measuring(self) -> AbstractContextManager[Callable[[str, int, int], None] | None]:
        """A function of a property, the number done and their total."""
        tell = self.on_progress
        return nullcontext(None if tell is None else lambda name, done, n: tell(name, done / max(1, n)))

    def designing(self) -> AbstractContextManager[Callable[[Designing], None] | None]:
        """A function of the state of a design."""
        tell = self.on_progress
        return nullcontext(None if tell is None else lambda state: tell(state.stage, state.share))


class Silent(Observer):
    """Hears nothing."""

    is_silent = True

    def warned(self, found: Sequence[Diagnostic]) -> None:
        pass


SILENT = Silent()


def observer_of(given: Observer | None) -> Observer:
    """The observer that was given, else one that warns as Python does. Raises ConfigError bad-value."""
    if given is None:
        return Observer()
    if not isinstance(given, Observer):
        raise _wrong_type("observer", given, "a potentia.Observer")
    return given


def _wrong_type(name: str, value: object, wanted: str) -> ConfigError:
    from ..files.settings import ConfigError  # with pydantic, which `diff` does without

    message = f"`{name}` is of type {type(value).__name__}, and has to be {wanted}"
    return ConfigError(Diagnostic("bad-value", message))
