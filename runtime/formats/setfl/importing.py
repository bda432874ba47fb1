"""Tables of embedded atoms as a call of the term `eam_table`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...structures.arrays import Floats
from ..foreign_format import Imported
from ..pair_style.calls import Call, length, number, potential_of
from .reading import read_setfl
from .tables import EamTables, beyond, knots

NEGLIGIBLE = (
    1e-9  # a step's rise of r φ(r), eV Å, of a density, or of F, eV, that is told where LAMMPS ends it
)


def imported_setfl(path: Path, by_pair: bool) -> Imported:
    """The potential of a setfl file. Raises ArtifactError as `read_setfl`."""
    return imported_tables(read_setfl(path, by_pair), path.name)


def imported_tables(tables: EamTables, name: str) -> Imported:
    """name: of the file, for the first line of the spec."""
    potential = potential_of(name, tables.species, [eam_call(tables)])
    return Imported(potential, sentence_of(tables) + note_of(tables))


def sentence_of(tables: EamTables) -> str:
    kind = "eam/fs" if tables.by_pair else "eam"
    points = f"{tables.embedding.shape[1]} densities and {tables.n} distances"
    return f"{kind} of {', '.join(tables.species)}, tables of {points}"


def note_of(tables: EamTables) -> str:
    """What LAMMPS does otherwise between the last knot and the cutoff; empty where it is nothing."""
    part = min(1.0, beyond(tables))
    rises = [np.abs(t[..., -1] - t[..., -2]).max() for t in (tables.z, tables.density)]
    if part * max(rises) <= NEGLIGIBLE:
        return ""
    last = tables.dr * (tables.n - 1)
    most = f"{part * rises[0]:.1e} eV Å in r φ, {part * rises[1]:.1e} in a density"
    return (
        f"; from {last:g} Å, where the tables end, to the cutoff they go on straight here and are constant "
        f"in LAMMPS: a difference of at most {most}"
    )


def eam_call(tables: EamTables, only: Sequence[str] = ()) -> Call:
    """only: the species that the term acts among, none for all of the spec."""
    arguments = {
        "rc": length(tables.cutoff),
        "n": str(tables.n),
        "dr": length(tables.dr),
        "n_rho": str(tables.embedding.shape[1]),
        "drho": number(tables.drho),
        "density": "of_pair" if tables.by_pair else "of_neighbour",
        "switch": "hard",
    }
    order = list(enumerate(tables.species))
    rows: dict[str, dict[tuple[str, ...], Floats]] = {
        "z": {(a, b): knots(tables.z[i, j]) for i, a in order for j, b in order if i <= j},
        "F": {(a,): knots(tables.embedding[i]) for i, a in order},
    }
    if tables.by_pair:  # of the atom that feels it, then of the neighbour
        rows["g"] = {(a, b): knots(tables.density[j, i]) for i, a in order for j, b in order}
    else:
        rows["f"] = {(a,): knots(tables.density[i]) for i, a in order}
    return Call("eam_table", tuple(only), arguments, {}, tables=rows)
