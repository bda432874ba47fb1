"""Energies of low-index surfaces: γ = (E(slab) − n E(crystal))/2A, of slabs open to both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil, gcd
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ....compiler.chemistry.constants import J_PER_M2
from ...structures.arrays import Floats
from ...structures.structure import Structure
from ..bench import Bench, Outcome, Quantity, Task
from ..crystal import Crystal, of_structure
from ..family import OfStructures, family
from ..prototypes import Candidate, Vectors
from ..relaxation import Variables, relax
from ..results import Estimate, Unmeasured
from ..structure_config import Miller

_MOST = 400  # atoms of a slab
_THINNER = 0.7  # the part of the thickness that shows what is left of it


class SurfaceConfig(OfStructures):
    """The slabs."""

    miller: tuple[Miller, ...] | None = Field(None, description="Planes, of the conventional cell.")
    thickness: float = Field(12.0, ge=3, le=60, description="Thickness of the slab, Å.")
    relax: bool = Field(True, description="Whether the atoms of the slab move.")

    @model_validator(mode="after")
    def _planes(self) -> Self:
        if self.miller is not None and ((0, 0, 0) in self.miller or not self.miller):
            raise ValueError("`miller` names planes: [[1, 0, 0]]; (0, 0, 0) is none")
        return self


@family("surface", SurfaceConfig)
def tasks(bench: Bench, settings: SurfaceConfig) -> list[Task]:
    """One for each structure and plane."""
    chosen = bench.chosen(settings.structures)
    return [_task(bench, settings, c, plane) for c in chosen for plane in settings.miller or c.planes]


def _task(bench: Bench, settings: SurfaceConfig, candidate: Candidate, plane: Miller) -> Task:
    name = "".join(f"{'-' if k < 0 else ''}{abs(k)}" for k in plane)

    def run() -> Outcome:
        crystal = bench.crystal(candidate)
        gamma = _energy(bench, settings, crystal, plane, settings.thickness)
        if gamma.gradient is not None:  # what is left of the thickness
            thinner = _energy(bench, settings, crystal, plane, _THINNER * settings.thickness)
            gamma = gamma.off(gamma.value - thinner.value)
        note = gamma.note or ("" if settings.relax else "not relaxed")
        return Outcome([replace(gamma, note=note)])

    return Task((Quantity(f"surface_energy.{candidate.name}.{name}", "J/m^2"),), run)


def _energy(
    bench: Bench, settings: SurfaceConfig, crystal: Crystal, plane: Miller, thickness: float
) -> Estimate:
    """J/m² of a slab that is so thick (Å). Raises Unmeasured."""
    build = slab(crystal.structure, crystal.candidate.conventional, plane, thickness)
    start = build(crystal.structure)
    if start.n_atoms > _MOST:
        raise Unmeasured(f"the slab has {start.n_atoms} atoms, more than {_MOST}: name a thinner one")
    at = relax(bench.evaluator, start, Variables(atoms=True)) if settings.relax else start
    energy = crystal.with_geometry(of_structure(bench.evaluator, at), build, at)
    excess = energy - crystal.energy * (start.n_atoms / crystal.n_atoms)
    (both_sides,) = crystal.estimate(lambda s: np.array([2 * _area(build(s))]), None)
    return excess.over(both_sides) * J_PER_M2


def slab(
    unit: Structure, conventional: Vectors, plane: Miller, thickness: float
) -> Callable[[Structure], Structure]:
    """What makes slabs of crystals near `unit`, of so many layers that they are `thickness` Å thick.

    The plane has the Miller indices of the conventional cell. The slab has the smallest cell in the plane, is
    open along its third vector, and is cut where the atoms leave the widest gap.
    """
    basis = _basis(unit.cell, _primitive_indices(conventional, plane))
    cell = basis @ unit.cell
    spacing = abs(np.linalg.det(cell)) / np.linalg.norm(np.cross(cell[0], cell[1]))
    layers = max(2, ceil(thickness / spacing - 1e-6))
    home = unit.positions @ np.linalg.inv(cell)
    shift = -np.floor(home + 1e-9)
    height = home[:, 2] + shift[:, 2]
    shift[height < _first_above_gap(height) - 1e-9, 2] += 1  # the atoms below the gap go on top
    offsets = shift @ basis  # in vectors of the unit cell: the same for all crystals near this one

    def build(crystal: Structure) -> Structure:
        new = basis @ crystal.cell
        layer = crystal.positions + offsets @ crystal.cell
        positions = np.concatenate([layer + k * new[2] for k in range(layers)])
        new = new * np.array([1.0, 1.0, layers])[:, None]
        periodic = np.array([True, True, False])
        return Structure(np.tile(crystal.numbers, layers), positions, new, periodic, place=f"slab {plane}")

    return build


def _primitive_indices(conventional: Vectors, plane: Miller) -> NDArray[np.int64]:
    """Miller indices in reciprocal vectors of the primitive cell: P⁻¹h with P the conventional cell."""
    scaled = np.linalg.solve(np.asarray(conventional, dtype=np.float64), np.array(plane, dtype=np.float64))
    whole = np.round(scaled * abs(round(np.linalg.det(conventional)))).astype(np.int64)
    return whole // gcd(*whole.tolist())


def _basis(cell: Floats, plane: NDArray[np.int64]) -> NDArray[np.int64]:
    """Integer rows: the two shortest vectors in the plane, which span its lattice, and the shortest step to
    the next plane.
    """
    reach = 2 * int(np.abs(plane).max()) + 2
    grid = np.arange(-reach, reach + 1)
    every = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), axis=-1).reshape(-1, 3)
    every = every[np.argsort(np.round(np.linalg.norm(every @ cell, axis=1), 9), kind="stable")]
    level = every @ plane
    inside, above = every[level == 0][1:], every[level == 1]
    first = inside[0]
    second = next(v for v in inside[1:] if np.cross(first, v).any())
    return np.array([first, second, above[0]])


def _first_above_gap(heights: Floats) -> float:
    """Of heights in a period of 1, the one above the widest gap."""
    found = np.unique(np.round(heights, 9))
    gaps = np.diff(found, prepend=found[-1] - 1)
    return float(found[int(np.argmax(np.round(gaps, 6)))])


def _area(structure: Structure) -> float:
    return float(np.linalg.norm(np.cross(*structure.cell[:2])))
