"""Seeded structures of every kind, and writers of the potential files that LAMMPS reads.

`structures` scales one zoo of crystals, clusters, slabs and tiny cells to a nearest-neighbour distance, so
that each potential is tried where it acts. The writers tabulate Python callables (setfl, eam/fs) or lay out
parameters (sw, tersoff).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray

Array = NDArray[np.float64]
Radial = Callable[[Array], Array]

# lattice constant / nearest-neighbour distance; repeats of the cell that make 8 to 16 atoms
LATTICES = {"bcc": 2 / sqrt(3), "fcc": sqrt(2), "diamond": 4 / sqrt(3), "hcp": 1.0, "rocksalt": 2.0}
REPEATS = {"bcc": (2, 2, 2), "fcc": (2, 1, 1), "diamond": (1, 1, 1), "hcp": (2, 2, 1), "rocksalt": (1, 1, 1)}


def crystal(kind: str, species: Sequence[str], spacing: float, rng: np.random.Generator) -> Atoms:
    """A crystal of the lattice `kind`, slightly strained and rattled; species at random, or by sublattice."""
    a = LATTICES[kind] * spacing
    first, last = species[0], species[-1]
    if kind == "rocksalt":
        atoms = bulk("NaCl", "rocksalt", a=a, cubic=True)
        atoms.symbols[:] = [first if symbol == "Na" else last for symbol in atoms.symbols]
    elif kind == "hcp":
        atoms = bulk(first, "hcp", a=a)
    else:
        atoms = bulk(first, kind, a=a, cubic=True)
    atoms = atoms.repeat(REPEATS[kind])
    if kind != "rocksalt":
        atoms.symbols[:] = rng.permutation([species[i % len(species)] for i in range(len(atoms))])
    return disturb(atoms, spacing, rng)


def disturb(atoms: Atoms, spacing: float, rng: np.random.Generator) -> Atoms:
    """A general strain of a few per cent, then a rattle of 4 % of the nearest-neighbour distance."""
    atoms = atoms.copy()
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.uniform(-0.03, 0.03, (3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0.0, 0.04 * spacing, atoms.positions.shape)
    return atoms


def cluster(species: Sequence[str], count: int, spacing: float, rng: np.random.Generator) -> Atoms:
    """Random non-periodic cluster without distances under 0.85 spacings, each atom near an earlier one."""
    points = [np.zeros(3)]
    while len(points) < count:
        step = rng.normal(size=3)
        step *= spacing * rng.uniform(0.85, 1.2) / np.linalg.norm(step)
        trial = points[rng.integers(len(points))] + step
        if min(float(np.linalg.norm(trial - p)) for p in points) > 0.85 * spacing:
            points.append(trial)
    symbols = [species[i % len(species)] for i in range(count)]
    return Atoms(symbols, np.array(points) + rng.uniform(-20, 20, 3), pbc=False)


def open_along(atoms: Atoms, axes: Sequence[int]) -> Atoms:
    """The same atoms, not periodic along `axes`."""
    atoms = atoms.copy()
    atoms.pbc = [axis not in axes for axis in range(3)]
    return atoms


def tiny(kind: str, symbols: Sequence[str], spacing: float, rng: np.random.Generator) -> Atoms:
    """Primitive cell of one or two atoms: every vector is shorter than the cutoffs."""
    a = LATTICES[kind] * spacing
    atoms = bulk("Nb", kind, a=a)
    if len(symbols) == 2 and len(atoms) == 1:
        atoms = bulk("Nb", kind, a=a, cubic=True)[:2]
    atoms.symbols[:] = list(symbols)
    return disturb(atoms, spacing, rng)


def skewed(species: Sequence[str], spacing: float, rng: np.random.Generator) -> Atoms:
    """Strongly triclinic, turned in space, tilts beyond half an edge, atoms outside the cell."""
    atoms = crystal("fcc", species, spacing, rng).repeat((1, 1, 2))
    shear = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 2.0, 1.0]])  # integer: the same lattice
    atoms.set_cell(shear @ atoms.cell.array, scale_atoms=False)
    atoms.positions += rng.integers(-2, 3, (len(atoms), 3)) @ atoms.cell.array
    atoms.rotate(73.0, (1, 2, -1), rotate_cell=True)
    return atoms


def gathered(atoms: Atoms) -> Atoms:
    """All atoms in the cell: an open direction then leaves none alone (where ρ = 0, √ρ has no slope)."""
    atoms = atoms.copy()
    atoms.wrap()
    return atoms


def left_handed(species: Sequence[str], spacing: float, rng: np.random.Generator) -> Atoms:
    """A cell whose vectors have a negative determinant."""
    atoms = crystal("bcc", species, spacing, rng)
    atoms.set_cell(atoms.cell.array[[1, 0, 2]], scale_atoms=False)
    return atoms


def structures(species: Sequence[str], spacing: float, seed: int = 0) -> dict[str, Atoms]:
    """The zoo, for a nearest-neighbour distance of `spacing` Å; the same arguments give the same atoms."""
    rng = np.random.default_rng(seed)
    zoo = {kind: crystal(kind, species, spacing, rng) for kind in LATTICES}
    zoo["one_atom"] = tiny("bcc", species[:1], spacing, rng)
    zoo["two_atoms"] = tiny("bcc", (species[0], species[-1]), spacing, rng)
    zoo["two_atoms_diamond"] = tiny("diamond", (species[0], species[-1]), spacing, rng)
    zoo["triclinic"] = skewed(species, spacing, rng)
    zoo["left_handed"] = left_handed(species, spacing, rng)
    zoo["slab"] = open_along(crystal("bcc", species, spacing, rng), (2,))
    zoo["slab_x"] = open_along(gathered(skewed(species, spacing, rng)), (0,))
    zoo["wire"] = open_along(crystal("fcc", species, spacing, rng), (0, 1))
    zoo["cluster_small"] = cluster(species, 7, spacing, rng)
    zoo["cluster"] = cluster(species, 24, spacing, rng)
    return zoo


@dataclass(frozen=True)
class Grid:
    """Tables of `nr` points 0, dr, ... up to rc, and `nrho` points from 0 up to `rho_max`."""

    rc: float
    rho_max: float
    nr: int = 10_000
    nrho: int = 10_000

    @property
    def r(self) -> Array:
        return np.arange(self.nr) * (self.rc / (self.nr - 1))

    @property
    def rho(self) -> Array:
        return np.arange(self.nrho) * (self.rho_max / (self.nrho - 1))


@dataclass(frozen=True)
class Tables:
    """E = Σ_i F_i(ρ_i) + ½ Σ_{i≠j} φ_ij(r),  ρ_i = Σ_j ρ_{j→i}(r).

    `density[(source, site)]` is what an atom of species `source` adds at an atom of species `site`; eam/alloy
    has densities of the source alone, given as `density[source]`. φ is keyed by unordered pairs, once each.
    """

    species: tuple[str, ...]
    embedding: Mapping[str, Radial]
    density: Mapping[str, Radial] | Mapping[tuple[str, str], Radial]
    phi: Mapping[tuple[str, str], Radial]


def _column(values: Array) -> str:
    if not np.isfinite(values).all():
        raise ValueError("a table is not finite")
    return "\n".join(f"{value:.17g}" for value in values)


def _at(function: Radial, points: Array) -> Array:
    """The function on the grid; the value at 0 is not used by LAMMPS but must be a number."""
    with np.errstate(all="ignore"):
        values = np.asarray(function(points), dtype=float)
    if not np.isfinite(values[0]):
        values[0] = values[1]
    return values


def _pair_blocks(tables: Tables, grid: Grid) -> list[str]:
    """r φ(r) for (1,1), (2,1), (2,2), (3,1), ...: the lower triangle, row by row."""
    blocks = []
    for i, a in enumerate(tables.species):
        for b in tables.species[: i + 1]:
            phi = tables.phi[(a, b)] if (a, b) in tables.phi else tables.phi[(b, a)]
            blocks.append(_column(_at(lambda r, phi=phi: r * phi(r), grid.r)))  # type: ignore[misc]
    return blocks


def eam_file(tables: Tables, grid: Grid) -> str:
    """Text of a setfl file (`eam/alloy`), or of an `eam/fs` file if densities are keyed by (source, site).

    Layout: three comment lines; number of elements and names; nrho drho nr dr rc; then for each element Z,
    mass, lattice constant, lattice, F(ρ), its densities ρ(r) (eam/fs: at each element in turn); then r φ(r).
    LAMMPS interpolates by cubic Hermite pieces with slopes from five points, so the error falls as the fourth
    power of the step; beyond the last ρ it continues F by its tangent.
    """
    drho, dr = float(grid.rho[1]), float(grid.r[1])
    lines = ["tabulated from formulas", "", "", f"{len(tables.species)} {' '.join(tables.species)}"]
    lines.append(f"{grid.nrho} {drho:.17g} {grid.nr} {dr:.17g} {grid.rc:.17g}")
    for a in tables.species:
        z = atomic_numbers[a]
        lines += [f"{z} {atomic_masses[z]} 1.0 none", _column(_at(tables.embedding[a], grid.rho))]
        density: Mapping[object, Radial] = tables.density  # type: ignore[assignment]
        keys: list[object] = [a] if a in density else [(a, b) for b in tables.species]
        lines += [_column(_at(density[key], grid.r)) for key in keys]
    return "\n".join(lines + _pair_blocks(tables, grid)) + "\n"


SW_COLUMNS = ("epsilon", "sigma", "a", "lambda", "gamma", "costheta0", "A", "B", "p", "q")
TERSOFF_COLUMNS = (
    *("m", "gamma", "lambda3", "c", "d", "h"),  # ζ: of (i, j, k)
    *("n", "beta", "lambda2", "B", "R", "D", "lambda1", "A"),  # the bond: of (i, j, j); R and D also in ζ
)
Entry = dict[str, float]
Triple = tuple[str, str, str]


def write_entries(entries: Mapping[Triple, Entry], columns: Sequence[str], tail: str = "") -> str:
    """A sw or tersoff file: `centre j k values...` a line."""
    rows = (" ".join([*key, *(repr(float(e[c])) for c in columns), tail]) for key, e in entries.items())
    return "\n".join(["# made from the parameters of a test", *rows]) + "\n"


def read_entries(text: str, columns: Sequence[str], species: Sequence[str]) -> dict[Triple, Entry]:
    """The entries of a tersoff file (an entry may span lines) whose three species are all wanted."""
    words = [word for line in text.splitlines() for word in line.split("#")[0].split()]
    width = 3 + len(columns)
    if len(words) % width:
        raise ValueError(f"{len(words)} words are not entries of {width}")
    entries: dict[Triple, Entry] = {}
    for start in range(0, len(words), width):
        i, j, k = words[start : start + 3]
        if {i, j, k} <= set(species):
            entries[(i, j, k)] = dict(zip(columns, map(float, words[start + 3 : start + width]), strict=True))
    return entries
