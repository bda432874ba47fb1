"""The minimum of the energy over what may move: strains of the cell, and atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize

from ..structures.arrays import Floats
from ..structures.structure import Structure
from .evaluator import Evaluator
from .results import Unmeasured

FORCE = 2e-5  # eV/Å: what a relaxed structure may have left
_LEFT = 5e-3  # eV/Å: a larger force is reported as not relaxed
_TRIAL = 0.05  # Å: the first step of a search, which begins with one of length 1
_STEP = 0.02  # of the logarithm of length, between the points of a scan
_FIRST, _FARTHEST = (-5, 6), (-18, 24)  # steps of the first scan, and of the widest


@dataclass(frozen=True, eq=False)
class Variables:
    """The variables of a relaxation.

    strains: directions (3, 3), symmetric, along which the cell may change.
    atoms: the positions may change.
    fixed_volume: strains leave the volume as it is.
    """

    strains: Sequence[Floats] = ()
    atoms: bool = False
    fixed_volume: bool = False


def scan_minimum(evaluator: Evaluator, start: Structure) -> Structure:
    """The deepest minimum over uniform scaling that lies within the scan, found to the last digits.

    Lengths are scanned from 0.9 to 1.13 of the start, and on from there in the direction in which the energy
    falls, to 0.7 and 1.6. Raises Unmeasured where there is no minimum.
    """
    energies: dict[int, float] = {}

    def energy(k: int) -> float:
        if k not in energies:
            energies[k] = evaluator.values(_scaled(start, k * _STEP)).energy
        return energies[k]

    low, high = _FIRST
    while True:
        inner = [k for k in range(low + 1, high) if energy(k) < min(energy(k - 1), energy(k + 1))]
        if inner:
            return _refined(evaluator, start, min(inner, key=energy))
        if energy(low) < energy(high) and low > _FARTHEST[0]:
            low -= 1
        elif energy(high) < energy(low) and high < _FARTHEST[1]:
            high += 1
        else:
            raise Unmeasured(_no_minimum(low, high, energy(low), energy(high)))


def _no_minimum(low: int, high: int, at_low: float, at_high: float) -> str:
    reach = f"lengths of {np.exp(low * _STEP):.2f} to {np.exp(high * _STEP):.2f} of the first guess"
    if at_low == at_high:
        return f"the energy is the same at {reach}: nothing binds"
    falls = "compression" if at_low < at_high else "expansion"
    return f"no minimum of the energy at {reach}: it falls on {falls}"


def _scaled(structure: Structure, s: float) -> Structure:
    factor = float(np.exp(s))
    return replace(structure, positions=structure.positions * factor, cell=structure.cell * factor)


def _refined(evaluator: Evaluator, start: Structure, k: int) -> Structure:
    """The point of zero slope of the energy, between the neighbours of point k."""

    def slope(s: float) -> float:
        return float(np.trace(evaluator.values(_scaled(start, s)).virial))

    low, high = (k - 1) * _STEP, (k + 1) * _STEP
    if not slope(low) < 0 < slope(high):
        raise Unmeasured("the energy is not smooth about its minimum: a jump, or a second minimum within 4 %")
    return _scaled(start, float(brentq(slope, low, high, xtol=1e-13, rtol=1e-14)))


def relax(
    evaluator: Evaluator,
    start: Structure,
    variables: Variables,
    iterations: int = 500,
    force: float = FORCE,
) -> Structure:
    """The nearest minimum, to a force in eV/Å. Raises Unmeasured where the forces do not go away or the atoms
    do.
    """
    path = _Path(evaluator, start, variables)
    size = len(path.strains) + (3 * start.n_atoms if variables.atoms else 0)
    if size == 0:
        return start
    options = {"maxiter": iterations, "maxfun": 3 * iterations, "gtol": force * _TRIAL, "ftol": 0.0}
    found = minimize(path.energy, np.zeros(size), jac=True, method="L-BFGS-B", options=options)
    left = float(np.abs(found.jac).max()) / _TRIAL
    if left > _LEFT:
        raise Unmeasured(f"it does not relax: a force of {left:.2g} eV/Å is left after {found.nit} steps")
    if np.abs(found.x[len(path.strains) :]).max(initial=0.0) * _TRIAL > 0.5 * path.length:
        raise Unmeasured("it does not hold together while it is relaxed: an atom leaves its place")
    return path.structure(found.x)


class _Path:
    """The energy as a function of q/_TRIAL, q the amounts of the strains, as lengths in Å so that they weigh
    like the displacements u that follow them. X = D·(X₀ + u), D = 1 + Σ q ε, at fixed volume D/det(D)^(1/3).
    """

    def __init__(self, evaluator: Evaluator, start: Structure, variables: Variables) -> None:
        self.evaluator, self.start, self.variables = evaluator, start, variables
        self.length = max(start.volume, 1.0) ** (1 / 3)
        strains = np.reshape(np.array(variables.strains, dtype=np.float64), (-1, 3, 3))
        self.strains = strains / self.length

    def energy(self, q: Floats) -> tuple[float, Floats]:
        """eV, and its gradient."""
        strain = self._strain(q)
        if np.abs(strain).max() > 0.4:
            raise Unmeasured("the cell does not hold together while it is relaxed")
        values = self.evaluator.values(self.structure(q))
        virial = values.virial
        if self.variables.fixed_volume:
            virial = virial - np.trace(virial) / 3 * np.eye(3)
        inverse = np.linalg.inv(np.eye(3) + strain)
        of_cell = [float(np.sum(virial * (s @ inverse))) for s in self.strains]
        of_atoms = -(values.forces @ self._deformed(q)).ravel() if self.variables.atoms else np.empty(0)
        return values.energy, _TRIAL * np.concatenate([of_cell, of_atoms])

    def structure(self, q: Floats) -> Structure:
        """The structure at q."""
        deformed, start = self._deformed(q), self.start
        moved = _TRIAL * q[len(self.strains) :].reshape(-1, 3) if self.variables.atoms else 0.0
        positions = (start.positions + moved) @ deformed.T
        return replace(start, positions=positions, cell=start.cell @ deformed.T)

    def _strain(self, q: Floats) -> Floats:
        return _TRIAL * np.tensordot(q[: len(self.strains)], self.strains, 1)

    def _deformed(self, q: Floats) -> Floats:
        deformed = np.eye(3) + self._strain(q)
        return deformed / np.cbrt(np.linalg.det(deformed)) if self.variables.fixed_volume else deformed
