"""`potentia eval`: the errors of a fitted model on labelled structures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from ..data.config import DataConfig
from . import console
from .labels import say_labels
from .options import Data, Json, Quiet, Run, Target
from .setting_options import Given, having, options_of
from .spec_warnings import opened

if TYPE_CHECKING:
    from ..information.calibration import CoverageData
    from ..potential.evaluators import Predicted
    from ..runs.run_folder import FittedPotential
    from ..structures.structure import Structure


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
        Path | None, typer.Option("--plot", metavar="FILE.png", help="File for a parity plot.")
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
    from ..data.dataset import read_labelled
    from ..evaluation.errors import compare
    from ..residuals.config import load_config
    from .errors import error_table
    from .fisher_tables import coverage_table
    from .progress import counting
    from .targets import evaluate_by

    _require(plot, data)
    potential = opened(run, json, quiet)
    used = {f"data.{k}": v for k, v in potential.metadata.config.get("data", {}).items() if k != "test"}
    config = load_config(None, {**used, **labels})
    structures, remarks = read_labelled(data, config.data, only)
    console.say(f"data    {console.counted(len(structures), 'structure')}", quiet)
    say_labels(structures, config.data.keys(), remarks, json, quiet)
    evaluator = evaluate_by(potential, target, json, quiet)
    with counting("predicting", len(structures), quiet) as progress:
        predicted = evaluator.predict(potential.theta, structures, progress)
    metrics = compare(structures, predicted).as_dict()
    found = _deviations(potential, structures, predicted, json, quiet) if uncertainty else None
    if plot is not None:
        _plot(plot, structures, predicted, found and found["coverage"], quiet)
    if json:
        console.result_json(
            {"n_parameters": potential.n_parameters, "train": None, "test": metrics, **(found or {})}
        )
    else:
        console.result(error_table({"test": metrics}))
        if found:
            console.result("\n" + coverage_table(found["coverage"]))
    return 0


def _require(plot: Path | None, data: Sequence[str]) -> None:
    if plot is not None:
        from .outputs import PNG, require_result

        require_result(plot, PNG, data)


class DeviationData(TypedDict):
    """Errors compared with predicted deviations."""

    coverage: dict[str, CoverageData]
    unknown: dict[str, int]  # errors without a predicted deviation
    energy_deviation_ev_per_atom: list[float | None]  # of each structure; None where it is infinite


def _deviations(
    potential: FittedPotential,
    structures: Sequence[Structure],
    predicted: Sequence[Predicted],
    json: bool,
    quiet: bool,
) -> DeviationData:
    """Errors compared with their predicted deviations; those of the energies, a structure at a time."""
    from ..information.calibration import QUANTITIES, coverages, errors_of
    from ..runs.deviations import not_calibrated
    from ..runs.run_folder import uncertainty_of
    from .progress import counting

    uncertainty = uncertainty_of(potential)
    calibration = uncertainty.calibration
    if calibration is None and not quiet:
        console.report([not_calibrated(potential.folder)], json)
    with counting("deviations", len(structures), quiet) as progress:
        raw = uncertainty.predict(structures, progress)
    seen = errors_of(structures, predicted, raw)
    best = zip(structures, uncertainty.best(raw), strict=True)
    deviations = [_finite(d.energy / s.n_atoms) for s, d in best]
    return {
        "coverage": coverages(seen, calibration),
        "unknown": {name: seen[name].n_unknown for name in QUANTITIES},
        "energy_deviation_ev_per_atom": deviations,
    }


def _plot(
    path: Path,
    structures: Sequence[Structure],
    predicted: Sequence[Predicted],
    coverage: Mapping[str, CoverageData] | None,
    quiet: bool,
) -> None:
    from ..evaluation.parity import save_parity

    save_parity(path, {"test": (structures, predicted)})
    console.say(f"parity plot: {path}", quiet)
    if coverage is not None:
        from ..information.plot import save_coverage

        curve = path.with_stem(f"{path.stem}_coverage")
        save_coverage(curve, coverage)
        console.say(f"calibration curve: {curve}", quiet)


def _finite(value: float) -> float | None:
    """JSON has no infinity."""
    return value if isfinite(value) else None
