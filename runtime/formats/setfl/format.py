"""Tables of embedded atoms as a foreign format. What reads and writes them is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign_format import Exported, Format, Imported, beginning

if TYPE_CHECKING:
    from ...potential.potential import Potential

_BEGINNING = 1 << 14  # bytes


def _beginning(path: Path) -> list[list[str]]:
    """The words of the first lines; none where the file cannot be read."""
    text = beginning(path, _BEGINNING).decode("utf-8", "replace")
    return [line.split() for line in text.splitlines()[:5]]


def _is_grid(words: list[str]) -> bool:
    """n_rho drho n dr cutoff"""
    return len(words) >= 5 and words[0].isdigit() and words[2].isdigit()


def _is_setfl(path: Path) -> bool:
    lines = _beginning(path)
    return len(lines) == 5 and len(lines[3]) > 1 and lines[3][0].isdigit() and _is_grid(lines[4])


def _is_funcfl(path: Path) -> bool:
    lines = _beginning(path)
    return len(lines) >= 3 and len(lines[1]) > 1 and lines[1][0].isdigit() and _is_grid(lines[2])


def _recognises(path: Path) -> bool:
    return _by_name(path) is not None or _is_setfl(path) or _is_funcfl(path)


def _by_name(path: Path) -> str | None:
    """The style that the ending of the name tells."""
    ends = {".fs": "eam/fs", ".alloy": "eam/alloy", ".setfl": "eam/alloy", ".eam": "eam", ".funcfl": "eam"}
    return ends.get(path.suffix.lower()) if path.is_file() else None


def _read(path: Path) -> Imported:
    from .funcfl import imported_funcfl
    from .importing import imported_setfl

    style = _by_name(path)
    if style == "eam" or (style is None and not _is_setfl(path)):
        return imported_funcfl(path)
    return imported_setfl(path, style == "eam/fs")


def _write(potential: Potential) -> Exported:
    from .exporting import exported

    return exported(potential, by_pair=False)


def _write_by_pair(potential: Potential) -> Exported:
    from .exporting import exported

    return exported(potential, by_pair=True)


FORMAT = Format(
    "setfl",
    "tables of LAMMPS (eam/alloy, eam/fs, eam)",
    "pairs and functions of one density",
    _recognises,
    _read,
    _write,
    {"alloy": _write, "fs": _write_by_pair},
)
