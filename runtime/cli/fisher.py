"""`potentia fisher`: the information of the data about the parts of a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console, together
from .observing import ConsoleObserver
from .options import AllowDataChange, Data, Json, Quiet, Run
from .threads import one_thread_each


def command(
    run: Run,
    data: Data,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File for the report. [RUN/fisher.json]"),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Plots are saved beside the report, as .png.")] = False,
    no_calibration: Annotated[
        bool, typer.Option("--no-calibration", help="No second pass for the errors of held-out structures.")
    ] = False,
    allow_data_change: AllowDataChange = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Print the Fisher information of each parameter and part of a fitted model.

    The training structures are those of the fit. The run keeps the covariance for `eval --uncertainty`.

    \b
    Examples:
      potentia fisher runs/nb --data nb.xyz
      potentia fisher runs/nb --data nb.xyz --plot -o reports/nb.json
      potentia fisher runs/nb --data nb.xyz --no-calibration --json
    """
    one_thread_each()
    from ..api.fisher import fisher
    from .fisher_tables import text

    found = fisher(
        run,
        data,
        output=output,
        plots=plot,
        calibrate=not no_calibration,
        allow_data_change=allow_data_change,
        observer=ConsoleObserver(json, quiet),
        team=together.team(),
    )
    if json:
        console.result_json(found.to_dict())
    else:
        console.result(text(found.report, found.coverage))
    return 0
