"""Programs of spec files, with the species of the command line. Without numpy and jax."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError, did_you_mean
from ...compiler.ir.graph import Model
from ...compiler.program import Program
from ...compiler.warnings import warnings_of


def read_program(
    path: Path, species: tuple[str, ...] | None = None, include: Sequence[Path] | None = None
) -> Program:
    """The program of a spec file for some species. include: as `read_source` has it. Raises SpecError."""
    for name in species or ():
        if name not in ELEMENTS:
            help = did_you_mean(name, ELEMENTS)
            raise SpecError(Diagnostic("unknown-species", f"there is no element `{name}`", help=help))
    return Program.read(path, include or ()).for_species(species or ())


def with_warnings(path: Path, species: tuple[str, ...] | None = None) -> tuple[Model, tuple[Diagnostic, ...]]:
    """The model of a spec file, and the warnings about it. Raises SpecError."""
    program = read_program(path, species)
    return program.model, warnings_of(program.checked, program.model)
