"""Programs of spec files, with the species of the command line. Without numpy and jax."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.ir.graph import Model
from ...compiler.program import Program
from ...compiler.warnings import warnings_of


def read_program(
    path: Path, species: tuple[str, ...] | None = None, include: Sequence[Path] | None = None
) -> Program:
    """The program of a spec file for some species. include: as `read_source` has it. Raises SpecError."""
    return Program.read(path, include or ()).for_species(species or ())


def with_warnings(path: Path, species: tuple[str, ...] | None = None) -> tuple[Model, tuple[Diagnostic, ...]]:
    """The model of a spec file, and the warnings about it. Raises SpecError."""
    program = read_program(path, species)
    return program.model, warnings_of(program.checked, program.model)
