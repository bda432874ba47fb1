"""Potentials of other programs that are not read yet, and the way round."""

from __future__ import annotations

from pathlib import Path

STYLES = ("eam/cd", "eam/he", "meam", "reaxff")
WAY_ROUND = "compute energies and forces of structures with LAMMPS, and fit a formula to them: `potentia fit`"
TABLE_HELP = "import an input that names it: `pair_style table spline 1000`, `pair_coeff 1 1 FILE SECTION`"
_ENDINGS = {
    ".cdeam": "eam/cd",
    ".he": "eam/he",
    ".meam": "meam",
}


def style_of(path: Path) -> str | None:
    """The pair style of LAMMPS that a file is for, by the ending of its name; None where it tells none."""
    return _ENDINGS.get(path.suffix.lower())
