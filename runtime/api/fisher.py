"""The information of the data about the parts of a fitted model."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..files.lock import only_writer_of
from ..files.plain_data import Data
from ..information.parts import FisherReport, report
from ..information.tables import block_rows, coverage_rows, left_open, number_rows, summary
from ..presentation import html
from ..presentation.result import Result
from ..runs.with_data import FittedRun, fitted_run_of
from .models import Model, folder_of, warn_of
from .observer import Observer, observer_of
from .outputs import JSON, require_result
from .plots import draw_spectrum
from .read_data import Dataset, Files, file_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...compiler.reduction.quadratic_model import QuadraticModel
    from ..information.calibration import CoverageData, Errors, ScaleData
    from ..ranks.team import Team

_LISTED = 3  # parts in a few lines
_SLOPPY = 0.1  # as docs/fisher.md has it


@dataclass(frozen=True, eq=False, repr=False)
class Information(Result):
    """The information of the training structures of a run about its parameters; docs/fisher.md defines it.

    run: its folder. n_structures: the number of training structures.
    report: of numbers and parts. calibration, coverage: of predicted deviations, None where no errors of
    held-out structures were worked out. saved: the file of the report.
    """

    run: Path
    n_structures: int
    report: FisherReport
    calibration: dict[str, ScaleData] | None
    coverage: dict[str, CoverageData] | None
    saved: Path

    def lines(self) -> list[str]:
        first, *others = summary(self.report)
        terms = [b for b in self.report.blocks if b.kind == "term" and b.delta_loss is not None]
        worth = ", ".join(f"{b.name} {b.delta_loss:.3g}" for b in terms[:_LISTED])
        found = [f"Information: {first}", *others, *([f"loss without a term: + {worth}"] if worth else [])]
        return [*found, *left_open(self.report, _LISTED)]

    def parts(self) -> list[str]:
        terms = [b for b in self.report.blocks if b.kind == "term"]
        smaller = [b for b in self.report.blocks if b.kind != "term"]
        head, *others = self.lines()
        found = [html.heading(head), *map(html.note, others), html.table(block_rows("term", terms), "terms")]
        found += [html.table(block_rows("part", smaller), "parts")] if smaller else []
        covered = coverage_rows(self.coverage or {})
        found.append(html.table(number_rows(self.report.numbers), "parameters"))
        return [*found, html.table(covered, "errors and their predicted deviations")] if covered else found

    def to_dict(self) -> Data:
        """Plain data, as `potentia fisher --json` prints it."""
        about = {"run": str(self.run), "n_structures": self.n_structures}
        kept = {"calibration": self.calibration, "coverage": self.coverage}
        return {**about, **self.report.as_dict(), **kept}

    def plot(self, axes: Axes | None = None) -> Axes:
        """The singular values of the information; a mode below the line is one that the data hardly know."""
        return draw_spectrum(axes, self.report.spectrum, _SLOPPY)


def fisher(
    model: Model,
    data: Dataset | Files,
    *,
    output: str | Path | None = None,
    plots: bool = False,
    calibrate: bool = True,
    allow_data_change: bool = False,
    observer: Observer | None = None,
    team: Team | None = None,
) -> Information:
    """The Fisher information of each parameter and part of a fitted model.

    model: the folder of a run, or a model that is saved in one. It keeps the covariance, for uncertainties.
    data: the files of its fit; its training structures count.
    output: the file of the report; by default `fisher.json` in the run. plots: pictures beside it, as .png.
    calibrate: the errors of held-out structures are worked out too, in a second pass, and calibrate
    predicted deviations.
    allow_data_change: data that differ from those of the fit are a warning; the run stays as it is.
    observer: is given warnings and progress; without one warnings become warnings of Python.
    team: the processes that share the work; this one alone by default.
    Raises ArtifactError: data-changed, data-unknown, unwritable, in-use, and as `load`; DataError; FitError.
    Definitions and their sources are in docs/fisher.md.
    """
    seen, run = observer_of(observer), folder_of(model)
    where = run / "fisher.json" if output is None else Path(output)
    names = file_names(data)
    training = fitted_run_of(run, names, allow_data_change)
    warn_of(training.potential, seen)
    require_result(where, JSON, names)
    seen.run_read(replace(training, changed=None))  # that is told beside its effect
    with nullcontext() if training.changed else only_writer_of(run):
        known, errors = _known(training, calibrate, seen, team)
        calibration, coverage = _kept(run, training, known, errors)
        seen.kept(run, f"the covariance is saved in {run}")
        about = report(training.potential.model, known)
        found = Information(run, len(training.structures), about, calibration, coverage, where)
        _save(found, plots)
    seen.warned(_remarks(training, known))
    seen.remarked(f"saved in {where}")
    return found


def _known(
    training: FittedRun, calibrate: bool, observer: Observer, team: Team | None
) -> tuple[QuadraticModel, dict[str, Errors] | None]:
    """The information of the training structures, and their errors when held out."""
    from ..information.cross_validation import quadratic_model_and_errors
    from ..information.fisher_information import quadratic_model

    problem = training.potential, training.structures, training.config
    with observer.passing("information") as progress:
        if calibrate:
            return quadratic_model_and_errors(*problem, progress, team)
        return quadratic_model(*problem, progress, team), None


def _kept(
    run: Path, training: FittedRun, known: QuadraticModel, errors: dict[str, Errors] | None
) -> tuple[dict[str, ScaleData] | None, dict[str, CoverageData] | None]:
    """The calibration and its quality; put into the run, where the data is that of its fit."""
    from ..information.calibration import calibrated, coverages
    from ..runs.run_folder import amend

    calibration = None if errors is None else calibrated(errors)
    stored = None if calibration is None else calibration.as_dict()
    if training.changed is None and known.n_dof > 0:
        amend(run, known.covariance, known.spread, stored)
    return stored, None if errors is None else coverages(errors, calibration)


def _save(found: Information, plots: bool) -> None:
    from ..files.atomic import write_atomic

    content = json.dumps(found.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)
    write_atomic(found.saved, content + "\n")
    if plots:
        from ..information.plot import save_information

        save_information(found.saved.with_suffix(".png"), found.report, found.coverage)


def _remarks(training: FittedRun, known: QuadraticModel) -> list[Diagnostic]:
    from ..information.fisher_information import not_at_optimum

    remarks = [] if training.changed is None else [training.changed]
    if not training.potential.metadata.converged or training.changed is not None:
        remarks.append(not_at_optimum(known))
    return remarks
