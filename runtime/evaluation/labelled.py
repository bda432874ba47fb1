"""Labels and predictions of many structures, side by side: the points of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from ...compiler.chemistry.constants import GPA

if TYPE_CHECKING:
    from ..potential.evaluators import Predicted
    from ..structures.arrays import Floats
    from ..structures.structure import Structure

Part = tuple[Sequence["Structure"], Sequence["Predicted"]]
Kind = Literal["energy", "forces", "stress"]


class Quantity(NamedTuple):
    """A labelled quantity. unit: of its values; error: the unit of its errors, which are `factor` of them."""

    kind: Kind
    name: str
    unit: str
    error: str
    factor: float


QUANTITIES = (
    Quantity("energy", "energy", "eV/atom", "meV/atom", 1000.0),
    Quantity("forces", "force component", "eV/Å", "meV/Å", 1000.0),
    Quantity("stress", "stress component", "GPa", "GPa", 1.0),
)


def pairs(
    kind: Kind, structures: Sequence[Structure], predicted: Sequence[Predicted]
) -> Float[Floats, "2 n"]:
    """Labels and predictions: eV/atom, eV/Å or GPa; nothing of structures without the label."""
    found = [_PAIRS[kind](s, p) for s, p in zip(structures, predicted, strict=True)]
    kept = [pair for pair in found if pair is not None]
    return np.concatenate(kept, axis=1) if kept else np.zeros((2, 0))


def _energy(structure: Structure, predicted: Predicted) -> Float[Floats, "2 1"] | None:
    if structure.energy is None:
        return None
    return np.array([[structure.energy], [predicted.energy]]) / structure.n_atoms


def _forces(structure: Structure, predicted: Predicted) -> Float[Floats, "2 n"] | None:
    if structure.forces is None:
        return None
    return np.stack([structure.forces.ravel(), predicted.forces.ravel()])


def _stress(structure: Structure, predicted: Predicted) -> Float[Floats, "2 n"] | None:
    if structure.stress is None or predicted.stress is None:
        return None
    upper = np.triu(structure.stress_components)
    return np.stack([structure.stress[upper], predicted.stress[upper]]) * GPA


_PAIRS = {"energy": _energy, "forces": _forces, "stress": _stress}
