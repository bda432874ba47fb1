"""LAMMPS as a foreign format that is written, not read. What writes it is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign_format import ExportedFolder, Format, Written

if TYPE_CHECKING:
    from ...potential.potential import Potential


def _write(potential: Potential) -> ExportedFolder:
    from ....compiler.backends.cpp.emit import emit
    from .folder import CERTIFICATE, Export, write_folder

    kernel = emit(potential.model, "double", potential.theta).text
    run = str(getattr(potential, "folder", "a spec"))

    def fill(folder: Path) -> Written:
        return write_folder(folder, Export(potential, kernel, run))

    return ExportedFolder(CERTIFICATE, fill)


FORMAT = Format("lammps", "a folder with a pair style of LAMMPS", "any formula", None, None, _write)
