"""LAMMPS as a foreign format that is written, not read. What writes it is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign_format import ExportedFolder, Format, Written

if TYPE_CHECKING:
    from ...potential.potential import Potential
    from .native import Native


def _write(potential: Potential) -> ExportedFolder:
    from ....compiler.backends.cpp.emit import emit

    return _folder(potential, emit(potential.model, "double", potential.theta).text)


def _write_single(potential: Potential) -> ExportedFolder:
    from ....compiler.backends.cpp.emit import emit

    return _folder(potential, emit(potential.model, "float", potential.theta).text, "float")


def _write_native(potential: Potential) -> ExportedFolder:
    from .native import native_of

    return _folder(potential, native_of(potential))


def _folder(potential: Potential, form: str | Native, precision: str = "double") -> ExportedFolder:
    from .folder import CERTIFICATE, Export, write_folder

    run = str(getattr(potential, "folder", "a spec"))

    def fill(folder: Path) -> Written:
        return write_folder(folder, Export(potential, form, run, precision))

    return ExportedFolder(CERTIFICATE, fill)


FORMAT = Format(
    "lammps",
    "a folder with a pair style of LAMMPS",
    "any formula",
    None,
    None,
    _write,
    {"single": _write_single, "native": _write_native},
)
