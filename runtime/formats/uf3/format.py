"""Files of `pair_style uf3` as a foreign format. What reads and writes them is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign_format import Exported, Format, Imported, beginning

if TYPE_CHECKING:
    from ...potential.potential import Potential

_FIRST = b"#UF3 POT"


def _recognises(path: Path) -> bool:
    return beginning(path, len(_FIRST)) == _FIRST


def _read(path: Path) -> Imported:
    from .importing import imported

    return imported(path)


def _write(potential: Potential) -> Exported:
    from .exporting import exported

    return exported(potential)


FORMAT = Format(
    "uf3",
    "an ultra-fast force field of LAMMPS (uf3)",
    "a sum of uf_pair and uf_triple",
    _recognises,
    _read,
    _write,
)
