"""Trials done: by this process, and by others beside it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cached_property
from multiprocessing import resource_tracker
from pathlib import Path
from time import monotonic, sleep

from ...compiler.backends.cpp.programs import ended_by
from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, UserError
from ..data.dataset import TrainingData
from ..optimize.deadline import TimeIsUp
from ..ranks.team import Held, Team
from .config import DesignConfig
from .store import Trial
from .study import Study

_PAUSE = 0.1  # s between two looks for trials

OnProgress = Callable[[Trial, float], None]


class Clock:
    """The rest of the budget, or of the first `part` of its time, or of so many seconds."""

    def __init__(self, study: Study, part: float = 1.0, seconds: float | None = None) -> None:
        self.started = monotonic()
        self.budget = study.config.budget
        self.store = study.store
        limit = self.budget.time_limit
        self.end = seconds if limit is None or seconds is not None else part * limit

    @property
    def seconds(self) -> float:
        return monotonic() - self.started

    @property
    def share(self) -> float:
        """Of the time limit; 0 without one."""
        return self.seconds / self.budget.time_limit if self.budget.time_limit else 0.0

    def spent(self) -> bool:
        most = self.budget.fits
        return self._is_over or (most is not None and self.store.count() >= most)

    @property
    def left(self) -> float | None:
        """Seconds; None without a limit."""
        return None if self.end is None else max(0.0, self.end - self.seconds)

    @property
    def _is_over(self) -> bool:
        return self.left == 0.0

    def require(self) -> None:
        """Raise TimeIsUp once its time is over."""
        if self._is_over:
            raise TimeIsUp.now()


class Workers:
    """This process and the others that do the trials of a study: those of a team, or else processes of its
    own. These start once, with the first trials; between stages they wait, with all that they have compiled
    and read, and they end with the context.
    """

    def __init__(self, study: Study, team: Team | None = None) -> None:
        self.study, self.team = study, team or Team()
        self._others: list[multiprocessing.process.BaseProcess] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def perform(self, trials: Sequence[Trial], clock: Clock, on_progress: OnProgress | None = None) -> bool:
        """Do the trials; True when all are done or failed, False where the budget ended first."""
        store = self.study.store
        store.release()
        if not store.unfinished(trials):
            return True
        if clock.spent():
            return False
        store.add(trials)
        if self.team.size == 1:
            self._others = self._others or _others(self.study)
            _work(self.study, clock, on_progress)
        else:
            self._own.clock, self._own.on_progress = clock, on_progress
            self._members.reduced(Member.work, _nothing, clock.left)
        while store.unfinished(trials) and not clock.spent():
            sleep(_PAUSE)
            multiprocessing.active_children()  # one that fell is no more
            store.release()
            _work(self.study, clock, on_progress)
        if clock.spent():
            self._end()
        return not store.unfinished(trials)

    @cached_property
    def _own(self) -> Member:
        return Member(self.study)

    @cached_property
    def _members(self) -> Held[Member]:
        """Of the team; the study is on the disk by then."""
        parts = (self.study.config, self.study.data, self.study.folder, self.study.place)
        return self.team.hold(self._own, member, [parts] * (self.team.size - 1))

    def _end(self) -> None:
        """The other processes are no more, whatever they were at: it is open again."""
        for process in self._others:
            process.terminate()
        for process in self._others:
            process.join()
        self._others = []


class Member:
    """A process of a team, with its own view of the study; the first has a clock of its own."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.clock: Clock | None = None
        self.on_progress: OnProgress | None = None

    def work(self, left: float | None) -> None:
        """Take trials until there are none, for so many seconds."""
        _work(self.study, self.clock or Clock(self.study, seconds=left), self.on_progress)


def member(config: DesignConfig, data: TrainingData, folder: Path, place: str) -> Member:
    """A process that is not the first. Raises ArtifactError where its machine does not see the study."""
    study = Study(config, data, folder, place)
    if not study.store_file.is_file():
        message = f"the study {folder} is not there on every machine"
        help = "choose a folder with `-o` on a disk that all of them see"
        raise ArtifactError(Diagnostic("unwritable", message, place=str(folder), help=help))
    return Member(study)


def _nothing(one: None, other: None) -> None:
    """Results are in the study."""


def _others(study: Study) -> list[multiprocessing.process.BaseProcess]:
    """The other workers, where there is more than one to do: processes of their own, started afresh."""
    context = multiprocessing.get_context("spawn")
    parts = (study.config, study.data, study.folder, study.place)
    count = study.config.budget.workers - 1
    processes = [context.Process(target=_work_alone, args=parts, daemon=True) for _ in range(count)]
    with _deaf_to_ctrl_c():
        for process in processes:
            process.start()
    return list(processes)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes begun in the block do not hear what a terminal sends to all: the main one ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start would end the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work_alone(config: DesignConfig, data: TrainingData, folder: Path, place: str) -> None:
    """Take trials as they come, as long as the first process is there."""
    study, first = Study(config, data, folder, place), multiprocessing.parent_process()
    try:
        while first is None or first.is_alive():
            _work(study, None, None)
            sleep(_PAUSE)
    except ArtifactError:
        return  # the main process meets the same fault when it takes the trial, and tells of it


def _on_share(trial: Trial, clock: Clock | None, on_progress: OnProgress | None) -> Callable[[float], None]:
    """A function of the share done of a trial, which raises TimeIsUp once the time is over."""

    def on_share(share: float) -> None:
        if clock is not None:
            clock.require()
        if on_progress is not None:
            on_progress(trial, share)

    on_share(0.0)
    return on_share


def _work(study: Study, clock: Clock | None, on_progress: OnProgress | None) -> None:
    """Take trials until there are none or the budget is spent; one that the clock cuts off is open again."""
    while clock is None or not clock.spent():
        trial = study.store.take()
        if trial is None:
            return
        started = monotonic()
        try:
            in_time = nullcontext() if clock is None else ended_by(clock.require)
            with study.store.working(trial), in_time:
                result = study.perform(trial, _on_share(trial, clock, on_progress))
        except TimeIsUp:
            study.store.reopen(trial)
            return
        except ArtifactError:  # the disk, not the trial: it is open again when this process has ended
            raise
        except UserError as error:
            study.store.fail(trial, error.message, monotonic() - started)
            continue
        study.store.finish(trial, result, monotonic() - started)
