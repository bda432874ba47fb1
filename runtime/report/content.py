"""The content of a report: a run, and whatever else is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...compiler.certificates.certificate import Certificates
from ...compiler.certificates.certify import certify
from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.warnings import warnings_of_fitted
from ..data.dataset import TrainingData
from ..evaluation.labelled import Part
from ..evaluation.timing import microseconds_as_run
from ..fitting.result import Curve as LearningCurve
from ..information.calibration import CoverageData
from ..information.parts import FisherReport
from ..information.stored import FISHER, read_information
from ..properties.config import PropertiesConfig
from ..properties.measurement import survey
from ..properties.results import Curve, PropertyData
from ..properties.stored import PROPERTIES, kept
from ..runs.run_folder import FittedPotential
from .learning import read_learning


@dataclass(frozen=True, eq=False)
class Content:
    """A run and what is known of it.

    parts: structures with predictions, by part of the data (train, test); none where the data are not here.
    microseconds: for an atom; None where they were not measured. remarks: on what is not there, and why.
    """

    run: FittedPotential
    certificates: Certificates
    warnings: Sequence[Diagnostic] = ()
    parts: Mapping[str, Part] = field(default_factory=dict)
    microseconds: float | None = None
    curves: Sequence[Curve] = ()
    properties: Sequence[PropertyData] = ()
    information: tuple[FisherReport, Mapping[str, CoverageData] | None] | None = None
    learning: LearningCurve | None = None
    remarks: Sequence[str] = ()


def content_of(
    run: FittedPotential,
    data: TrainingData | None,
    families: Sequence[str],
    on_progress: Callable[[str, int, int], None] | None = None,
    remarks: Sequence[str] = (),
) -> Content:
    """All that the folder of a run holds, with predictions and curves made now.

    data: of the fit, where they are here. families: of properties, whose curves are drawn; see
    `properties.family`. on_progress: called with a quantity, the number of measurements done and of all.
    Raises ArtifactError: damaged-artifact; ConfigError as `survey`.
    """
    parts = {} if data is None else _predicted(run, data)
    by = run.evaluator(on_warning=lambda _: None)
    config = PropertiesConfig().only(list(families)) if families else None
    target = None if by.target == "xla" else by
    curves = () if config is None else survey(run, config, on_progress=on_progress, by=target).curves
    learning, damage = read_learning(run.folder)
    return Content(
        run,
        certify(run.model, run.theta),
        warnings_of_fitted(run.program.checked, run.model, run.theta),
        parts,
        microseconds_as_run(run, data.train) if data is not None and data.train else None,
        curves,
        list(kept(run.folder / PROPERTIES).results.values()),
        read_information(run.folder / FISHER),
        learning,
        [*remarks, *damage],
    )


def _predicted(run: FittedPotential, data: TrainingData) -> dict[str, Part]:
    parts = {"train": data.train, "test": data.test}
    return {name: (some, run.predict(some)) for name, some in parts.items() if some}


def named(folder: Path) -> str:
    """The name of a run for its title."""
    return folder.resolve().name
