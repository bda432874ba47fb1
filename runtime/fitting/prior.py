"""Fits of many parameters: their prior, and their start with the linear parameters solved for."""

from __future__ import annotations

import numpy as np

from ..optimize.least_squares_problem import Prior
from ..optimize.qr_system import solve
from ..potential.potential import Potential
from ..residuals.residuals import Residuals
from ..structures.arrays import Theta

# where the linear parameters are solved for at the start, what no label decides stays within its usual size
_LEAST_RIDGE = 1e-3


def prior_of(potential: Potential, problem: Residuals, ridge: float | None) -> Prior:
    """½ Σ ridge (θ/scale)², scale the usual size of a parameter's start values, or 1."""
    sizes = {p.name: np.sqrt(np.mean(np.square(p.start))) or 1.0 for p in potential.model.parameters}
    scale = np.array([sizes[c.parameter.name] for c in potential.model.vector.trained])
    strength = 0.1 if ridge is None else ridge
    # energies of free atoms are no part of a network: nothing draws them to 0
    drawn = np.array([not name.startswith("reference.") for name in problem.names])
    return Prior(np.where(drawn, strength / scale**2, 0.0), np.zeros(len(scale)))


def linear_solved(problem: Residuals, potential: Potential, prior: Prior) -> Theta:
    """Start values with the linear parameters solved for: the energies, above all, are far off without."""
    start = potential.theta[problem.free].copy()
    columns = np.flatnonzero(problem.linear)
    if len(columns):
        weight = np.maximum(prior.weight[columns], _LEAST_RIDGE)
        system = problem.linearize(start, columns)
        system = system.with_diagonal(np.sqrt(weight), np.sqrt(prior.weight[columns]) * start[columns])
        start[columns] += solve(system.jacobian, system.residual, system.noise)
    return np.clip(start, problem.lower, problem.upper)
