"""The errors of a model on labelled structures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..files.plain_data import Data
from ..information.tables import coverage_rows
from ..potential.potential import Potential
from ..presentation import html
from ..presentation.text import counted
from ..runs.run_folder import FittedPotential, load, uncertainty_of
from .errors import Errors, Judged, Parts, error_lines, error_table, errors_of, predictions
from .models import Model, label_settings, potential_of
from .observer import Observer, observer_of
from .options import LabelOptions, flags
from .outputs import PNG, require_result
from .read_data import Dataset, Files, file_names, require_unread
from .targets import evaluate_by

if TYPE_CHECKING:
    from ..information.calibration import CoverageData
    from ..potential.evaluators import Predicted
    from ..structures.structure import Structure


class DeviationData(TypedDict):
    """Errors compared with predicted deviations."""

    coverage: dict[str, CoverageData]
    unknown: dict[str, int]  # errors without a predicted deviation
    energy_deviation_ev_per_atom: list[float | None]  # of each structure; None where it is infinite


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Judged):
    """The errors of a potential on structures.

    potential: the one that was judged.
    errors: `train` and `test`, RMSE and MAE in eV/atom, eV/Å and GPa; files are all `test`.
    predicted: the structures of each part with their predictions.
    deviations: the errors compared with predicted standard deviations, where that was asked for.
    """

    potential: Potential
    errors: Errors
    predicted: Parts
    deviations: DeviationData | None = None

    def lines(self) -> list[str]:
        n = sum(len(structures) for structures, _ in self.predicted.values())
        head = f"Evaluation: {counted(n, 'structure')}, {self.potential.n_parameters} trained parameters"
        coverage = self.deviations["coverage"] if self.deviations else {}
        return [head, *error_lines(self.errors), *(_covered(name, c) for name, c in coverage.items())]

    def parts(self) -> list[str]:
        rows = coverage_rows(self.deviations["coverage"]) if self.deviations else []
        found = [html.heading(self.lines()[0]), error_table(self.errors)]
        return [*found, html.table(rows, "errors and their predicted deviations")] if rows else found

    def to_dict(self) -> Data:
        """Plain data, as `potentia eval --json` prints it."""
        return {"n_parameters": self.potential.n_parameters, **self.errors, **(self.deviations or {})}


def evaluate(
    model: Model,
    data: Dataset | Files,
    *,
    only: str | None = None,
    uncertainty: bool = False,
    target: Literal["auto", "cpp", "xla", "reference"] = "auto",
    parity: str | Path | None = None,
    observer: Observer | None = None,
    **options: Unpack[LabelOptions],
) -> Evaluation:
    """The errors of a model on labelled structures: RMSE and MAE in eV/atom, eV/Å and GPa.

    model: a potential, the result of a fit, or the folder of a run.
    data: from `read_data`, or files, which are read with the keys and units of the model's fit.
    only: structures to take, such as `split=test`.
    uncertainty: the errors are compared with their predicted standard deviations; the model is a run.
    target: what evaluates the model; `auto` takes C++ where a compiler works, else XLA.
    parity: a PNG file for a picture of predictions over labels; errors by config type are beside it.
    observer: is given warnings and progress; without one warnings become warnings of Python.
    options: keys and units of labels, where `data` are files.
    Raises DataError; ArtifactError as `load`, and no-covariance; ConfigError for options; ToolError.
    """
    seen = observer_of(observer)
    require_unread(data, dict(options))
    if parity is not None:
        require_result(Path(parity), PNG, file_names(data))
    potential = potential_of(model, seen)
    parts = _parts(model, potential, data, only, dict(options), seen)
    predicted = predictions(potential.theta, evaluate_by(potential, target, seen), parts, seen)
    errors = errors_of(predicted)
    found = _deviations(model, potential, predicted, seen) if uncertainty else None
    if parity is not None:
        _save(Path(parity), predicted, found and found["coverage"], seen)
    return Evaluation(potential, errors, predicted, found)


def _parts(
    model: Model,
    potential: Potential,
    data: Dataset | Files,
    only: str | None,
    options: Data,
    observer: Observer,
) -> Mapping[str, Sequence[Structure]]:
    """The structures by part; those of files are all to test on. Raises DataError."""
    from ..data.dataset import read_labelled
    from ..data.splits import select
    from ..residuals.config import load_config

    if isinstance(data, Dataset):
        taken = {id(s) for s in (select(data.structures, only) if only else data.structures)}
        parts = {"train": data.train, "test": data.test}
        return {name: [s for s in part if id(s) in taken] for name, part in parts.items()}
    config = load_config(None, {**label_settings(model, potential), **flags(options)}).data
    structures, remarks = read_labelled(file_names(data), config, only)
    observer.remarked(f"data    {counted(len(structures), 'structure')}")
    observer.labels_read(structures, config.keys(), remarks)
    return {"test": structures}


def _deviations(model: Model, potential: Potential, predicted: Parts, observer: Observer) -> DeviationData:
    """Errors compared with their predicted deviations; those of the energies, a structure at a time."""
    from ..information.calibration import QUANTITIES, coverages
    from ..information.calibration import errors_of as errors_with
    from ..runs.deviations import not_calibrated

    run = _run_of(model, potential)
    uncertainty = uncertainty_of(run)
    calibration = uncertainty.calibration
    if calibration is None:
        observer.warned([not_calibrated(run.folder)])
    structures = [s for part, _ in predicted.values() for s in part]
    answers: list[Predicted] = [p for _, part in predicted.values() for p in part]
    with observer.counting("deviations", len(structures)) as progress:
        raw = uncertainty.predict(structures, progress)
    seen = errors_with(structures, answers, raw)
    best = zip(structures, uncertainty.best(raw), strict=True)
    return {
        "coverage": coverages(seen, calibration),
        "unknown": {name: seen[name].n_unknown for name in QUANTITIES},
        "energy_deviation_ev_per_atom": [_finite(d.energy / s.n_atoms) for s, d in best],
    }


def _run_of(model: Model, potential: Potential) -> FittedPotential:
    """The run as it is stored now. Raises ArtifactError no-covariance for a model that is none."""
    if not isinstance(potential, FittedPotential):
        message = "a potential that is not a run has no covariance of its parameters"
        help = "give `output=FOLDER` to `fit`, then call `fisher`"
        raise ArtifactError(Diagnostic("no-covariance", message, help=help))
    return potential if isinstance(model, str | Path) else load(potential.folder)


def _save(
    path: Path, predicted: Parts, coverage: Mapping[str, CoverageData] | None, observer: Observer
) -> None:
    from ..evaluation.pictures import save_errors

    for written in save_errors(path, predicted):
        observer.remarked(f"plot: {written}")
    if coverage is not None:
        from ..information.plot import save_coverage

        curve = path.with_stem(f"{path.stem}_coverage")
        save_coverage(curve, coverage)
        observer.remarked(f"calibration curve: {curve}")


def _covered(name: str, seen: CoverageData) -> str:
    """`forces: intervals of 68.3 %, 95 % hold 70.1 %, 93.9 % of errors`, for three of the levels."""
    levels, shares = (_percent(seen[key][1::2]) for key in ("expected", "observed"))
    return f"{name}: intervals of {levels} hold {shares} of the errors"


def _percent(shares: Sequence[float]) -> str:
    return ", ".join(f"{100 * x:.3g} %" for x in shares)


def _finite(value: float) -> float | None:
    """JSON has no infinity."""
    return value if isfinite(value) else None
