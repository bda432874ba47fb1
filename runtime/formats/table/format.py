"""A file for `pair_style table` as a foreign format. What writes it is imported when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..foreign_format import Exported, Format

if TYPE_CHECKING:
    from ...potential.potential import Potential


def _write(potential: Potential) -> Exported:
    from .exporting import exported

    return exported(potential)


FORMAT = Format(
    "table", "a table of LAMMPS (pair_style table)", "energies of pairs alone", None, None, _write
)
