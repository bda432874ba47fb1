"""Warnings about the spec of a command, the same as `check` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...compiler.warnings import require_sound, warnings_of, warnings_of_fitted
from . import console

if TYPE_CHECKING:
    from pathlib import Path

    from ...compiler.diagnostics.diagnostic import Diagnostic
    from ...compiler.program import Program
    from ..potential.potential import Potential
    from ..runs.run_folder import FittedPotential


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
