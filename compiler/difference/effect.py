"""The cost and the cutoff of a spec, and their changes with the formula."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from ..analysis.flops import operations_per_atom
from ..pipeline import optimize
from .sides import SIMPLIFIED, Side

_MOST_NODES = 1500
DENSITY = 0.0556  # atoms/Å³, of bcc niobium: most metals have 0.04 to 0.09


@dataclass(frozen=True)
class Effect:
    """trained: numbers that a fit changes. numbers: fixed ones too. cutoff: the longest, Å; 0 where there is
    none. neighbours: within it, for an atom at `DENSITY`. operations: for the energy of an atom at it; forces
    take two to three times as many more.
    """

    trained: int
    numbers: int
    cutoff: float
    neighbours: float
    operations: float


def effect(side: Side) -> Effect | None:
    """Of a spec as it was built; counts are for one species where it names none. None where it is so large
    that to optimize it takes more than a moment.
    """
    model = side.model
    if sum(1 for _ in side.simplified.nodes()) > _MOST_NODES:
        return None
    optimized = optimize(side.simplified, "share_neighbors", after=SIMPLIFIED)
    cutoff = max((d.rc or 0.0 for d in model.lists()), default=0.0)
    return Effect(
        model.vector.n_trained,
        len(model.vector),
        cutoff,
        4 / 3 * pi * cutoff**3 * DENSITY,
        operations_per_atom(optimized, DENSITY),
    )
