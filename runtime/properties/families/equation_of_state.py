"""E(V), and the bulk modulus with its pressure derivative from it.

Third-order Birch-Murnaghan (Phys. Rev. 71, 809 (1947)): E is a cubic in x = V^(−2/3), so the fit is linear,
and σ goes through it exactly: every point has dE/dθ at its volume (the envelope theorem).
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ....compiler.chemistry.constants import GPA
from ...structures.arrays import Floats
from ..bench import Bench, Outcome, Quantity, Task
from ..crystal import Crystal, of_structure, strain
from ..evaluator import Direction, Evaluator, along
from ..family import OfStructures, Plot, family
from ..prototypes import Candidate
from ..relaxation import Variables, relax
from ..results import Curve, Estimate, Unmeasured


class EquationOfStateConfig(OfStructures):
    """strain: the largest change of length, of either sign; points: volumes, the middle one included."""

    strain: float = Field(0.04, gt=0.001, lt=0.2)
    points: int = Field(11, ge=5, le=101)


@family(
    "equation_of_state",
    EquationOfStateConfig,
    plot=Plot("volume (Å³/atom)", "energy (eV/atom)", marker="o"),
)
def tasks(bench: Bench, settings: EquationOfStateConfig) -> list[Task]:
    """One for each structure, all ground states unless some are named."""
    chosen = bench.chosen(settings.structures, largest=200)
    return [_task(bench, settings, candidate) for candidate in chosen]


def _task(bench: Bench, settings: EquationOfStateConfig, candidate: Candidate) -> Task:
    quantities = (
        Quantity(f"bulk_modulus.{candidate.name}", "GPa"),
        Quantity(f"bulk_modulus_derivative.{candidate.name}", "1"),
    )

    def run() -> Outcome:
        crystal = bench.crystal(candidate)
        strains = np.linspace(-settings.strain, settings.strain, settings.points)
        volumes, energies = _curve(bench.evaluator, crystal, strains)
        values = np.array([e.value for e in energies])
        n = crystal.n_atoms
        curve = Curve("equation_of_state", candidate.name, volumes / n, values / n)
        modulus, derivative = _fitted(volumes, energies, _log_volume(crystal))
        return Outcome([modulus * GPA, derivative], [curve])

    return Task(quantities, run)


def _curve(evaluator: Evaluator, crystal: Crystal, strains: Floats) -> tuple[Floats, list[Estimate]]:
    """Volumes in Å³ and energies in eV of the cell; all but the volume is relaxed at each. The volumes follow
    that of the crystal when the parameters move it.
    """
    found = []
    size = _log_volume(crystal)
    still = np.zeros((crystal.n_atoms, 3))
    for s in strains.tolist():
        structure = along(crystal.structure, Direction(np.eye(3), still), float(np.log1p(s)))
        structure = relax(evaluator, structure, _variables(crystal))
        energy = of_structure(evaluator, structure)
        by_volume = float(np.trace(evaluator.values(structure).virial)) / 3  # dE/d(ln V)
        moved = None if size.gradient is None else size.gradient * by_volume
        found.append((structure.volume, energy + Estimate(0.0, moved, size.note)))
    return np.array([v for v, _ in found]), [e for _, e in found]


def _variables(crystal: Crystal) -> Variables:
    prototype = crystal.candidate.prototype
    if prototype is None:
        return Variables(tuple(strain(v) for v in range(6)), crystal.n_atoms > 1, fixed_volume=True)
    return Variables((np.diag([1.0, 1.0, -2.0]),) if prototype.hexagonal else (), fixed_volume=True)


def _log_volume(crystal: Crystal) -> Estimate:
    """ln V of the relaxed crystal."""
    return crystal.estimate(lambda s: np.array([np.log(s.volume)]), None)[0]


def _fitted(volumes: Floats, energies: list[Estimate], size: Estimate) -> tuple[Estimate, Estimate]:
    """B0 in eV/Å³ and B0'. size: the logarithm of the volume that all volumes go with."""
    middle = float(volumes[len(volumes) // 2])
    rows = np.vander((volumes / middle) ** (-2 / 3), 4, increasing=True)
    solve = np.linalg.pinv(rows)
    coefficients = solve @ np.array([e.value for e in energies])
    here = birch_murnaghan(coefficients, middle)
    if size.gradient is None:
        return Estimate(here[0], None, size.note), Estimate(here[1], None, size.note)
    by_theta = solve @ np.array([e.gradient for e in energies])
    step = np.abs(coefficients).max() * 1e-7
    by_coefficient = [
        (
            birch_murnaghan(coefficients + step * unit, middle)
            - birch_murnaghan(coefficients - step * unit, middle)
        )
        / (2 * step)
        for unit in np.eye(4)
    ]
    gradients = np.array(by_coefficient).T @ by_theta
    return Estimate(here[0], gradients[0] - here[0] * size.gradient), Estimate(here[1], gradients[1])


def birch_murnaghan(coefficients: Floats, middle: float) -> Floats:
    """(B0, B0') of E = Σ c_k x^k, x = (V/middle)^(−2/3), at its minimum.

    Raises Unmeasured where it has none.
    """
    e = np.polynomial.Polynomial(coefficients)
    slope, curvature, third = e.deriv(1), e.deriv(2), e.deriv(3)
    roots = [float(r.real) for r in slope.roots() if abs(r.imag) < 1e-9]
    minima = [r for r in roots if curvature(r) > 0 and 0.5 < r < 2]
    if not minima:
        raise Unmeasured("E(V) has no minimum among the volumes of the scan")
    x = min(minima, key=lambda r: abs(r - 1))
    # x = v^(−2/3): dx/dv = −(2/3) v^(−5/3), and so on, at slope 0
    v = x**-1.5
    x1, x2 = -2 / 3 * v ** (-5 / 3), 10 / 9 * v ** (-8 / 3)
    second = curvature(x) * x1**2
    cubic = third(x) * x1**3 + 3 * curvature(x) * x1 * x2
    return np.array([v * second / middle, -1 - v * cubic / second])
