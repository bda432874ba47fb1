"""Curves of two atoms, and whether their core repels: the least repulsive force between two distances.

Many dimers are computed at once, far apart in one open structure; their energies are sums over sites.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from pydantic import Field

from ...files.settings import Section
from ...structures.arrays import Floats
from ...structures.structure import Structure
from ..bench import Bench, Outcome, Quantity, Task
from ..evaluator import Direction, Evaluator
from ..family import Plot, family
from ..prototypes import nearest
from ..results import Curve, Estimate, Unmeasured

_AT_ONCE = 24  # dimers in one structure
_FINER = 6  # grids
_SAME = 1e-9
_FAR = 1.2  # times the longest cutoff, between dimers


class DimerConfig(Section):
    """The core is checked from `shortest` (Å) to `fraction` of the distance of nearest neighbours.

    Two atoms by themselves bind at less than in the crystal (Cr2 at 1.68 Å of 2.50 Å): the core ends below.
    """

    shortest: float = Field(0.3, ge=0.05, le=2, description="Shortest distance, Å.")
    fraction: float = Field(
        0.6, gt=0.1, le=1, description="Longest distance of the core, in distances of nearest neighbours."
    )
    points: int = Field(64, ge=8, le=1000, description="Number of distances.")


@family(
    "dimer",
    DimerConfig,
    plot=Plot("distance (Å)", "energy (eV)", about_zero=True),
)
def tasks(bench: Bench, settings: DimerConfig) -> list[Task]:
    """One for each pair of species."""
    species = bench.evaluator.potential.species
    return [_task(bench, settings, a, b) for a, b in combinations_with_replacement(species, 2)]


def _task(bench: Bench, settings: DimerConfig, a: str, b: str) -> Task:
    def run() -> Outcome:
        end = settings.fraction * neighbour_distance(bench, a, b)
        if end <= settings.shortest:
            raise Unmeasured(
                f"the core would end at {end:.2f} Å, below its beginning at {settings.shortest} Å"
            )
        reach = max(bench.evaluator.cutoff, 1.2 * end)
        core = np.linspace(settings.shortest, end, settings.points)
        outside = np.linspace(end, reach, settings.points)[1:]
        distances = np.concatenate([core, outside])
        energies, forces = scanned(bench.evaluator, a, b, distances)
        alone = bench.isolated(dimer(a, b, 1.0)).value
        r, force, error = _weakest(bench.evaluator, a, b, core, forces[: len(core)])
        note = f"weakest at {r:.2f} Å" if force > 0 else f"attractive at {r:.2f} Å: the core is not monotone"
        gradient = None
        if bench.evaluator.with_gradients:
            gradient = -bench.evaluator.slope_by_theta(dimer(a, b, r), _apart())
        curve = Curve("dimer", f"{a}-{b}", distances, energies - alone)
        return Outcome([Estimate(force, gradient, note, error)], [curve])

    return Task((Quantity(f"core_force.{a}-{b}", "eV/Å"),), run)


def _weakest(evaluator: Evaluator, a: str, b: str, r: Floats, forces: Floats) -> tuple[float, float, float]:
    """Where the force is weakest (Å), the force there (eV/Å), and its error.

    Ever finer grids are laid about that place, as long as they change it.
    """
    force = np.inf
    for _ in range(_FINER):
        k, before = int(np.argmin(forces)), force
        place, force = float(r[k]), float(forces[k])
        if before - force <= _SAME * abs(force):
            break
        r = np.linspace(r[max(k - 1, 0)], r[min(k + 1, len(r) - 1)], _AT_ONCE)
        forces = scanned(evaluator, a, b, r)[1]
    return place, force, 0.0 if np.isinf(before) else before - force


def neighbour_distance(bench: Bench, a: str, b: str) -> float:
    """Å between neighbours of these species in the crystals as they are before relaxation; where they never
    meet, the sum of the covalent radii.
    """
    found = [nearest(c.structure, a, b) for c in bench.candidates if {a, b} <= set(c.structure.species)]
    known = [d for d in found if d is not None]
    radii = sum(float(covalent_radii[atomic_numbers[s]]) for s in (a, b))
    return known[0] if known else radii


def scanned(evaluator: Evaluator, a: str, b: str, distances: Floats) -> tuple[Floats, Floats]:
    """Energies (n,) in eV and repulsive forces −dE/dr (n,) in eV/Å at distances in Å."""
    energies, forces = [], []
    for first in range(0, len(distances), _AT_ONCE):
        some = distances[first : first + _AT_ONCE]
        values = evaluator.values(_row(a, b, some, _FAR * evaluator.cutoff + 1.0))
        energies.append(values.site_energy.reshape(-1, 2).sum(axis=1))
        forces.append(values.forces[1::2, 2])
    return np.concatenate(energies), np.concatenate(forces)


def dimer(a: str, b: str, distance: float) -> Structure:
    """Two atoms along z, by themselves."""
    return _row(a, b, np.array([distance]), 0.0)


def _row(a: str, b: str, distances: Floats, gap: float) -> Structure:
    numbers = np.tile(np.array([atomic_numbers[a], atomic_numbers[b]], dtype=np.int32), len(distances))
    positions = np.zeros((2 * len(distances), 3))
    positions[:, 0] = np.repeat(np.arange(len(distances)) * gap, 2)
    positions[1::2, 2] = distances
    return Structure(
        numbers, positions, np.zeros((3, 3)), np.zeros(3, dtype=np.bool_), place=f"dimer {a}-{b}"
    )


def _apart() -> Direction:
    return Direction(np.zeros((3, 3)), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
