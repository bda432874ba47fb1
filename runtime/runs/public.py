"""`compile` and `load` as Python calls them: warnings about the spec are warnings of Python."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...compiler.diagnostics.warning import OnWarning, as_python_warning
from ...compiler.warnings import require_sound, warnings_of, warnings_of_fitted
from ..potential import potential
from ..potential.potential import Potential
from . import run_folder
from .run_folder import FittedPotential


def compile(
    spec: str | Path, species: str | Iterable[str] | None = None, on_warning: OnWarning = as_python_warning
) -> Potential:
    """The potential of a spec, with its parameters at their start values.

    spec: the text, or the path of a `.pes` file.
    species: `Nb,W` or several names, where the spec names none.
    on_warning: is given each likely mistake in the spec; by default it becomes a PotentiaWarning.
    Raises SpecError: all faults of the spec.
    """
    found = potential.compile(spec, species)
    for warning in require_sound(warnings_of(found.program.checked, found.model)):
        on_warning(warning)
    return found


def load(folder: Path | str, on_warning: OnWarning = as_python_warning) -> FittedPotential:
    """The potential of a run, with its metadata.

    folder: the run.
    on_warning: is given each likely mistake in its spec; by default it becomes a PotentiaWarning.
    Raises ArtifactError: missing-artifact, not-a-run, newer-artifact, newer-language, damaged-artifact.
    """
    found = run_folder.load(folder)
    for warning in warnings_of_fitted(found.program.checked, found.model, found.theta):
        on_warning(warning)
    return found
