"""Places in rows of outputs, and of numbers that are differentiated together."""

from __future__ import annotations

import numpy as np

from ...compiler.analysis.jacobian_coloring import jacobian_coloring
from ...compiler.ir.graph import Model
from ..optimize.qr_system import Indices

# the six components of a virial or stress that count
UPPER = np.triu_indices(3)


def shared_places(model: Model) -> tuple[Indices, Indices]:
    """Of each number the species of the sites through which alone it acts, −1 where it is of none, and which
    numbers of other species share its direction.
    """
    owners = jacobian_coloring(model)
    species, place = np.full((2, len(model.vector)), -1)
    taken = 0
    for p, part in model.vector.parts():
        own = np.array(owners.get(p.name, ()), dtype=np.intp)
        for s in range(len(model.species)):
            mine = np.flatnonzero(own == s)
            species[part.start + mine] = s
            place[part.start + mine] = taken + np.arange(len(mine))
        taken += len(own)
    return species, place
