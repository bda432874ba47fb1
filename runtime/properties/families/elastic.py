"""Elastic constants: second derivatives of the energy by strain, with the atoms free to follow.

C = (E_εε − E_εu E_uu⁺ E_uε)/V at the relaxed crystal (Born and Huang, Dynamical Theory of Crystal Lattices,
1954); the second derivatives are exact. For σ, with w a strain that the atoms follow, C_ab = wₐᵀ E_qq w_b/V,
and w itself needs no derivative, as the energy is stationary in how the atoms follow.
"""

from __future__ import annotations

import numpy as np

from ....compiler.chemistry.constants import GPA
from ...structures.arrays import Floats
from ...structures.structure import Structure
from ..bench import Bench, Outcome, Quantity, Task
from ..crystal import Crystal, hessian
from ..evaluator import Direction
from ..family import OfStructures, family
from ..prototypes import Candidate
from ..results import Estimate

_CUBIC = ((0, 0), (0, 1), (3, 3))
_HEXAGONAL = ((0, 0), (0, 1), (0, 2), (2, 2), (3, 3))
_ALL = tuple((a, b) for a in range(6) for b in range(a, 6))


@family("elastic", OfStructures)
def tasks(bench: Bench, settings: OfStructures) -> list[Task]:
    """One for each structure, the ground states unless some are named."""
    return [_task(bench, candidate) for candidate in bench.chosen(settings.structures)]


def _task(bench: Bench, candidate: Candidate) -> Task:
    wanted = _independent(candidate)
    quantities = tuple(Quantity(f"C{a + 1}{b + 1}.{candidate.name}", "GPa") for a, b in wanted)

    def run() -> Outcome:
        crystal = bench.crystal(candidate)
        rows, columns = np.array(wanted).T

        def values(structure: Structure) -> Floats:
            same = structure is crystal.structure
            h = crystal.hessian if same else hessian(bench.evaluator, structure, crystal.directions)
            return relaxed_constants(h)[0][rows, columns] / structure.volume

        constants, followed = relaxed_constants(crystal.hessian)
        found = crystal.estimate(values, lambda: _by_theta(crystal, followed, wanted))
        stable = np.linalg.eigvalsh(constants).min() > 0
        note = "" if stable else "the crystal is not stable: a strain lowers its energy"
        return Outcome([Estimate(e.value, e.gradient, e.note or note) * GPA for e in found])

    return Task(quantities, run)


def relaxed_constants(h: Floats) -> tuple[Floats, Floats]:
    """V·C (6, 6) in eV of second derivatives along six strains and 3N displacements, and how all of them
    follow the strains: (6 + 3N, 6).
    """
    ee, eu, uu = h[:6, :6], h[:6, 6:], h[6:, 6:]
    follow = -np.linalg.pinv(uu, rcond=1e-8, hermitian=True) @ eu.T if uu.size else np.zeros((0, 6))
    whole = ee + eu @ follow
    return 0.5 * (whole + whole.T), np.vstack([np.eye(6), follow])


def _by_theta(crystal: Crystal, followed: Floats, wanted: tuple[tuple[int, int], ...]) -> Floats:
    """∂C/∂θ (n, P) at fixed geometry, in eV/Å³: 4 wₐᵀ E_qq w_b is a difference of two curvatures."""
    ways = [combined(crystal.directions, followed[:, k]) for k in range(6)]
    curvature = crystal.evaluator.curvature_by_theta
    rows = []
    for a, b in wanted:
        if a == b:
            rows.append(curvature(crystal.structure, ways[a]))
        else:
            plus = curvature(crystal.structure, ways[a] + ways[b])
            rows.append(0.25 * (plus - curvature(crystal.structure, ways[a] + ways[b] * -1.0)))
    return np.array(rows) / crystal.structure.volume


def combined(directions: tuple[Direction, ...], amounts: Floats) -> Direction:
    """So much of each direction together."""
    total = directions[0] * float(amounts[0])
    for way, amount in zip(directions[1:], amounts[1:], strict=True):
        total = total + way * float(amount)
    return total


def _independent(candidate: Candidate) -> tuple[tuple[int, int], ...]:
    if candidate.prototype is None:
        return _ALL
    return _HEXAGONAL if candidate.prototype.hexagonal else _CUBIC
