"""`potentia report`: a run as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .options import AllowDataChange, Json, MovedData, Quiet, Run

if TYPE_CHECKING:
    from ..data.dataset import TrainingData
    from ..runs.run_folder import FittedPotential


_CURVES = "dimer,equation_of_state"


def command(
    run: Run,
    data: MovedData = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.html", help="File for the page. [RUN/report.html]"),
    ] = None,
    curves: Annotated[
        str, typer.Option("--curves", metavar="A,B", help="Families of properties to draw; `none` for none.")
    ] = _CURVES,
    allow_data_change: AllowDataChange = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write a run as one HTML page: spec, errors, curves, properties, information, proofs, history.

    The page needs nothing beside it. Properties and information are there once `properties` and `fisher` have
    put them into the run.

    \b
    Examples:
      potentia report runs/nb
      potentia report runs/nb --data /scratch/nb.xyz -o nb.html
      potentia report runs/nb --curves dimer,equation_of_state,phonon
    """
    from ..api.outputs import HTML, require_result
    from ..files.atomic import write_atomic
    from ..report.content import content_of
    from ..report.page import report_page
    from .progress import measuring
    from .spec_warnings import opened

    where = output or run / "report.html"
    potential = opened(run, json, quiet)
    require_result(where, HTML, data or ())
    found, remarks = _data(potential, run, data, allow_data_change, json, quiet)
    families = [] if curves.strip() in ("", "none") else [name.strip() for name in curves.split(",")]
    with measuring(quiet) as progress:
        content = content_of(potential, found, families, progress, remarks)
    write_atomic(where, report_page(content))
    if json:
        console.result_json({"report": str(where)})
    console.say(f"report: {where}", quiet or json)
    return 0


def _data(
    potential: FittedPotential,
    run: Path,
    given: list[str] | None,
    allow_change: bool,
    json: bool,
    quiet: bool,
) -> tuple[TrainingData | None, list[str]]:
    """The data of the fit, and a remark where they are not here. Raises ArtifactError data-changed of files
    that are given, and the errors of reading them.
    """
    from ...compiler.diagnostics.diagnostic import UserError
    from ..data.frames import split_slice
    from ..runs.with_data import fitted_run_of

    recorded = list(potential.metadata.data)
    files = given or [name for name in recorded if split_slice(name)[0].exists()]
    if not files:
        names = ", ".join(recorded) or "the data of the fit"
        return None, [f"no parity plot: {names} cannot be read from here; name the data with --data"]
    try:
        found = fitted_run_of(run, files, allow_change)
    except UserError as error:
        if given:
            raise
        return None, [f"no parity plot: {error.diagnostics[0].message}; name the data with --data"]
    if found.changed is not None and not quiet:
        console.report([found.changed], json)
    return found.data, [] if found.changed is None else [found.changed.message]
