"""Files funcfl of the style `eam`: one element each, brought to one grid as LAMMPS does for several.

a line of comment
29 63.55 3.615 fcc
n_rho drho n dr cutoff
F(ρ), then the effective charge Z(r), then f(r)          r φ_ij(r) = 27.2 · 0.529 Z_i Z_j eV Å
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ....compiler.chemistry.elements import ELEMENTS
from ...structures.arrays import Floats
from ..foreign_format import Imported
from .blocks import Blocks
from .importing import NEGLIGIBLE, imported_tables
from .reading import grid_of, require_metal
from .tables import EamTables

_HARTREE_BOHR = 27.2 * 0.529  # eV Å, of LAMMPS
_SYMBOLS = {z: symbol for symbol, (z, _) in ELEMENTS.items()}


@dataclass(frozen=True, eq=False)
class Funcfl:
    """The tables of an element. charge: Z (n,)."""

    element: str
    cutoff: float
    dr: float
    drho: float
    embedding: Floats
    charge: Floats
    density: Floats


def read_funcfl(path: Path) -> Funcfl:
    """Raises ArtifactError: missing-file, unreadable-file, truncated-file, malformed-input,
    unsupported-input.
    """
    blocks = Blocks(path)
    require_metal(blocks.line("the first line"))
    head = blocks.header("the line of the element", 2, "29 63.55 3.615 fcc")
    z = head.count(head.words[0], 1)
    if z not in _SYMBOLS:
        raise head.error(f"the atomic number `{z}` is that of no element")
    n_rho, drho, n, dr, cutoff = grid_of(blocks)
    found = [
        blocks.numbers(size, what) for size, what in ((n_rho, "F"), (n, "the charge Z"), (n, "the density f"))
    ]
    blocks.require_end()
    return Funcfl(_SYMBOLS[z], cutoff, dr, drho, *found)


def imported_funcfl(path: Path) -> Imported:
    """The potential of a file of one element. Raises ArtifactError as `read_funcfl`."""
    tables = joined([read_funcfl(path)])
    imported = imported_tables(tables, path.name)
    return replace(imported, sentence=imported.sentence + note_of_densities(tables))


def note_of_densities(tables: EamTables) -> str:
    """What LAMMPS does otherwise beyond the last density of joined tables; empty where it is nothing.

    `joined` drops the last point, as LAMMPS does, which begins its tangent at that point nevertheless and
    keeps the energy constant up to there (pair_eam.cpp, rhomax).
    """
    step = float(np.abs(tables.embedding[:, -1] - tables.embedding[:, -2]).max())
    if step <= NEGLIGIBLE:
        return ""
    last = tables.drho * (tables.embedding.shape[1] - 1)
    return (
        f"; beyond a density of {last:g}, where F ends, its tangent begins here, and a step later in LAMMPS: "
        f"energies differ by at most {step:.1e} eV an atom, forces not at all"
    )


def joined(files: Sequence[Funcfl]) -> EamTables:
    """Elements on one grid, the widest steps of all of them, as far as the longest of their tables."""
    drho, dr = max(f.drho for f in files), max(f.dr for f in files)
    most = max((len(f.embedding) - 1) * f.drho for f in files)
    longest = max((len(f.charge) - 1) * f.dr for f in files)
    rho = drho * np.arange(int(most / drho + 0.5), dtype=np.float64)
    r = dr * np.arange(int(longest / dr + 0.5), dtype=np.float64)
    charges = np.array([_resampled(f.charge, r / f.dr) for f in files])
    return EamTables(
        species=tuple(f.element for f in files),
        cutoff=max(f.cutoff for f in files),
        dr=dr,
        drho=drho,
        embedding=np.array([_resampled(f.embedding, rho / f.drho) for f in files]),
        density=np.array([_resampled(f.density, r / f.dr) for f in files]),
        z=_HARTREE_BOHR * charges[:, None] * charges[None, :],
    )


def _resampled(values: Floats, x: Floats) -> Floats:
    """The cubic through the two points before x and the two after it (Lagrange), x in steps of the values.

    Near an end it is the cubic of the last four points; two steps beyond that the function is constant.
    """
    first = np.clip(x.astype(int), 1, len(values) - 3)
    p = np.minimum(x - first, 2.0)
    weights = (
        -p * (p - 1.0) * (p - 2.0) / 6.0,
        (p * p - 1.0) * (p - 2.0) / 2.0,
        -p * (p + 1.0) * (p - 2.0) / 2.0,
        p * (p * p - 1.0) / 6.0,
    )
    found: Floats = sum(w * values[first + k - 1] for k, w in enumerate(weights))
    return found
