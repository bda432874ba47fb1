"""A smaller model: without the parts that the data do not need."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from math import inf
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...compiler.diagnostics.diagnostic import Diagnostic, did_you_mean
from ..files.lock import only_writer_of
from ..files.plain_data import Data
from ..files.settings import ConfigError
from ..presentation import html
from ..presentation.text import counted
from ..pruning.prune import CRITERIA, Goal, Pruned
from ..pruning.table import step_rows
from ..residuals.config import load_config
from ..runs.with_data import FittedRun, fitted_run_of
from .errors import errors_of
from .fit import Fit, predicted_of, save_fit
from .models import Model, folder_of, warn_of
from .observer import Observer, observer_of
from .outputs import require_new_run
from .plots import draw_steps
from .read_data import Dataset, Files, file_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY = "pruning.json"


@dataclass(frozen=True, eq=False, repr=False)
class Pruning(Fit):
    """The potential that is left, with its errors as of a fit. pruned: the steps that led to it."""

    pruned: Pruned = field(kw_only=True)

    def lines(self) -> list[str]:
        steps, left = self.pruned.history, self.potential.n_parameters
        where = "in memory" if self.folder is None else f"saved in {self.folder}"
        taken = counted(len(steps) - 1, "step")
        head = f"Pruning: {steps[0].parameters} to {left} parameters in {taken}; {where}"
        return [head, *super().lines()[1:]]

    def parts(self) -> list[str]:
        head, *others = super().parts()
        heads, units, *rows = step_rows(self.pruned.history)
        joined = [f"{a}, {b}" if b else a for a, b in zip(heads, units, strict=True)]
        return [head, html.table([joined, *rows], "steps"), *others]

    def to_dict(self) -> Data:
        """Plain data, as `potentia prune --json` prints it."""
        return {**super().to_dict(), **self.pruned.as_dict()}

    def plot(self, axes: Axes | None = None, kind: Literal["steps", "energy", "forces"] = "steps") -> Axes:
        """The loss over the number of parameters, or the parity of energies or forces."""
        if kind != "steps":
            return super().plot(axes, kind)
        steps = self.pruned.history
        return draw_steps(axes, [s.parameters for s in steps], [s.loss for s in steps])


def prune(
    model: Model,
    data: Dataset | Files,
    *,
    output: str | Path | None = None,
    target_parameters: int | None = None,
    max_loss_increase: float | None = None,
    criterion: Literal["bic", "aic", "cv"] | None = None,
    guard: str | Path | None = None,
    measure_cost: bool = True,
    time_limit: float | None = None,
    allow_data_change: bool = False,
    resume: bool = False,
    force: bool = False,
    observer: Observer | None = None,
) -> Pruning:
    """A fitted model without terms and parameters that its data do not need, fitted again.

    model: the folder of a run, or a model that is saved in one. data: the files of its fit.
    output: the folder of the new run; without one it is kept in memory, and has no checkpoint.
    target_parameters: the number to stop at. max_loss_increase: 0.05 lets the loss rise by 5 %.
    criterion: a step has to lower it; BIC where none of the three is given.
    guard: a TOML file of properties; a step that breaks a guard is undone.
    measure_cost: the kernels of the steps are timed, in µs for an atom.
    time_limit: seconds from now, also with `resume`; the steps so far are kept.
    allow_data_change: data that differ from those of the fit are a warning.
    resume: go on with an interrupted pruning to `output`. force: replace a run that is there.
    observer: is given warnings and progress; without one warnings become warnings of Python.
    Raises ArtifactError: run-exists, data-changed, and as `load`; FitError: nothing-to-prune,
    target-too-small, time-is-up, and as `fit`; ConfigError bad-value. The method: docs/pruning.md.
    """
    seen, run = observer_of(observer), folder_of(model)
    folder = None if output is None else Path(output)
    goal = _goal(target_parameters, max_loss_increase, criterion)
    load_config(flags={"time_limit": time_limit})  # for its range
    if folder is not None:
        require_new_run(folder, force, resume)
        seen.checkpoint_kept(folder, "the steps so far are kept")
    with nullcontext() if folder is None else only_writer_of(folder):
        training = fitted_run_of(run, file_names(data), allow_data_change)
        warn_of(training.potential, seen)
        seen.run_read(training)
        pruned = _pruned(training, goal, folder, resume, measure_cost, guard, time_limit, seen)
        found = _saved(folder, run, training, pruned, seen)
    if folder is not None:
        seen.kept(folder, f"the run is saved in {folder}")
    seen.warned(found.warnings)
    if folder is not None:
        seen.remarked(f"saved in {folder}")
    return found


def _goal(target: int | None, increase: float | None, criterion: str | None) -> Goal:
    _require_ranges(target, increase)
    if criterion is not None and criterion not in CRITERIA:
        help = did_you_mean(criterion, CRITERIA) or f"known: {', '.join(CRITERIA)}"
        raise ConfigError(Diagnostic("bad-value", f"there is no criterion `{criterion}`", help=help))
    return Goal(target, increase, criterion)  # type: ignore[arg-type]


def _require_ranges(target: object, increase: object) -> None:
    if target is not None and not (isinstance(target, Integral) and int(target) >= 1):
        message = f"`target_parameters` is {target!r}, but it is a whole number of at least 1"
        raise ConfigError(Diagnostic("bad-value", message))
    if increase is not None and not (isinstance(increase, Real) and 0.0 <= float(increase) < inf):
        message = f"`max_loss_increase` is {increase!r}, but it is a share of 0 or more: 0.05 is 5 %"
        raise ConfigError(Diagnostic("bad-value", message))


def _pruned(
    training: FittedRun,
    goal: Goal,
    folder: Path | None,
    resume: bool,
    measure_cost: bool,
    guard: str | Path | None,
    time_limit: float | None,
    observer: Observer,
) -> Pruned:
    from ..pruning.guards import guards_of
    from ..pruning.prune import prune as search

    with observer.fitting() as report:
        return search(
            training.potential,
            training.structures,
            training.config,
            goal,
            folder=folder,
            resume=resume,
            on_progress=report,
            measure_cost=measure_cost,
            guard=None if guard is None else guards_of(Path(guard)),
            time_limit=time_limit,
        )


def _saved(
    folder: Path | None, run: Path, training: FittedRun, pruned: Pruned, observer: Observer
) -> Pruning:
    """The result; its run with the history, where there is a folder."""
    from ..files.atomic import write_atomic
    from ..files.states import remove_checkpoint

    result, read, config = pruned.result, training.data, training.config
    predicted = predicted_of(result.potential, read, observer)
    errors, potential = errors_of(predicted), result.potential
    if folder is not None:
        before, after = pruned.history[0].parameters, potential.n_parameters
        origin = f"pruned from {run}: {before} to {after} parameters"
        lineage = training.potential.metadata.history
        potential = save_fit(folder, result, errors, read, config, origin, lineage)
    ended = (result.converged, result.reason, result.loss)
    warnings = (*pruned.warnings, *result.warnings)
    found = Pruning(potential, errors, *ended, config, folder, warnings, predicted, pruned=pruned)
    if folder is not None:
        write_atomic(folder / HISTORY, json.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n")
        if not pruned.is_cut:
            remove_checkpoint(folder)
    return found
