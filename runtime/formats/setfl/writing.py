"""Tables of embedded atoms as the text of a setfl file, `eam/alloy` or `eam/fs`."""

from __future__ import annotations

from ....compiler.chemistry.elements import ELEMENTS
from ...structures.arrays import Floats
from ..lammps.source import masses
from .tables import EamTables


def setfl_text(tables: EamTables) -> str:
    """The file: for each element F(ρ) and its densities, then r φ(r) of pairs.

    Numbers have as many digits as it takes to read them back unchanged.
    """
    species = tables.species
    lines = ["tables of a formula, by potentia", "", "", f"{len(species)} {' '.join(species)}"]
    n_rho = tables.embedding.shape[1]
    lines.append(f"{n_rho} {tables.drho!r} {tables.n} {tables.dr!r} {tables.cutoff!r}")
    for k, (symbol, mass) in enumerate(zip(species, masses(species), strict=True)):
        lines.append(f"{ELEMENTS[symbol][0]} {mass!r} 1.0 none")
        lines += _column(tables.embedding[k])
        lines += _column(tables.density[k].ravel())
    for i in range(len(species)):
        for j in range(i + 1):
            lines += _column(tables.z[i, j])
    return "\n".join(lines) + "\n"


def _column(values: Floats) -> list[str]:
    return [repr(float(value)) for value in values]
