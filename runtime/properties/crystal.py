"""A relaxed crystal, and how it answers to strain and to a change of the parameters.

With X(q) the structure moved by q (strains and displacements of atoms), E_q = 0 at the minimum, so
dq/dθ = −E_qq⁺ E_qθ (the implicit function theorem); the energy itself has dE/dθ = ∂E/∂θ (the envelope
theorem).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..structures.arrays import Floats
from ..structures.structure import Structure
from .evaluator import Direction, Evaluator, along
from .prototypes import Candidate
from .relaxation import Variables, relax, scan_minimum
from .results import Estimate, Unmeasured

# strains by Voigt's index: xx, yy, zz, yz, xz, xy, the last three as engineering strains
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
_LARGEST = 200  # atoms: second derivatives fill a matrix of (6 + 3N)²
_SOFT = 1e-8  # of the largest curvature: softer directions are translations
_STEP = 1e-3  # along a change of the crystal, for differences: Å, and parts of length


def strain(voigt: int) -> Floats:
    """The symmetric strain (3, 3) of a unit of one of Voigt's six."""
    e = np.zeros((3, 3))
    a, b = VOIGT[voigt]
    e[a, b] += 0.5
    e[b, a] += 0.5
    return e


@dataclass(frozen=True, eq=False)
class Crystal:
    """A crystal at its minimum. candidate: the crystal before relaxation."""

    evaluator: Evaluator
    candidate: Candidate
    structure: Structure

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def n_atoms(self) -> int:
        return self.structure.n_atoms

    @cached_property
    def energy(self) -> Estimate:
        """eV of the cell."""
        return of_structure(self.evaluator, self.structure)

    @cached_property
    def modes(self) -> tuple[Direction, ...]:
        """The relaxed directions: of a prototype the ones free by symmetry, of other structures all."""
        still = np.zeros((self.n_atoms, 3))
        if self.candidate.prototype is not None:
            return tuple(Direction(s, still) for s in _free_strains(self.candidate))
        return self.directions

    @property
    def too_large(self) -> str:
        """The reason that there are no second derivatives; empty where there are."""
        largest = f"second derivatives are taken of at most {_LARGEST} atoms"
        return f"{largest}, here are {self.n_atoms}" if self.n_atoms > _LARGEST else ""

    @cached_property
    def directions(self) -> tuple[Direction, ...]:
        """Six strains and the displacements of all atoms, of which a crystal of one atom has none."""
        if self.too_large:
            raise Unmeasured(self.too_large)
        still = np.zeros((self.n_atoms, 3))
        moves = [Direction(strain(v), still) for v in range(6)]
        if self.n_atoms > 1:
            for k in range(3 * self.n_atoms):
                unit = still.copy()
                unit.flat[k] = 1.0
                moves.append(Direction(np.zeros((3, 3)), unit))
        return tuple(moves)

    @cached_property
    def hessian(self) -> Floats:
        """Second derivatives of the energy along `directions`, symmetric; exact."""
        return hessian(self.evaluator, self.structure, self.directions)

    @cached_property
    def response(self) -> Floats:
        """dq/dθ (modes, P) of the relaxed modes."""
        modes, evaluator = self.modes, self.evaluator
        full = self.candidate.prototype is None
        curvatures = self.hessian if full else hessian(evaluator, self.structure, modes)
        mixed = np.array([evaluator.slope_by_theta(self.structure, m) for m in modes])
        return -np.linalg.pinv(curvatures, rcond=_SOFT, hermitian=True) @ mixed

    @cached_property
    def changes(self) -> tuple[tuple[Direction, Floats], ...]:
        """The few directions in which the crystal moves when parameters do, each with its dq/dθ (P,).

        `response` is a matrix of low rank, as relaxation keeps the symmetry.
        """
        u, s, vt = np.linalg.svd(self.response, full_matrices=False)
        rank = int((s > 1e-7 * s[0]).sum()) if len(s) and s[0] > 0 else 0
        found = []
        for k in range(rank):
            way = self.modes[0] * float(u[0, k])
            for amount, mode in zip(u[1:, k], self.modes[1:], strict=True):
                way = way + mode * float(amount)
            found.append((way, s[k] * vt[k]))
        return tuple(found)

    def estimate(
        self, values: Callable[[Structure], Floats], by_theta: Callable[[], Floats] | None
    ) -> list[Estimate]:
        """Numbers that follow from the crystal's geometry and from θ, with their whole derivatives.

        values: (n,) at a structure near the relaxed one. by_theta: ∂/∂θ (n, P) at fixed geometry; None: they
        depend on the geometry alone. The geometry's part is by differences along `changes`.
        """
        here = values(self.structure)
        if not self.evaluator.with_gradients:
            return [Estimate(float(v)) for v in here]
        if self.too_large:
            return [Estimate(float(v), None, f"no σ: {self.too_large}") for v in here]
        total = by_theta() if by_theta else np.zeros((len(here), len(self.evaluator.potential.theta)))
        for way, by in self.changes:
            sides = [values(along(self.structure, way, k * _STEP)) for k in (-2, -1, 1, 2)]
            slope = (sides[0] - 8 * sides[1] + 8 * sides[2] - sides[3]) / (12 * _STEP)
            total = total + np.outer(slope, by)
        return [Estimate(float(v), g) for v, g in zip(here, total, strict=True)]

    def with_geometry(
        self, energy: Estimate, build: Callable[[Structure], Structure], at: Structure
    ) -> Estimate:
        """The energy of a structure that was built of the crystal and relaxed to `at` with its cell held: to
        its derivative at fixed geometry comes that through the crystal's cell.
        """
        if energy.gradient is None:
            return energy
        if self.too_large:
            return Estimate(energy.value, None, f"no σ: {self.too_large}")
        values = self.evaluator.values(at)
        gradient = energy.gradient.copy()
        for way, by in self.changes:
            ahead, behind = (build(along(self.structure, way, k * _STEP)) for k in (1, -1))
            moved = _between(behind, ahead)
            if moved is None:
                return Estimate(energy.value, None, "no σ: the cell changes its form with the parameters")
            gradient += values.along(moved) / (2 * _STEP) * by
        return Estimate(energy.value, gradient, energy.note)


