"""The uncertainty of a potential at a structure, over that at the structures of its fit.

The uncertainty of an atom is the deviation of the force on it that the data of the fit leave open (Fisher). A
potential without a covariance has its place taken by the extrapolation of a linear model of descriptors, as
D-optimality asks for (Podryabinkin and Shapeev, doi:10.1016/j.commatsci.2017.08.031).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..information.uncertainty import Uncertainty
from ..potential.potential import Potential
from ..structures.arrays import Floats, PerAtom
from ..structures.structure import Structure
from .environments import Environments, Leverage, Space

_MOST_FISHER = 500  # parameters: beyond, deviations cost more than the dynamics

OnProgress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Scores:
    """Uncertainties of the atoms of structures, of those trained on and of frames; their unit."""

    method: str
    training: list[PerAtom]
    frames: list[PerAtom]


def scores(
    by: str,
    potential: Potential,
    root: Floats | None,
    space: Space,
    known: Sequence[Structure],
    frames: Sequence[Structure],
    environments: Sequence[Environments],
    on_progress: OnProgress,
) -> Scores:
    """by: `fisher`, `d-optimality` or `auto`. root: of the covariance, None where it is not known."""
    few = potential.n_parameters <= _MOST_FISHER
    if root is not None and by != "d-optimality" and (few or by == "fisher"):
        uncertainty, total = Uncertainty(potential, root), len(known) + len(frames)
        found = uncertainty.predict([*known, *frames], lambda done: on_progress(done / total))
        lengths = [np.linalg.norm(d.forces, axis=1) for d in found]
        return Scores("fisher", lengths[: len(known)], lengths[len(known) :])
    leverage = Leverage(space.training)
    numbers = space.descriptors.numbers
    return Scores(
        "d-optimality",
        [_by_atom(s, numbers, own) for s, own in zip(known, leverage.left_out(), strict=True)],
        [_by_atom(s, numbers, leverage.of(e)) for s, e in zip(frames, environments, strict=True)],
    )


def _by_atom(structure: Structure, numbers: Sequence[int], parts: Sequence[Floats]) -> PerAtom:
    """Values by species as values by atom."""
    values = np.zeros(structure.n_atoms)
    for z, part in zip(numbers, parts, strict=True):
        values[structure.numbers == z] = part
    return values


def grades(
    found: Scores, known: Sequence[Structure], frames: Sequence[Structure]
) -> Float[Floats, " frames"]:
    """The largest score of an atom over the usual one of its species in training structures.

    Usual is the median over these structures of the largest score of an atom of the species: one strange
    structure does not make all others look known.
    """
    usual: dict[int, float] = {}
    for z in np.unique(np.concatenate([s.numbers for s in known])):
        largest = np.array(
            [v[s.numbers == z].max() for s, v in zip(known, found.training, strict=True) if z in s.numbers]
        )
        middle = float(np.median(largest[np.isfinite(largest)])) if np.isfinite(largest).any() else 0.0
        usual[int(z)] = middle or 1.0
    scales = [np.array([usual[int(z)] for z in s.numbers]) for s in frames]
    return np.array([float((v / x).max()) for v, x in zip(found.frames, scales, strict=True)])
