"""Input lines of LAMMPS as a foreign format. What reads and writes them is imported when it is called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign_format import Exported, Format, Imported, beginning

if TYPE_CHECKING:
    from ...potential.potential import Potential

_FIRST = re.compile(rb"^\s*pair_style\s", re.MULTILINE)
_BEGINNING = 1 << 20  # bytes


def _recognises(path: Path) -> bool:
    return _FIRST.search(beginning(path, _BEGINNING)) is not None


def _read(path: Path) -> Imported:
    from .importing import imported

    return imported(path)


def _write(potential: Potential) -> Exported:
    from .exporting import exported

    return exported(potential)


FORMAT = Format(
    "pair_style",
    "an input of LAMMPS (pair_style, pair_coeff)",
    "a sum of terms that pair styles have",
    _recognises,
    _read,
    _write,
)