def of_structure(evaluator: Evaluator, structure: Structure) -> Estimate:
    """The energy of a structure, with its derivatives at fixed geometry."""
    gradient = evaluator.by_theta(structure) if evaluator.with_gradients else None
    return Estimate(evaluator.values(structure).energy, gradient)


def hessian(evaluator: Evaluator, structure: Structure, ways: Sequence[Direction]) -> Floats:
    """Second derivatives of the energy along directions, (n, n), symmetric; exact."""
    columns = [evaluator.push(structure, way) for way in ways]
    whole = np.array([[column.along(way) for way in ways] for column in columns])
    return 0.5 * (whole + whole.T)


def relaxed(evaluator: Evaluator, candidate: Candidate) -> Crystal:
    """The crystal at its minimum: uniform scaling first, then all that is free. Raises Unmeasured."""
    structure = scan_minimum(evaluator, candidate.structure)
    if candidate.prototype is None:
        free = Variables(tuple(strain(v) for v in range(6)), atoms=structure.n_atoms > 1)
        structure = relax(evaluator, structure, free)
    elif candidate.prototype.hexagonal:
        structure = relax(evaluator, structure, Variables(_free_strains(candidate)))
    crystal = Crystal(evaluator, candidate, structure)
    return crystal if crystal.too_large else _polished(crystal)


def _polished(crystal: Crystal, steps: int = 4) -> Crystal:
    """Newton's steps to the last digits, where the crystal is not there yet."""
    evaluator, modes = crystal.evaluator, crystal.modes
    for _ in range(steps):
        values = evaluator.values(crystal.structure)
        slope = np.array([values.along(m) for m in modes])
        if np.abs(slope).max() < 1e-9:
            break
        full = crystal.candidate.prototype is None
        curvatures = crystal.hessian if full else hessian(evaluator, crystal.structure, modes)
        step = -np.linalg.pinv(curvatures, rcond=_SOFT, hermitian=True) @ slope
        if np.abs(step).max() > 0.05:
            break
        way = modes[0] * float(step[0])
        for amount, mode in zip(step[1:], modes[1:], strict=True):
            way = way + mode * float(amount)
        crystal = Crystal(evaluator, crystal.candidate, along(crystal.structure, way, 1.0))
        modes = crystal.modes
    return crystal


def _free_strains(candidate: Candidate) -> tuple[Floats, ...]:
    """Strains that keep the symmetry of a prototype."""
    assert candidate.prototype is not None
    if candidate.prototype.hexagonal:
        return np.diag([1.0, 1.0, 0.0]), np.diag([0.0, 0.0, 1.0])
    return (np.eye(3),)


def _between(behind: Structure, ahead: Structure) -> Direction | None:
    """What leads from one structure to the other, as a strain and displacements; None where they are not
    built alike. (An open direction has its vector too.)
    """
    if not np.array_equal(behind.numbers, ahead.numbers):
        return None
    middle = 0.5 * (behind.cell + ahead.cell)
    gradient = np.linalg.solve(middle, ahead.cell - behind.cell).T  # dx = gradient·x
    moved = ahead.positions - behind.positions
    still = moved - 0.5 * (ahead.positions + behind.positions) @ gradient.T
    if np.abs(still).max() > 0.1:
        return None
    # a rotation changes no energy: the symmetric part is the strain
    return Direction(0.5 * (gradient + gradient.T), still)
