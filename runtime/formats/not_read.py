"""Potentials of other programs that are not read yet, and the way round."""

from __future__ import annotations

from pathlib import Path

STYLES = ("eam", "eam/alloy", "eam/cd", "eam/fs", "meam", "reaxff", "snap", "table", "uf3")
WAY_ROUND = "compute energies and forces of structures with LAMMPS, and fit a formula to them: `potentia fit`"
_ENDINGS = {
    ".alloy": "eam/alloy",
    ".setfl": "eam/alloy",
    ".fs": "eam/fs",
    ".eam": "eam",
    ".meam": "meam",
    ".snapcoeff": "snap",
    ".snapparam": "snap",
    ".table": "table",
    ".uf3": "uf3",
}


def style_of(path: Path) -> str | None:
    """The pair style of LAMMPS that a file is for, by the ending of its name; None where it tells none."""
    return _ENDINGS.get(path.suffix.lower())
