"""`potentia properties`: crystals, defects, surfaces and vibrations of a fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ..api.options import by_name
from ..data.config import FileConfig
from ..properties.family import family_names
from . import console
from .observing import ConsoleObserver
from .options import Json, Quiet, Run, Target
from .setting_options import Given, having, options_of

if TYPE_CHECKING:
    from ..api.options import FileOptions
    from ..properties.results import PropertyResult


References = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE.toml", help="Properties to measure, and their references."),
]

Crystals = Annotated[
    list[str] | None,
    typer.Option("--structure", metavar="FILE", help="Crystal to measure too; `FILE@3` takes one of many."),
]

Families = Annotated[
    str | None,
    typer.Option("--only", metavar="A,B", help=f"Families to measure: {', '.join(family_names()[:4])}, …"),
]


@having(kinds=options_of(FileConfig))
def command(
    run: Run,
    config: References = None,
    structure: Crystals = None,
    only: Families = None,
    no_sigma: Annotated[bool, typer.Option("--no-sigma", help="No standard deviations; faster.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FOLDER", help="Folder for plots: E(V), phonons, dimers, …"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File for the results. [RUN/properties.json]"),
    ] = None,
    target: Target = "auto",
    *,
    kinds: Given,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measure lattice and elastic constants, defects, surfaces, phonons, … of a fitted model.

    A property that cannot be measured is reported with the reason. The exit code is 1 where a guard of the
    configuration is not met. The run keeps the latest result of each property.

    \b
    Examples:
      potentia properties runs/nb
      potentia properties runs/nb --config specs/properties/niobium.toml --plot plots
      potentia properties runs/nb --only lattice,elastic --json
      potentia properties runs/llzo --structure llzo.cif
    """
    from ..api.properties import properties

    found = properties(
        run,
        config=config,
        structures=structure or (),
        only=only,
        sigma=not no_sigma,
        plots=plot,
        output=output,
        target=target,  # type: ignore[arg-type]
        observer=ConsoleObserver(json, quiet),
        **cast("FileOptions", by_name(kinds)),
    )
    if json:
        console.result_json(found.to_dict())
    else:
        console.result(property_table(found.results))
        if found.broken:
            console.result(f"\nguards that are not met: {', '.join(found.broken)}")
    return 1 if found.broken else 0


def property_table(results: Sequence[PropertyResult]) -> str:
    """A row a property: value ± σ, reference, difference, and what there is to say."""
    from ..properties.table import property_rows, remarks

    lines = console.table(property_rows(results), indent=0).split("\n")
    width = max(map(len, lines))
    told = ["", *remarks(results)]
    return "\n".join(f"{x.ljust(width)}  {note}".rstrip() for x, note in zip(lines, told, strict=True))
