"""Parity structures of an export, and what the formula itself gives for them.

Cells are in LAMMPS's frame: rows (lx, 0, 0), (xy, ly, 0), (xz, yz, lz).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....compiler.backends.reference.predict import predict
from ....compiler.backends.target import StructurePrediction
from ....compiler.chemistry.elements import ELEMENTS
from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...potential.potential import Potential
from ...structures.arrays import Cell, Positions, Species

_TILTS = np.array([[1.0, 0.0, 0.0], [0.11, 0.97, 0.0], [-0.08, 0.06, 1.04]])
_MOST_SPECIES = 8
_MARGIN = 1.0  # Å between atoms and an open wall
_ORDER = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))  # xx yy zz xy xz yz


@dataclass(frozen=True)
class ParityStructure:
    """positions (N, 3) Å; cell (3, 3), rows are vectors; periodic by axis; species (N,), indices."""

    name: str
    positions: Positions
    cell: Cell
    periodic: tuple[bool, bool, bool]
    species: Species

    @property
    def boundary(self) -> str:
        """`p p f`, as LAMMPS has it."""
        return " ".join("p" if p else "f" for p in self.periodic)


def parity_structures(species: Sequence[str]) -> tuple[ParityStructure, ...]:
    """A skewed crystal, a slab, a cluster, and atoms in each other's core; the same for the same species.

    Each has every species, or of many eight: the reference takes its time.
    """
    rng = np.random.default_rng(14)
    spacing = 0.9 * 2.0 * float(np.mean([ELEMENTS[s][1] for s in species]))
    first, second, third = (_some(len(species), part) for part in range(3))
    return (
        _crystal("crystal", spacing, first, _TILTS, (True, True, True), rng),
        _crystal("slab", 1.06 * spacing, second, np.eye(3), (True, True, False), rng),
        _cluster("cluster", spacing, third, 10, (0.85, 1.2), rng),
        _cluster("contact", spacing, first, 6, (0.4, 0.9), rng),
    )


def _some(n_species: int, part: int) -> Species:
    """Species of a structure, as indices."""
    return (part * _MOST_SPECIES + np.arange(min(n_species, _MOST_SPECIES), dtype=np.int32)) % n_species


def reference(potential: Potential, structure: ParityStructure) -> StructurePrediction:
    """What the formula gives, by complex steps through the reference, not by derivatives of ours.

    Raises ArtifactError `not-finite`.
    """
    found = predict(
        potential.model,
        potential.theta,
        structure.positions,
        structure.cell,
        np.array(structure.periodic),
        structure.species,
    )
    if not all(np.isfinite(part).all() for part in (found.site_energy, found.forces, found.virial)):
        message = f"the potential is not finite for the parity structure `{structure.name}`"
        raise ArtifactError(Diagnostic("not-finite", message))
    return found


def reference_text(structure: ParityStructure, found: StructurePrediction) -> str:
    """The lines that `verify.sh` reads; virial dE/dε, xx yy zz xy xz yz."""
    virial = " ".join(repr(float(found.virial[place])) for place in _ORDER)
    lines = [
        "# eV, eV/Angstrom; virial dE/dstrain: xx yy zz xy xz yz; atom: number, force, energy, type",
        f"boundary {structure.boundary}",
        f"energy {found.energy!r}",
        f"virial {virial}",
    ]
    for k, (species, force, energy) in enumerate(
        zip(structure.species, found.forces, found.site_energy, strict=True), 1
    ):
        force_text = " ".join(repr(float(f)) for f in force)
        lines.append(f"atom {k} {force_text} {float(energy)!r} {int(species) + 1}")
    return "\n".join(lines) + "\n"


def data_file(structure: ParityStructure, species: Sequence[str], masses: Sequence[float]) -> str:
    """The structure as LAMMPS's `read_data` reads it."""
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = ([float(x) for x in row] for row in structure.cell)
    lines = [
        f"# {structure.name}: {' '.join(species)}",
        "",
        f"{len(structure.species)} atoms",
        f"{len(species)} atom types",
        "",
        *(f"0.0 {length!r} {axis}lo {axis}hi" for axis, length in zip("xyz", (lx, ly, lz), strict=True)),
        f"{xy!r} {xz!r} {yz!r} xy xz yz",
        "",
        "Masses",
        "",
        *(f"{k} {mass!r}  # {name}" for k, (mass, name) in enumerate(zip(masses, species, strict=True), 1)),
        "",
        "Atoms # atomic",
        "",
    ]
    for k, (kind, place) in enumerate(zip(structure.species, structure.positions, strict=True), 1):
        lines.append(f"{k} {int(kind) + 1} " + " ".join(repr(float(x)) for x in place))
    return "\n".join(lines) + "\n"


def _crystal(
    name: str,
    spacing: float,
    present: Species,
    tilts: Cell,
    periodic: tuple[bool, bool, bool],
    rng: np.random.Generator,
) -> ParityStructure:
    """A rattled body-centred crystal; an open direction has walls beyond the outermost atoms."""
    edge = 2.0 / np.sqrt(3.0) * spacing
    repeats = (2, 2, 2)
    corners = np.array(list(np.ndindex(repeats)), dtype=float)
    sites = np.concatenate([corners, corners + 0.5]) + 0.25
    cell = tilts * edge * np.array(repeats, dtype=float)[:, None]
    positions = sites / np.array(repeats) @ cell + rng.normal(0.0, 0.03 * spacing, sites.shape)
    species = rng.permutation(np.resize(present, len(sites)))
    if not periodic[2]:
        positions[:, 2] += _MARGIN - positions[:, 2].min()
        cell[2, 2] = positions[:, 2].max() + _MARGIN
    return ParityStructure(name, positions, cell, periodic, species)


def _cluster(
    name: str,
    spacing: float,
    present: Species,
    count: int,
    distances: tuple[float, float],
    rng: np.random.Generator,
) -> ParityStructure:
    """Atoms near each other. distances: in spacings, of each to an earlier one; the first is the shortest."""
    points = [np.zeros(3)]
    while len(points) < count:
        step = rng.normal(size=3)
        step *= spacing * rng.uniform(*distances) / np.linalg.norm(step)
        trial = points[rng.integers(len(points))] + step
        if min(float(np.linalg.norm(trial - p)) for p in points) > distances[0] * spacing:
            points.append(trial)
    positions = np.array(points)
    positions += _MARGIN - positions.min(axis=0)
    cell = np.diag(positions.max(axis=0) + _MARGIN)
    species = np.resize(present, len(points))
    return ParityStructure(name, positions, cell, (False, False, False), species)
