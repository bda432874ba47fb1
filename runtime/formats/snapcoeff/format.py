"""Files of SNAP as a foreign format. What reads and writes them is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign_format import ExportedFolder, Format, Imported

if TYPE_CHECKING:
    from ...potential.potential import Potential


def _recognises(path: Path) -> bool:
    return path.suffix.lower() in (".snapcoeff", ".snapparam") and path.is_file()


def _read(path: Path) -> Imported:
    from .importing import imported_snap

    return imported_snap(path)


def _write(potential: Potential) -> ExportedFolder:
    from .exporting import exported

    return exported(potential)


FORMAT = Format(
    "snapcoeff",
    "files of SNAP (snapcoeff, snapparam)",
    "the term `snap`, with ZBL and energies of atoms",
    _recognises,
    _read,
    _write,
)
