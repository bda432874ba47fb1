"""Certificates in `potentia check`: of a run, or of a spec with its start values. Without jax."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.ir.graph import Model

if TYPE_CHECKING:
    from ...compiler.certificates.certificate import Certificate, Certificates

Checked = tuple[Model, tuple[Diagnostic, ...], "Certificates | None"]


def is_run(path: Path) -> bool:
    from ..files.orphans import recover

    with suppress(OSError):
        recover(path)
    return (path / "metadata.json").is_file()


def checked(
    path: Path,
    species: tuple[str, ...] | None,
    certificates: bool,
    include: Sequence[Path] | None = None,
) -> Checked:
    """The model of a spec or of a run, warnings about the spec, and the certificates: of a run always, of a
    spec where asked for. Raises UserError.
    """
    from ...compiler.warnings import require_sound, warnings_of, warnings_of_fitted

    if is_run(path):
        from ...compiler.certificates.certify import certify
        from ..runs.run_folder import load

        run = load(path)
        return (
            run.model,
            warnings_of_fitted(run.program.checked, run.model, run.theta),
            certify(run.model, run.theta),
        )
    from .summary import read_program

    program = read_program(path, species, include)
    model = program.model
    warnings = require_sound(warnings_of(program.checked, model))
    if not certificates:
        return model, warnings, None
    from ...compiler.certificates.certify import certify
    from ..potential.potential import at_start

    start = at_start(program)
    return model, warnings, certify(model, start.theta)


def in_words(certificates: Certificates) -> str:
    """A line a certificate, and one for each finding that tells more."""
    return "\n".join(line for c in certificates.certificates for line in _lines(c))


def _lines(certificate: Certificate) -> list[str]:
    head = f"  {certificate.verdict:<12}  {certificate.name}: {certificate.statement}"
    return [head, *(f"    {f.verdict:<12}  {f.subject}: {f.sentence}" for f in certificate.details)]
