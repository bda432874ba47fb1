"""`potentia design`: from a catalogue and data to a front of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ..api.options import by_name
from ..data.config import DataConfig
from ..design.config import Budget
from . import console, together
from .observing import ConsoleObserver
from .options import Data, Json, Quiet
from .setting_options import Given, having, options_of
from .threads import one_thread_each

if TYPE_CHECKING:
    from ..api.options import DesignOptions


@having(
    labels=options_of(DataConfig, "data", without=["test"]),
    test=options_of(DataConfig, "data", only=["test"]),
    budget=options_of(Budget, "budget"),
)
def command(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG.toml", help="Configuration: catalogue, sizes, budget.", show_default=False
        ),
    ],
    *,
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the study.")],
    labels: Given,
    test: Given,
    budget: Given,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Compose potentials of growing size from a catalogue of terms, by their effect on the loss.

    A second call with the same folder resumes the study.

    \b
    Examples:
      potentia design specs/design/metal.toml --data nb.xyz --test split=test -o studies/nb
      potentia design metal.toml --data cu.xyz --test 0.1 --time-limit 3600 --workers 2 -o studies/cu
    """
    one_thread_each()
    from ..api.design import design
    from ..design.table import front_rows
    from .interruption import keeping

    keeping(output / "study.sqlite", f"finished trials are kept in {output}; the same command goes on")
    found = design(
        config,
        data,
        output=output,
        observer=ConsoleObserver(json, quiet),
        team=together.team(),
        **cast("DesignOptions", by_name({**labels, **test, **budget})),
    )
    if json:
        console.result_json(found.to_dict())
        return 0
    head, *rows = front_rows(found.rows)
    units = ["", *(("meV/atom", "meV/Å") * 3), ""]
    console.result(console.table([head, units, *rows]))
    for reason in found.left_out:
        console.result(f"left out: {reason}")
    console.result(console.saved(console.counted(len(found.rows), "model"), output / "front"))
    return 0
