"""StableHLO as a foreign format that is written, not read. What writes it is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign_format import ExportedFolder, Format, Written

if TYPE_CHECKING:
    from ...potential.potential import Potential


def _write(potential: Potential) -> ExportedFolder:
    from .folder import MODEL, functions, write_folder

    made = functions(potential)

    def fill(folder: Path) -> Written:
        return write_folder(folder, potential, made)

    return ExportedFolder(MODEL, fill)


FORMAT = Format("stablehlo", "a folder with StableHLO for jax", "any formula", None, None, _write)
