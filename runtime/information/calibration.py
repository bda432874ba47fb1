"""Errors that are expected, from errors that were seen: the calibration of predicted standard deviations.

The covariance of the parameters knows the noise of the labels and how far a prediction is from the data; it
does not know that the formula is no exact description. What is expected of an error is therefore

    σ² = floor² + (factor σ_raw)²,

with both numbers those of the greatest likelihood for the errors of structures that were held out
(`cross_validation.held_out`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import ndtri

from ..potential.evaluators import Predicted
from ..structures.arrays import Floats, Forces
from ..structures.structure import Structure

LEVELS = (0.5, 0.683, 0.8, 0.9, 0.95, 0.99)
QUANTITIES = ("energy", "forces")
_BINS = 200  # of σ_raw: the likelihood is that of their means
_SYMMETRIC = 1e-6  # of the root mean square: a smaller σ_raw is of a component that vanishes by symmetry


@dataclass(frozen=True)
class Scale:
    """σ² = floor² + (factor σ_raw)²."""

    floor: float
    factor: float

    def __call__(self, raw: Floats) -> Floats:
        known = np.isfinite(raw)
        return np.where(known, np.hypot(self.floor, self.factor * np.where(known, raw, 0.0)), np.inf)


class ScaleData(TypedDict):
    """A scale as plain data, and the number of errors that it is from."""

    floor: float
    factor: float
    errors: int


@dataclass(frozen=True)
class Calibration:
    """Of energies per atom (floor in eV/atom) and of force components (eV/Å); how many errors it is from."""

    energy: Scale
    forces: Scale
    n_energy: int
    n_forces: int

    def as_dict(self) -> dict[str, ScaleData]:
        return {
            name: {"floor": scale.floor, "factor": scale.factor, "errors": n}
            for name, scale, n in (
                ("energy", self.energy, self.n_energy),
                ("forces", self.forces, self.n_forces),
            )
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, ScaleData]) -> Calibration:
        energy, forces = (Scale(stored[name]["floor"], stored[name]["factor"]) for name in QUANTITIES)
        return cls(energy, forces, stored["energy"]["errors"], stored["forces"]["errors"])


@dataclass(frozen=True, eq=False)
class Deviation:
    """Standard deviations of a prediction, infinite where a parameter takes part that no label of the fit
    depends on.
    """

    energy: float  # of the whole structure, eV
    forces: Forces

    def calibrated(self, calibration: Calibration) -> Deviation:
        """With the errors of the formula itself."""
        n = len(self.forces)
        return Deviation(
            energy=n * float(calibration.energy(np.array(self.energy / n))),
            forces=calibration.forces(self.forces),
        )


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of predictions, prediction − label: eV/atom, or eV/Å."""

    error: Float[Floats, " n"]
    raw: Float[Floats, " n"]  # σ_raw

    @property
    def n_unknown(self) -> int:
        """Errors without a σ_raw: a parameter takes part that the data of the fit do not reach."""
        return int(np.count_nonzero(~np.isfinite(self.raw)))

    @property
    def telling(self) -> Errors:
        """Without components that vanish by symmetry, and those without a σ_raw."""
        finite = np.isfinite(self.raw)
        size = _rms(self.raw[finite]) if finite.any() else 0.0
        kept = finite & (self.raw > _SYMMETRIC * size)
        return Errors(self.error[kept], self.raw[kept])


def calibrated(seen: Mapping[str, Errors]) -> Calibration:
    """The calibration by the errors of energies and of forces."""
    energy, forces = (seen[name].telling for name in QUANTITIES)
    return Calibration(scale_of(energy), scale_of(forces), len(energy.raw), len(forces.raw))


def scale_of(seen: Errors) -> Scale:
    """The greatest likelihood of errors ~ N(0, floor² + (factor σ_raw)²); (0, 1) where there are none."""
    if not len(seen.raw):
        return Scale(0.0, 1.0)
    parts = np.array_split(np.argsort(seen.raw), min(_BINS, len(seen.raw)))
    variance = np.array([np.mean(np.square(seen.raw[part])) for part in parts])
    squares = np.array([np.mean(np.square(seen.error[part])) for part in parts])
    share = np.array([len(part) for part in parts]) / len(seen.raw)
    unit_error, unit_raw = squares @ share, variance @ share
    if unit_error == 0.0:
        return Scale(0.0, 0.0)

    def surprise(logs: Floats) -> float:
        expected = np.exp(logs[0]) + np.exp(logs[1]) * variance / unit_raw
        return float(share @ (np.log(expected) + squares / unit_error / expected))

    bounds = [(-30.0, 30.0)] * 2
    starts = ([0.0, -10.0], [-10.0, 0.0], [-0.7, -0.7])
    ends = [minimize(surprise, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    best = min(ends, key=lambda end: float(end.fun))
    floor, factor = np.exp(0.5 * best.x) * np.sqrt(unit_error)
    return Scale(float(floor), float(factor / np.sqrt(unit_raw)))


class CoverageData(TypedDict):
    """`Coverage` as plain data, with the levels."""

    n: int
    rms_error: float
    rms_sigma: float
    expected: list[float]
    observed: list[float]


@dataclass(frozen=True)
class Coverage:
    """How n errors compare with the σ expected of them: the root mean square of both, and the share of
    errors within the interval of each of LEVELS.
    """

    n: int
    rms_error: float
    rms_sigma: float
    observed: tuple[float, ...]

    def as_dict(self) -> CoverageData:
        return {
            "n": self.n,
            "rms_error": self.rms_error,
            "rms_sigma": self.rms_sigma,
            "expected": list(LEVELS),
            "observed": list(self.observed),
        }


def coverage(seen: Errors, scale: Scale | None = None) -> Coverage | None:
    """The coverage of σ_raw, or of the calibrated σ; None where there is no error to compare with."""
    telling = seen.telling
    if not len(telling.raw):
        return None
    sigma = telling.raw if scale is None else scale(telling.raw)
    size = np.abs(telling.error)
    observed = tuple(float(np.mean(size <= ndtri(0.5 + level / 2) * sigma)) for level in LEVELS)
    return Coverage(len(size), _rms(size), _rms(sigma), observed)


def coverages(seen: Mapping[str, Errors], calibration: Calibration | None) -> dict[str, CoverageData]:
    """Coverage by quantity, `energy raw`, `energy calibrated` and so on, as plain data."""
    scales = {"raw": None} | ({} if calibration is None else {"calibrated": calibration})
    found = {}
    for name in QUANTITIES:
        for which, chosen in scales.items():
            covered = coverage(seen[name], None if chosen is None else getattr(chosen, name))
            if covered is not None:
                found[f"{name} {which}"] = covered.as_dict()
    return found


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def errors_of(
    structures: Sequence[Structure], predicted: Sequence[Predicted], raw: Sequence[Deviation]
) -> dict[str, Errors]:
    """Errors of predictions on labelled structures, with their deviations; energies per atom."""
    energies: list[tuple[float, float]] = []
    forces = [(np.zeros(0), np.zeros(0))]
    for s, p, d in zip(structures, predicted, raw, strict=True):
        if s.energy is not None:
            energies.append(((p.energy - s.energy) / s.n_atoms, d.energy / s.n_atoms))
        if s.forces is not None:
            forces.append(((p.forces - s.forces).ravel(), d.forces.ravel()))
    energy = np.array(energies).reshape(-1, 2)
    error, deviation = (np.concatenate([pair[k] for pair in forces]) for k in (0, 1))
    return {"energy": Errors(energy[:, 0], energy[:, 1]), "forces": Errors(error, deviation)}
