"""The length of a material that cutoffs of a catalogue are given in, from its structures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..structures.neighbors import pairs
from ..structures.structure import Structure


def length(structures: Sequence[Structure]) -> float:
    """d, Å, to 0.01: the distance of nearest neighbours in a close packing of the same density, (√2 V/N)^⅓.

    So a cutoff in d holds as many neighbours in every material. The median over periodic structures; without
    any, the median distance of nearest neighbours.
    """
    densest = [s.volume / s.n_atoms for s in structures if s.volume > 0 and s.pbc.all()]
    if densest:
        return round(float((np.sqrt(2.0) * np.median(densest)) ** (1 / 3)), 2)
    near = [_nearest(s) for s in structures if s.n_atoms > 1]
    return round(float(np.median(near)), 2) if near else 3.0


def _nearest(structure: Structure) -> float:
    """The median over atoms of the distance of the nearest neighbour, Å."""
    reach = 4.0
    while True:
        found = pairs(structure, reach)
        if len(found.i) >= structure.n_atoms or reach > 50.0:
            break
        reach *= 1.5
    nearest = np.full(structure.n_atoms, np.inf)
    np.minimum.at(nearest, found.i, found.distance)
    np.minimum.at(nearest, found.j, found.distance)
    return float(np.median(nearest[np.isfinite(nearest)])) if len(found.i) else 3.0
