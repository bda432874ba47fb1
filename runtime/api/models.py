"""The models that functions take: a potential, a run, the result of a fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...compiler.warnings import warnings_of_fitted
from ..files.plain_data import Data
from ..potential.potential import Potential
from ..runs.run_folder import FittedPotential, load
from .observer import Observer

if TYPE_CHECKING:
    from ..residuals.config import FitConfig


class Fitted(Protocol):
    """The result of a fit, or of a pruning."""

    @property
    def potential(self) -> Potential: ...
    @property
    def config(self) -> FitConfig: ...
    @property
    def folder(self) -> Path | None: ...


Model = Potential | Fitted | str | Path


def potential_of(model: Model, observer: Observer) -> Potential:
    """The potential, with warnings about its spec. Raises ArtifactError as `load`, for a folder."""
    _require_model(model)
    if isinstance(model, str | Path):
        found: Potential = load(model)
    else:
        found = model if isinstance(model, Potential) else model.potential
    warn_of(found, observer)
    return found


def _require_model(model: object) -> None:
    """Raise ArtifactError not-a-run for anything that holds no potential."""
    own = model if isinstance(model, str | Path | Potential) else getattr(model, "potential", None)
    if not isinstance(own, str | Path | Potential):
        message = "a model is a potential, the result of a fit or the folder of a run, and this is of type"
        raise ArtifactError(Diagnostic("not-a-run", f"{message} {type(model).__name__}"))


def warn_of(potential: Potential, observer: Observer) -> None:
    """The warnings of a model with its parameters."""
    if not observer.is_silent:
        found = warnings_of_fitted(potential.program.checked, potential.model, potential.theta)
        observer.warned(found)


def run_of(model: Model) -> Path | None:
    """The folder of a run; None of a potential that is not saved."""
    _require_model(model)
    if isinstance(model, str | Path):
        return Path(model)
    return None if isinstance(model, Potential) and not isinstance(model, FittedPotential) else model.folder


def folder_of(model: Model) -> Path:
    """The folder of a run. Raises ArtifactError not-a-run for a potential that is not saved."""
    found = run_of(model)
    if found is None:
        message = "the potential is not saved as a run, which holds the configuration and data of its fit"
        raise ArtifactError(Diagnostic("not-a-run", message, help="give `output=FOLDER` to `fit`"))
    return found


def label_settings(model: Model, potential: Potential) -> Data:
    """The settings of labels of the fit of a model; none of a potential that was not fitted."""
    if isinstance(potential, FittedPotential):
        used = potential.metadata.config.get("data", {})
    elif isinstance(model, str | Path | Potential):
        used = {}
    else:
        used = model.config.data.model_dump(mode="json")
    return {f"data.{k}": v for k, v in used.items() if k != "test"}
