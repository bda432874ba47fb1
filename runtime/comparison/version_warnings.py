"""Warnings about versions that are looked at; none of them is an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ...compiler.analysis.budget import Exhausted
from ...compiler.diagnostics.diagnostic import Diagnostic, UserError
from ...compiler.warnings import as_warnings, warnings_of, warnings_of_fitted

if TYPE_CHECKING:
    from ...compiler.difference.sides import Side
    from ..runs.versions import Version


def warnings_of_versions(
    versions: Iterable[tuple[Version, Side | None]], species: Sequence[str] | None = None
) -> list[Diagnostic]:
    """The warnings of specs and runs, each as it was built for a comparison, where it was; once for two that
    are the same.
    """
    found = {(v.source.text, v.run): _of_version(v, species or (), side) for v, side in versions}
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
