"""`potentia eval`: the errors of a fitted model on labelled structures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ..api.options import by_name
from ..data.config import DataConfig
from . import console
from .errors import error_table
from .fisher_tables import coverage_table
from .observing import ConsoleObserver
from .options import Data, Json, Quiet, Run, Target
from .setting_options import Given, having, options_of

if TYPE_CHECKING:
    from ..api.options import LabelOptions


@having(labels=options_of(DataConfig, "data", without=["test"]))
def command(
    run: Run,
    *,
    data: Data,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="KEY=VALUE", help="Structures to take, such as split=test."),
    ] = None,
    labels: Given,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE.png", help="Parity plot; others beside it."),
    ] = None,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Errors are compared with their predicted deviations.")
    ] = False,
    target: Target = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Print the errors of a fitted model on labelled structures. By default label keys are those of the fit.

    \b
    Examples:
      potentia eval runs/nb --data nb.xyz --only split=test
      potentia eval runs/nb --data other.xyz --stress-unit GPa --json
      potentia eval runs/nb --data nb.xyz --plot parity.png
      potentia eval runs/nb --data nb.xyz --only split=test --uncertainty
    """
    from ..api.evaluate import evaluate

    found = evaluate(
        run,
        data,
        only=only,
        uncertainty=uncertainty,
        target=target,  # type: ignore[arg-type]
        parity=plot,
        observer=ConsoleObserver(json, quiet),
        **cast("LabelOptions", by_name(labels)),
    )
    if json:
        console.result_json(found.to_dict())
        return 0
    console.result(error_table({"test": found.test}))
    if found.deviations:
        console.result("\n" + coverage_table(found.deviations["coverage"]))
    return 0
