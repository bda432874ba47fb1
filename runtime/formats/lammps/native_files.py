"""Files of parameters that styles of LAMMPS read: setfl tables of `eam/fs`, entries of `sw` and `tersoff`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....compiler.chemistry.elements import ELEMENTS
from ...structures.arrays import Floats
from .source import masses
from .tabulated import Tables

SW_COLUMNS = ("epsilon", "sigma", "a", "lambda", "gamma", "costheta0", "A", "B", "p", "q", "tol")
TERSOFF_COLUMNS = (
    *("m", "gamma", "lambda3", "c", "d", "costheta0"),
    *("n", "beta", "lambda2", "B", "R", "D", "lambda1", "A"),
)
Entries = Mapping[tuple[str, str, str], Mapping[str, float]]


def eam_fs(tables: Tables, species: Sequence[str]) -> str:
    """A file of `eam/fs`: F(ρ) and the densities at each element of each element, then r φ(r) of pairs."""
    r, rho = tables.r, tables.rho
    lines = ["tables of a formula, by potentia", "", "", f"{len(species)} {' '.join(species)}"]
    lines.append(f"{len(rho)} {float(rho[1])!r} {len(r)} {float(r[1])!r} {float(r[-1])!r}")
    for source, (symbol, mass) in enumerate(zip(species, masses(species), strict=True)):
        lines.append(f"{ELEMENTS[symbol][0]} {mass!r} 1.0 none")
        lines += _column(tables.embedding[source])
        for site in range(len(species)):
            lines += _column(tables.density[source, site])
    for i in range(len(species)):
        for j in range(i + 1):
            lines += _column(r * tables.pair[i, j])
    return "\n".join(lines) + "\n"


def entries_file(entries: Entries, columns: Sequence[str]) -> str:
    """A file of `sw` or `tersoff`: the centre, two neighbours, and their numbers on a line."""
    rows = (" ".join([*key, *(repr(float(e[c])) for c in columns)]) for key, e in entries.items())
    return "\n".join(["# parameters of a formula, by potentia", f"# {' '.join(columns)}", *rows]) + "\n"


def _column(values: Floats) -> list[str]:
    return [repr(float(value)) for value in values]
