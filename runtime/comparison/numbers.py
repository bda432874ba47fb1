"""Fitted numbers of two runs: which have changed by more than the fits know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from ..runs.run_folder import FittedPotential, covariance
from ..structures.arrays import Floats

BEYOND = 2.0  # joint standard deviations: a change that is told
ROUNDING = 1e-9  # relative: numbers this close are the same where no deviation is known


@dataclass(frozen=True)
class ChangedNumber:
    """A number trained in both runs: its name in each, values in `unit`, standard deviations where known.

    sigmas: |after − before| / √(σ_before² + σ_after²), as of fits that know nothing of each other.
    """

    name: str
    name_before: str
    unit: str
    before: float
    after: float
    sigma_before: float | None
    sigma_after: float | None
    sigmas: float | None


@dataclass(frozen=True)
class Numbers:
    """compared: numbers trained in both. changed: those beyond `BEYOND` σ, and those that differ where no σ
    is known; the most changed first. distance: √(Δᵀ (Σ_a + Σ_b)⁺ Δ / n) of all n together, about 1 where the
    runs agree within what they know. spread: geometric mean of σ_after/σ_before.
    """

    compared: int
    changed: tuple[ChangedNumber, ...]
    distance: float | None
    spread: float | None

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return asdict(self)


def compared(a: FittedPotential, b: FittedPotential, parameters: Mapping[str, str]) -> Numbers:
    """The numbers of a and b that correspond; parameters: name in b -> name in a."""
    pairs = _pairs(a, b, parameters)
    if not pairs:
        return Numbers(0, (), None, None)
    here, there = np.array(pairs).T
    before, after = a.theta[a.free][here], b.theta[b.free][there]
    known = covariance(a.folder), covariance(b.folder)
    sigma_a, sigma_b = (_deviations(s, k) for s, k in zip(known, (here, there), strict=True))
    names_a, names_b = _names(a), _names(b)
    units = [str(t.parameter.kind.unit) for t in b.model.vector.trained]
    found = [
        _changed(names_b[j], names_a[i], units[j], *values)
        for i, j, *values in zip(here, there, before, after, sigma_a, sigma_b, strict=True)
    ]
    told = [n for n in found if _is_told(n)]
    told.sort(key=lambda n: -(n.sigmas if n.sigmas is not None else np.inf))
    distance = spread = None
    if known[0] is not None and known[1] is not None:
        joint = known[0][np.ix_(here, here)] + known[1][np.ix_(there, there)]
        distance = _distance(after - before, joint)
        spread = _ratio(np.asarray(sigma_a, float), np.asarray(sigma_b, float))
    return Numbers(len(pairs), tuple(told), distance, spread)


def _pairs(a: FittedPotential, b: FittedPotential, parameters: Mapping[str, str]) -> list[tuple[int, int]]:
    """Places among the trained numbers of a and of b: same row and component of corresponding parameters."""
    places = {(t.parameter.name, t.rows, t.component): k for k, t in enumerate(a.model.vector.trained)}
    found = []
    for k, t in enumerate(b.model.vector.trained):
        other = places.get((parameters.get(t.parameter.name, ""), t.rows, t.component))
        if other is not None:
            found.append((other, k))
    return found


def _names(potential: FittedPotential) -> list[str]:
    return [c.name for c in potential.model.vector.trained]


def _deviations(sigma: Floats | None, places: Floats) -> list[float | None]:
    if sigma is None:
        return [None] * len(places)
    return [float(s) for s in np.sqrt(np.maximum(np.diag(sigma)[places], 0.0))]


def _changed(
    name: str, old: str, unit: str, before: float, after: float, low: float | None, high: float | None
) -> ChangedNumber:
    sigmas = None
    if low is not None and high is not None and np.hypot(low, high) > 0:
        sigmas = float(abs(after - before) / np.hypot(low, high))
    return ChangedNumber(name, old, unit, float(before), float(after), low, high, sigmas)


def _is_told(n: ChangedNumber) -> bool:
    if n.sigmas is not None:
        return n.sigmas > BEYOND
    return abs(n.after - n.before) > ROUNDING * max(abs(n.before), abs(n.after))


def _distance(change: Floats, joint: Floats) -> float | None:
    """In units in which every number has joint deviation 1; directions that no run knows are left out."""
    scale = np.sqrt(np.maximum(np.diag(joint), 0.0))
    kept = scale > 0
    if not kept.any():
        return None
    correlation = joint[np.ix_(kept, kept)] / np.outer(scale[kept], scale[kept])
    values, vectors = np.linalg.eigh(correlation)
    clear = values > 1e-10 * values.max()
    along = vectors.T[clear] @ (change[kept] / scale[kept])
    return float(np.sqrt(np.mean(np.square(along) / values[clear])))


def _ratio(before: Floats, after: Floats) -> float | None:
    known = (before > 0) & (after > 0)
    return float(np.exp(np.mean(np.log(after[known] / before[known])))) if known.any() else None
