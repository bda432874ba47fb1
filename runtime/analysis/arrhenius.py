"""Diffusion at several temperatures: the activation energy, D = D₀ exp(−E_a / kT)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase.units import kB
from jaxtyping import Float

from ..structures.arrays import Floats
from .analysis import Analysis
from .diffusion import CM2_PER_S

_APART = 0.02  # of a temperature: nearer ones are the same


@dataclass(frozen=True, eq=False)
class Arrhenius:
    """A species: diffusivities and their standard errors (cm²/s) by temperature (K), and the straight line of
    ln D over 1/T. energy: E_a in eV; energy_error: None of two temperatures; prefactor: D₀ in cm²/s.
    """

    species: str
    temperature: Float[Floats, " n"]
    value: Float[Floats, " n"]
    error: Float[Floats, " n"]
    energy: float
    energy_error: float | None
    prefactor: float


def arrhenius(analyses: Sequence[Analysis]) -> list[Arrhenius]:
    """The species that move, D > 2 standard errors, at two temperatures at least."""
    points: dict[str, list[tuple[float, float, float]]] = {}
    for a in analyses:
        known = [t for t in a.temperatures if t is not None]
        for d in a.diffusion:
            if known and d.value > 2 * d.error > 0 and d.regime == "diffusive":
                point = float(np.mean(known)), d.value * CM2_PER_S, d.error * CM2_PER_S
                points.setdefault(d.species, []).append(point)
    return [_fitted(s, np.array(sorted(p)).T) for s, p in points.items() if _several([t for t, _, _ in p])]


def _several(temperatures: list[float]) -> bool:
    return max(temperatures) > (1 + _APART) * min(temperatures)


def _fitted(species: str, points: Float[Floats, "3 n"]) -> Arrhenius:
    """Weighted by the errors of ln D."""
    temperature, value, error = points
    weight = value / error
    rows = np.stack([np.ones_like(temperature), -1.0 / (kB * temperature)], axis=1) * weight[:, None]
    (log, energy), *_ = np.linalg.lstsq(rows, np.log(value) * weight, rcond=None)
    spread = float(np.sqrt(np.linalg.inv(rows.T @ rows)[1, 1])) if len(value) > 2 else None
    return Arrhenius(species, temperature, value, error, float(energy), spread, float(np.exp(log)))
