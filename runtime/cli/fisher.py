"""`potentia fisher`: the information of the data about the parts of a fitted model."""

from __future__ import annotations

import json as formats
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from ...compiler.diagnostics.diagnostic import Diagnostic
from . import console, together
from .labels import say_labels
from .options import AllowDataChange, Data, Json, Quiet, Run
from .spec_warnings import report_fitted
from .threads import one_thread_each

if TYPE_CHECKING:
    from ...compiler.reduction.quadratic_model import QuadraticModel
    from ..information.calibration import CoverageData, Errors, ScaleData
    from ..information.parts import FisherReport
    from ..runs.with_data import FittedRun


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
    from ..api.outputs import JSON, require_result
    from ..files.lock import only_writer_of
    from ..information.parts import report
    from ..runs.with_data import fitted_run_of
    from .interruption import keeping

    where = output or run / "fisher.json"
    training = fitted_run_of(run, data, allow_data_change)
    report_fitted(training.potential, json, quiet)
    require_result(where, JSON, data)
    if not json:
        say_labels(training.structures, training.data.keys, training.data.warnings, json, quiet)
    if not quiet:
        together.introduce(resumes=False)
    with nullcontext() if training.changed else only_writer_of(run):
        known, errors = _known(training, not no_calibration, quiet)
        found = report(training.potential.model, known)
        content = {"run": str(run), "n_structures": len(training.structures), **found.as_dict()}
        kept = _kept(run, training, known, errors)
        keeping(run, f"the covariance is saved in {run}")
        content |= kept
        _save(where, content, found, kept["coverage"], plot)
    if not quiet:
        read = training.data.warnings if json else ()
        console.report((*read, *_remarks(training, known)), json)
        console.say(f"saved in {where}")
    _tell(found, content, kept["coverage"], json)
    return 0


def _known(
    training: FittedRun, calibrate: bool, quiet: bool
) -> tuple[QuadraticModel, dict[str, Errors] | None]:
    """The information of the training structures, and their errors when held out."""
    from ..information.cross_validation import quadratic_model_and_errors
    from ..information.fisher_information import quadratic_model
    from .progress import passing

    problem = training.potential, training.structures, training.config
    with passing("information", quiet) as progress:
        if calibrate:
            return quadratic_model_and_errors(*problem, progress, together.team())
        return quadratic_model(*problem, progress, together.team()), None


class Kept(TypedDict):
    """The calibration of predicted deviations, and its quality; None where no errors were held out."""

    calibration: dict[str, ScaleData] | None
    coverage: dict[str, CoverageData] | None


def _kept(run: Path, training: FittedRun, known: QuadraticModel, errors: dict[str, Errors] | None) -> Kept:
    """The calibration and its quality; put into the run, where the data is that of its fit."""
    from ..information.calibration import calibrated, coverages
    from ..runs.run_folder import amend

    calibration = None if errors is None else calibrated(errors)
    stored = None if calibration is None else calibration.as_dict()
    if training.changed is None and known.n_dof > 0:
        amend(run, known.covariance, known.spread, stored)
    return {"calibration": stored, "coverage": None if errors is None else coverages(errors, calibration)}


def _save(
    where: Path,
    content: dict[str, object],
    found: FisherReport,
    coverage: dict[str, CoverageData] | None,
    plot: bool,
) -> None:
    from ..files.atomic import write_atomic

    write_atomic(where, formats.dumps(content, ensure_ascii=False, allow_nan=False, indent=2) + "\n")
    if plot:
        from ..information.plot import save_information

        save_information(where.with_suffix(".png"), found, coverage)


def _remarks(training: FittedRun, known: QuadraticModel) -> list[Diagnostic]:
    from ..information.fisher_information import not_at_optimum

    remarks = [] if training.changed is None else [training.changed]
    if not training.potential.metadata.converged or training.changed is not None:
        remarks.append(not_at_optimum(known))
    return remarks


def _tell(
    found: FisherReport, content: dict[str, object], coverage: dict[str, CoverageData] | None, json: bool
) -> None:
    from .fisher_tables import text

    if json:
        console.result_json(content)
    else:
        console.result(text(found, coverage))
