"""`potentia prune`: from a run to a smaller one."""

from __future__ import annotations

import json as formats
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...compiler.diagnostics.diagnostic import Diagnostic
from . import console
from .interruption import keeping, keeping_checkpoint
from .labels import say_training
from .options import AllowDataChange, Data, Json, Quiet, Run
from .spec_warnings import report_fitted
from .threads import one_thread_each

if TYPE_CHECKING:
    from ..evaluation.errors import ErrorData
    from ..pruning.prune import Goal, Pruned
    from ..runs.with_data import FittedRun

HISTORY = "pruning.json"

Criterion = Annotated[
    str | None,
    typer.Option(
        "--criterion",
        metavar="NAME",
        help="Criterion of a step: bic, aic or cv. [bic, where neither of the two above is given]",
    ),
]
Guard = Annotated[
    Path | None,
    typer.Option(
        "--guard", metavar="properties.toml", help="Properties; a step that breaks a guard is undone."
    ),
]

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the new run. [RUN-pruned]"),
]

Increase = Annotated[
    float | None,
    typer.Option(
        "--max-loss-increase", min=0.0, metavar="SHARE", help="Largest increase of the loss: 0.05 is 5 %."
    ),
]


def command(
    run: Run,
    data: Data,
    output: Output = None,
    target_parameters: Annotated[
        int | None,
        typer.Option("--target-parameters", min=1, metavar="N", help="Number of parameters to stop at."),
    ] = None,
    max_loss_increase: Increase = None,
    criterion: Criterion = None,
    guard: Guard = None,
    allow_data_change: AllowDataChange = False,
    no_cost: Annotated[
        bool, typer.Option("--no-cost", help="The kernels of the steps are not timed.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Resume a pruning that was interrupted.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing run.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Remove terms and parameters that the training data do not need, fit again, and save a new run.

    Pinned terms stay, and parameters that no label depends on. The test structures decide nothing.

    \b
    Examples:
      potentia prune runs/nb --data nb.xyz -o runs/small
      potentia prune runs/nb --data nb.xyz --target-parameters 30 --max-loss-increase 0.1
      potentia prune runs/nb --data nb.xyz --criterion cv -o runs/small --json
      potentia prune runs/nb --data nb.xyz --guard niobium.toml
    """
    one_thread_each()
    from ..api.outputs import require_new_run
    from ..files.lock import only_writer_of
    from ..files.states import remove_checkpoint
    from ..runs.with_data import fitted_run_of

    folder = output or run.with_name(run.name + "-pruned")
    goal = _goal(target_parameters, max_loss_increase, criterion)
    require_new_run(folder, force, resume)
    keeping_checkpoint(folder, "the steps so far are kept")
    with only_writer_of(folder):
        training = fitted_run_of(run, data, allow_data_change)
        report_fitted(training.potential, json, quiet)
        say_training(training, json, quiet)
        pruned = _pruned(training, goal, folder, resume, not no_cost, guard, quiet)
        metrics, content = _saved(folder, run, training, pruned, quiet)
        remove_checkpoint(folder)
    _ended(folder, pruned, quiet, json)
    _tell(pruned, metrics, content, json)
    return 0


def _ended(folder: Path, pruned: Pruned, quiet: bool, json: bool) -> None:
    keeping(folder, f"the run is saved in {folder}")
    if not quiet:
        console.report((*pruned.warnings, *pruned.result.warnings), json)
        console.say(f"saved in {folder}")


def _goal(target: int | None, increase: float | None, criterion: str | None) -> Goal:
    from ...compiler.diagnostics.diagnostic import did_you_mean
    from ..files.settings import ConfigError
    from ..pruning.prune import CRITERIA, Goal

    if criterion is not None and criterion not in CRITERIA:
        help = did_you_mean(criterion, CRITERIA) or f"known: {', '.join(CRITERIA)}"
        raise ConfigError(Diagnostic("bad-value", f"there is no criterion `{criterion}`", help=help))
    return Goal(target, increase, criterion)  # type: ignore[arg-type]


def _pruned(
    training: FittedRun,
    goal: Goal,
    folder: Path,
    resume: bool,
    measure_cost: bool,
    guard: Path | None,
    quiet: bool,
) -> Pruned:
    from ..pruning.guards import guards_of
    from ..pruning.prune import prune
    from .progress import fitting

    with fitting(quiet) as report:
        return prune(
            training.potential,
            training.structures,
            training.config,
            goal,
            folder=folder,
            resume=resume,
            on_progress=report,
            measure_cost=measure_cost,
            guard=None if guard is None else guards_of(guard),
        )


def _saved(
    folder: Path, run: Path, training: FittedRun, pruned: Pruned, quiet: bool
) -> tuple[dict[str, ErrorData | None], dict[str, object]]:
    """Write the run with its history; its errors and the summary of the pruning."""
    from ..api.errors import errors_of
    from ..api.fit import predicted_of, save_fit
    from ..files.atomic import write_atomic
    from .observing import ConsoleObserver

    before, after = pruned.history[0].parameters, pruned.result.potential.n_parameters
    origin = f"pruned from {run}: {before} to {after} parameters"
    lineage = training.potential.metadata.history
    predicted = predicted_of(pruned.result.potential, training.data, ConsoleObserver(False, quiet))
    metrics = errors_of(predicted)
    save_fit(folder, pruned.result, metrics, training.data, training.config, origin, lineage)
    content: dict[str, object] = {"n_parameters": after, **metrics, **pruned.as_dict()}
    write_atomic(folder / HISTORY, formats.dumps(content, ensure_ascii=False, indent=2) + "\n")
    return metrics, content


def _tell(
    pruned: Pruned, metrics: dict[str, ErrorData | None], content: dict[str, object], json: bool
) -> None:
    from .errors import error_table

    if json:
        console.result_json(content)
        return
    console.result(console.table(_rows(pruned)))
    for number, step in enumerate(pruned.history[1:], 1):
        console.result(f"\nstep {number}: {'; '.join(step.rewrites)}")
    for part in pruned.kept:
        console.result(f"kept `{part.name}` ({console.counted(len(part.numbers), 'number')}): {part.why}")
    console.result("")
    console.result(error_table(metrics))


def _rows(pruned: Pruned) -> list[list[str]]:
    head = ["step", "parameters", "predicted ΔL", "actual ΔL", "loss", "BIC", "E RMSE", "F RMSE", "cost"]
    units = ["", "", "", "", "", "", "meV/atom", "meV/Å", "µs/atom"]
    rows = [head, units]
    for number, step in enumerate(pruned.history):
        energy, forces = (
            "-" if x is None else f"{1000 * x:.{digits}f}"
            for x, digits in ((step.energy_rmse, 2), (step.forces_rmse, 1))
        )
        cost = "-" if step.cost is None else f"{step.cost:.1f}"
        changes = [f"{step.predicted:.5g}", f"{step.actual:.5g}"] if number else ["", ""]
        loss = [f"{step.loss:.6g}", f"{step.bic:.1f}"]
        rows.append([str(number), str(step.parameters), *changes, *loss, energy, forces, cost])
    return rows
