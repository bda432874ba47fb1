"""A formula as files of SNAP, with the lines of LAMMPS that name them."""

from __future__ import annotations

from pathlib import Path

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...files.atomic import write_atomic
from ...potential.potential import Potential
from ..foreign_format import ExportedFolder, Written
from ..lammps.native import native_of
from ..lammps.native_terms import SNAP_FILES

LINES = "formula.snap"


def exported(potential: Potential) -> ExportedFolder:
    """A folder with the two files and the lines. Raises ArtifactError `not-native`."""
    native = native_of(potential)
    if SNAP_FILES[0] not in native.files or native.tabulated:
        names = ", ".join(f"`{name}`" for name in native.tabulated)
        message = f"files of SNAP do not hold {names}" if names else "the formula has no term `snap`"
        help = "`--to lammps` writes any formula, as a pair style of its own"
        raise ArtifactError(Diagnostic("not-native", message, place="spec.pes", help=help))

    def fill(folder: Path) -> Written:
        for name, text in native.files.items():
            write_atomic(folder / name, text)
        write_atomic(folder / LINES, f"# {', '.join(potential.species)}, by potentia\n{native.stanza}\n")
        sentence = f"snapcoeff and snapparam of {', '.join(potential.species)}, number by number"
        return Written(sentence, {"species": list(potential.species), "files": [*native.files, LINES]})

    return ExportedFolder(SNAP_FILES[0], fill)
