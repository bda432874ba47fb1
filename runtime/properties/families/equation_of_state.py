"""E(V), and the bulk modulus with its pressure derivative, both at the minimum.

B = V d²E/dV² with all else relaxed is 1/Σ S_ab over a, b of xx, yy, zz, with S = C⁻¹ the compliances: exact.
With x = ln V, dB/dP = 2 − (d³E/dx³)/(d²E/dx²); dE/dx is exact at each volume, and its derivatives are by
differences, whose error is how much they differ from those of two orders less. For σ, every point has dE/dθ
at its volume (the envelope theorem).
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ....compiler.chemistry.constants import GPA
from ...structures.arrays import Floats
from ...structures.structure import Structure
from ..bench import Bench, Outcome, Quantity, Task
from ..crystal import Crystal, hessian, strain
from ..evaluator import Direction, Evaluator, along
from ..family import OfStructures, Plot, family
from ..prototypes import Candidate
from ..relaxation import FORCE, Variables, relax
from ..results import Curve, Estimate, Unmeasured
from .elastic import combined, relaxed_constants


class EquationOfStateConfig(OfStructures):
    """The volumes of the curve."""

    strain: float = Field(0.04, gt=0.001, lt=0.2, description="Largest change of length, of either sign.")
    points: int = Field(11, ge=5, le=101, description="Number of volumes, the middle one included.")


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
        if energies.argmin() in (0, len(energies) - 1):
            raise Unmeasured("E(V) has no minimum among the volumes of the scan")
        n = crystal.n_atoms
        curve = Curve("equation_of_state", candidate.name, volumes / n, energies / n)
        return Outcome([_modulus(crystal) * GPA, _derivative(crystal)], [curve])

    return Task(quantities, run)


def _curve(evaluator: Evaluator, crystal: Crystal, strains: Floats) -> tuple[Floats, Floats]:
    """Volumes in Å³ and energies in eV of the cell; all but the volume is relaxed at each."""
    found = [_scaled(evaluator, crystal, 3 * float(np.log1p(s))) for s in strains.tolist()]
    return np.array([s.volume for s in found]), np.array([evaluator.values(s).energy for s in found])


def _scaled(evaluator: Evaluator, crystal: Crystal, x: float, force: float = FORCE) -> Structure:
    """The crystal with its volume times eˣ, all else relaxed."""
    still = np.zeros((crystal.n_atoms, 3))
    structure = along(crystal.structure, Direction(np.eye(3), still), x / 3)
    return relax(evaluator, structure, _variables(crystal), force=force)


def _variables(crystal: Crystal) -> Variables:
    prototype = crystal.candidate.prototype
    if prototype is None:
        return Variables(tuple(strain(v) for v in range(6)), crystal.n_atoms > 1, fixed_volume=True)
    return Variables((np.diag([1.0, 1.0, -2.0]),) if prototype.hexagonal else (), fixed_volume=True)


# --- the bulk modulus --------------------------------------------------------------------------


def _modulus(crystal: Crystal) -> Estimate:
    """B in eV/Å³."""

    def values(structure: Structure) -> Floats:
        same = structure is crystal.structure
        h = crystal.hessian if same else hessian(crystal.evaluator, structure, crystal.directions)
        return np.array([1 / float(_response(relaxed_constants(h)[0])[:3].sum()) / structure.volume])

    def by_theta() -> Floats:
        constants, followed = relaxed_constants(crystal.hessian)
        response = _response(constants)
        way = combined(crystal.directions, followed @ response)
        slope = crystal.evaluator.curvature_by_theta(crystal.structure, way)
        return np.array([slope / response[:3].sum() ** 2 / crystal.structure.volume])

    return crystal.estimate(values, by_theta)[0]


def _response(constants: Floats) -> Floats:
    """The strains (6,) under a tension of 1 from all sides, of V·C (6, 6) in eV."""
    return np.linalg.solve(constants, np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]))


# --- its derivative ----------------------------------------------------------------------------

_STEP = 0.015  # of ln V
_LEFT = 1e-8  # eV/Å: a third derivative sees more than a curve does
_PLACES = tuple(range(-3, 4))
# derivatives of a function on these places, a step of 1 apart; the rough one is of two orders less
_FIRST = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60
_SECOND = np.array([2, -27, 270, -490, 270, -27, 2]) / 180
_SECOND_ROUGH = np.array([0, -1, 16, -30, 16, -1, 0]) / 12
_THIRD = np.array([1, -8, 13, 0, -13, 8, -1]) / 8


def _derivative(crystal: Crystal) -> Estimate:
    """B', with the error of its differences."""
    evaluator = crystal.evaluator
    found = [_scaled(evaluator, crystal, _STEP * k, _LEFT) if k else crystal.structure for k in _PLACES]
    slopes = np.array([np.trace(evaluator.values(s).virial) / 3 for s in found])  # dE/dx
    second = float(_FIRST @ slopes) / _STEP
    third, rough = (float(weights @ slopes) / _STEP**2 for weights in (_SECOND, _SECOND_ROUGH))
    value, error = 2 - third / second, abs(third - rough) / abs(second)
    size = crystal.estimate(lambda s: np.array([np.log(s.volume)]), None)[0]
    if size.gradient is None:
        return Estimate(value, None, size.note, error)
    # the volumes follow that of the crystal when the parameters move it
    by_theta = np.array([evaluator.by_theta(s) for s in found]) + np.outer(slopes, size.gradient)
    by_second, by_third = _SECOND @ by_theta / _STEP**2, _THIRD @ by_theta / _STEP**3
    return Estimate(value, (third / second * by_second - by_third) / second, error=error)
