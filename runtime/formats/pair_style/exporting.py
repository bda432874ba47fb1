"""Terms of the library as input lines of LAMMPS, where its styles have the same formula and need no file."""

from __future__ import annotations

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...potential.potential import Potential
from ..foreign_format import Exported
from ..lammps.native import native_of
from ..lammps.source import masses


def exported(potential: Potential) -> Exported:
    """The lines. Raises ArtifactError `not-native` where a term has no style, or one that reads a file."""
    native = native_of(potential)
    if native.files:
        names = ", ".join(native.files)
        tables = f", tables of {', '.join(native.tabulated)}" if native.tabulated else ""
        message = f"LAMMPS needs more than lines for it: {names}{tables}"
        help = "`--to lammps --style native` writes a folder with these"
        if native.tabulated == ("reference",):
            help += "; `potentia fit --no-reference` fits without energies of free atoms"
        raise ArtifactError(Diagnostic("not-native", message, help=help))
    species = potential.species
    weights = [
        f"mass {k} {m:.10g}  # {s}" for k, (s, m) in enumerate(zip(species, masses(species), strict=True), 1)
    ]
    lines = ["units metal", *weights, native.stanza]
    sentence = f"input lines of LAMMPS for {', '.join(species)}"
    return Exported("\n".join(lines) + "\n", sentence, {"species": list(species)})
