"""Warnings about the spec of a command, the same as `check` has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ...compiler.analysis.budget import Exhausted
from ...compiler.diagnostics.diagnostic import UserError
from ...compiler.program import Program
from ...compiler.warnings import as_warnings, require_sound, warnings_of, warnings_of_fitted
from . import console

if TYPE_CHECKING:
    from pathlib import Path

    from ...compiler.diagnostics.diagnostic import Diagnostic
    from ...compiler.difference.sides import Side
    from ..potential.potential import Potential
    from ..runs.run_folder import FittedPotential
    from ..runs.versions import Version
    from .comparing import Compared


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
    if not quiet:
        console.report(_once((v, _of_version(v, species or ())) for v in versions), json)


def report_compared(found: Compared, json: bool, species: Sequence[str] | None = None) -> None:
    """The warnings of two versions, of the models that were built for the comparison."""
    sides = (found.a, found.difference.a), (found.b, found.difference.b)
    console.report(_once((v, _of_version(v, species or (), side)) for v, side in sides), json)


def _once(warnings: Iterable[tuple[Version, tuple[Diagnostic, ...]]]) -> list[Diagnostic]:
    found = {(version.source.text, version.run): own for version, own in warnings}
    return [d for own in found.values() for d in own]


def _of_version(version: Version, species: Sequence[str], side: Side | None = None) -> tuple[Diagnostic, ...]:
    """The warnings of a version; none where it is not valid, which others tell. side: as it was built."""
    with suppress(UserError, RecursionError, Exhausted):
        if version.run is None and side is not None:
            return as_warnings(warnings_of(side.checked, side.model, lambda: side.simplified))
        if version.run is None:
            program = version.program.for_species(species)
            return as_warnings(warnings_of(program.checked, program.model))
        from ..runs.run_folder import load

        run = load(version.run)
        return warnings_of_fitted(run.program.checked, run.model, run.theta)
    return ()
