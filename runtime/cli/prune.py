"""`potentia prune`: from a run to a smaller one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .observing import ConsoleObserver
from .options import AllowDataChange, Data, Json, Quiet, Run
from .threads import one_thread_each

if TYPE_CHECKING:
    from ..api.prune import Pruning

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

Limit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        metavar="SECONDS",
        help="Time after which the pruning stops, with the steps so far; a resumed one has it again.",
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
    time_limit: Limit = None,
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
    from ..api.prune import prune

    found = prune(
        run,
        data,
        output=output or run.with_name(run.name + "-pruned"),
        target_parameters=target_parameters,
        max_loss_increase=max_loss_increase,
        criterion=criterion,  # type: ignore[arg-type]
        guard=guard,
        measure_cost=not no_cost,
        time_limit=time_limit,
        allow_data_change=allow_data_change,
        resume=resume,
        force=force,
        observer=ConsoleObserver(json, quiet),
    )
    if json:
        console.result_json(found.to_dict())
    else:
        _tell(found)
    return 0


def _tell(found: Pruning) -> None:
    from ..pruning.table import step_rows
    from .errors import error_table

    console.result(console.table(step_rows(found.pruned.history)))
    for number, step in enumerate(found.pruned.history[1:], 1):
        console.result(f"\nstep {number}: {'; '.join(step.rewrites)}")
    for part in found.pruned.kept:
        console.result(f"kept `{part.name}` ({console.counted(len(part.numbers), 'number')}): {part.why}")
    console.result("")
    console.result(error_table(found.errors))
