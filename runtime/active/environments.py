"""The space of environments: where the training set is in it, and how far from it another structure.

Descriptors of atoms of one species are brought to mean 0 and deviation 1 over the training set. A structure
is as far from others as its farthest atom is from the nearest atom of its species in any of them: one new
environment makes a structure new, which an average over atoms would hide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solve_triangular

from ..structures.arrays import Floats
from ..structures.structure import Structure
from .descriptors import Descriptors

_FLOOR = 0.1  # of the typical deviation: an almost constant descriptor is not blown up
_RIDGE = 1e-3  # of a unit variance: directions that no training atom has

Environments = list[Floats]  # of each species, (atoms, size)


class Space:
    """Environments in units of how they vary over a training set."""

    def __init__(self, descriptors: Descriptors, training: Sequence[Structure]) -> None:
        self.descriptors = descriptors
        raw = [self._raw(s) for s in training]
        self._means, self._scales = [], []
        for k in range(len(descriptors.numbers)):
            every = np.concatenate([r[k] for r in raw])
            deviation = every.std(axis=0) if len(every) else np.ones(descriptors.size)
            typical = float(np.sqrt(np.mean(np.square(deviation)))) or 1.0
            self._means.append(every.mean(axis=0) if len(every) else np.zeros(descriptors.size))
            self._scales.append(np.maximum(deviation, _FLOOR * typical) * descriptors.size**0.5)
        self.training = [self._scaled(r) for r in raw]

    def of(self, structure: Structure) -> Environments:
        return self._scaled(self._raw(structure))

    def point(self, environments: Environments) -> Floats:
        """The mean descriptors of each species, one after the other: a structure in a picture.

        It is the same in any space of these descriptors; a species that is lacking is as in training.
        """
        scaled = [e.mean(axis=0) if len(e) else np.zeros(e.shape[1]) for e in environments]
        return np.concatenate([m + x * s for m, x, s in zip(self._means, scaled, self._scales, strict=True)])

    def _raw(self, structure: Structure) -> Environments:
        values = self.descriptors.of(structure)
        return [values[structure.numbers == z] for z in self.descriptors.numbers]

    def _scaled(self, raw: Environments) -> Environments:
        return [(r - m) / s for r, m, s in zip(raw, self._means, self._scales, strict=True)]


def joined(many: Sequence[Environments]) -> Environments:
    """All environments of several structures."""
    return [np.concatenate(parts) for parts in zip(*many, strict=True)]


def nearest(environments: Environments, known: Environments) -> list[Floats]:
    """Of each atom, by species, the distance to the nearest known atom of its species."""
    return [_nearest(a, b) for a, b in zip(environments, known, strict=True)]


def _nearest(a: Floats, b: Floats) -> Floats:
    if not len(a) or not len(b):
        return np.full(len(a), np.inf)
    squares = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares.min(axis=1), 0.0))


def novelty(distances: Sequence[Floats]) -> float:
    """Of a structure: that of its farthest atom."""
    return max((float(d.max()) for d in distances if len(d)), default=0.0)


def spread(training: Sequence[Environments]) -> float:
    """The median over the training set of how far a structure is from all others; 0 of one alone."""
    if len(training) < 2:
        return 0.0
    found = [
        novelty(nearest(own, joined([*training[:k], *training[k + 1 :]]))) for k, own in enumerate(training)
    ]
    return float(np.median(found))


def farthest(
    candidates: Sequence[Environments], known: Sequence[Environments], first: int, most: int, least: float
) -> list[tuple[int, float]]:
    """Candidates far from the known ones and from each other, each with its distance when it was taken.

    The first is given; then the farthest again and again, until `most` are taken or none is `least` away.
    """
    everything = joined(known)
    distances = [nearest(c, everything) for c in candidates]
    chosen: list[tuple[int, float]] = []
    pick = first
    while True:
        far = novelty(distances[pick])
        if far < least:
            break
        chosen.append((pick, far))
        if len(chosen) == min(most, len(candidates)):
            break
        distances = [
            [np.minimum(d, n) for d, n in zip(own, nearest(c, candidates[pick]), strict=True)]
            for own, c in zip(distances, candidates, strict=True)
        ]
        taken = {k for k, _ in chosen}
        pick = max((k for k in range(len(candidates)) if k not in taken), key=lambda k: novelty(distances[k]))
    return chosen


class Leverage:
    """√(zᵀ A⁻¹ z) of each atom, A = Σ z zᵀ / n + ridge over the training atoms of its species.

    How far a linear model of the descriptors z extrapolates; small where D-optimality, det A, has nothing to
    gain.
    """

    def __init__(self, training: Sequence[Environments]) -> None:
        self._training = training
        every = joined(training)
        self._sums = [_with_one(e).T @ _with_one(e) for e in every]
        self._counts = [len(e) for e in every]
        self._factors = [_factor(a, n) for a, n in zip(self._sums, self._counts, strict=True)]

    def of(self, environments: Environments) -> list[Floats]:
        """Of the atoms of a structure, by species."""
        return [_lengths(f, e) for f, e in zip(self._factors, environments, strict=True)]

    def left_out(self) -> list[list[Floats]]:
        """Of the atoms of each training structure, by all the others: what was trained on is fitted too well
        to say how far other structures are. Of one structure alone, by itself.
        """
        if len(self._training) == 1:
            return [self.of(self._training[0])]
        return [[self._without(k, e) for k, e in enumerate(own)] for own in self._training]

    def _without(self, species: int, e: Floats) -> Floats:
        z = _with_one(e)
        return _lengths(_factor(self._sums[species] - z.T @ z, self._counts[species] - len(e)), e)


def _with_one(e: Floats) -> Floats:
    """Scaled so that a typical component is 1, with a constant."""
    return np.column_stack([e * e.shape[1] ** 0.5, np.ones(len(e))])


def _factor(moments: Floats, count: int) -> Floats:
    return np.asarray(np.linalg.cholesky(moments / max(count, 1) + _RIDGE * np.eye(len(moments))))


def _lengths(factor: Floats, e: Floats) -> Floats:
    return np.asarray(np.linalg.norm(solve_triangular(factor, _with_one(e).T, lower=True), axis=0))
