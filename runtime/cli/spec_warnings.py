"""Warnings about the spec of a command, the same as `check` has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...compiler.program import Program
from ...compiler.warnings import require_sound, warnings_of, warnings_of_fitted
from . import console

if TYPE_CHECKING:
    from pathlib import Path

    from ...compiler.diagnostics.diagnostic import Diagnostic
    from ..potential.potential import Potential
    from ..runs.run_folder import FittedPotential
    from ..runs.versions import Version


def warn(program: Program, json: bool, quiet: bool) -> tuple[Diagnostic, ...]:
    """The warnings, told. Raises SpecError where a likely mistake is an error."""
    found = require_sound(warnings_of(program.checked, program.model))
    if not quiet:
        console.report(found, json)
    return found


def opened(run: Path, json: bool, quiet: bool) -> FittedPotential:
    """The potential of a run, with warnings about its spec. Raises ArtifactError as `load`."""
    from ..runs.run_folder import load

    potential = load(run)
    report_fitted(potential, json, quiet)
    return potential


def report_fitted(potential: Potential, json: bool, quiet: bool) -> None:
    """The warnings of a model with its fitted parameters."""
    if not quiet:
        found = warnings_of_fitted(potential.program.checked, potential.model, potential.theta)
        console.report(found, json)


def report_versions(
    versions: Iterable[Version], json: bool, quiet: bool = False, species: Sequence[str] | None = None
) -> None:
    """The warnings of specs and runs that are looked at, once for two that are the same; none is an error."""
    from ..comparison.version_warnings import warnings_of_versions

    if not quiet:
        console.report(warnings_of_versions(((v, None) for v in versions), species), json)
