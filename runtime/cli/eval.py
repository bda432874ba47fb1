"""`potentia eval`: the errors of a fitted model on labelled structures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import LABELS, Data, Given, Json, Quiet, Run, having


@having(labels=LABELS)
def command(
    run: Run,
    *,
    data: Data,
    only: Annotated[
        str | None, typer.Option("--only", metavar="KEY=VALUE", help="Only these structures: split=test.")
    ] = None,
    labels: Given,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.png", help="Save a parity plot.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Errors of a fitted model on labelled structures. Label keys are those of the fit unless given.

    \b
    Examples:
      potentia eval runs/nb --data nb.xyz --only split=test
      potentia eval runs/nb --data other.xyz --stress-unit GPa --json
      potentia eval runs/nb --data nb.xyz --plot parity.png
    """
    from ..artifact import load
    from ..config import load_config
    from ..evaluate import compare
    from ..training_data import read_labelled
    from .errors import error_table
    from .progress import counting

    potential = load(run)
    used = {f"data.{k}": v for k, v in potential.metadata.config.get("data", {}).items() if k != "test"}
    config = load_config(None, {**used, **labels})
    structures, remarks = read_labelled(data, config.data, only)
    if not quiet:
        console.report(remarks, json)
        console.say(f"read {console.counted(len(structures), 'structure')}: {config.data.keys().echo()}")
    with counting("predicting", len(structures), quiet) as progress:
        predicted = potential.predict(structures, progress)
    metrics = compare(structures, predicted).as_dict()
    if plot is not None:
        from ..parity import save_parity

        save_parity(plot, {"test": (structures, predicted)})
        console.say(f"parity plot: {plot}", quiet)
    if json:
        console.result_json({"n_parameters": potential.n_parameters, "train": None, "test": metrics})
    else:
        console.result(error_table({"test": metrics}))
    return 0
