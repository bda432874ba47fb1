"""Dimer curves of a potential: the energy of two atoms over their distance, without that of each alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, islice

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import UserError
from ...compiler.ir.graph import Model
from ..presentation.sparkline import sparkline
from ..structures.arrays import Floats, Theta
from ..structures.structure import Structure
from .evaluators import Evaluator
from .summary import cutoffs

_POINTS = 120
_MOST = 6  # pairs of species that are drawn
_NEAREST = 0.6  # of the sum of the covalent radii
_FARTHEST = 8.0  # Å


@dataclass(frozen=True, eq=False)
class Dimer:
    """The energy (n,) in eV over the distance (n,) in Å of two atoms; name: `Li-O`."""

    name: str
    distance: Float[Floats, " n"]
    energy: Float[Floats, " n"]

    @property
    def span(self) -> tuple[float, float]:
        """The energies that a picture shows, eV: the well and half as much above it, or the start of the
        repulsion where there is no well.
        """
        seen = self.energy[np.isfinite(self.energy)]
        depth = max(0.0, -float(seen.min())) if seen.size else 0.0
        high = 1.5 * depth if depth > 1e-3 else float(seen.max()) if seen.size else 0.0
        return -1.1 * depth, high


def dimers(model: Model, theta: Theta, evaluator: Evaluator, most: int = _MOST) -> tuple[Dimer, ...]:
    """Dimers of the first pairs of species; none where the model has no distances.

    Raises UserError where the evaluator cannot.
    """
    reach = cutoffs(model)
    if not reach:
        return ()
    pairs = islice(combinations_with_replacement(model.species, 2), most)
    return tuple(_found(theta, evaluator, a, b, max(reach)) for a, b in pairs)


def sparklines(model: Model, theta: Theta, evaluator: Evaluator) -> Iterator[tuple[str, str]]:
    """Names of pairs, and their dimer curves as SVG; nothing where they cannot be evaluated."""
    try:
        found = dimers(model, theta, evaluator)
    except (UserError, ArithmeticError):
        return
    for dimer in found:
        x, y = dimer.distance.tolist(), dimer.energy.tolist()
        picture = sparkline(x, y, f"dimer {dimer.name}", dimer.span)
        if picture:
            yield dimer.name, picture


def _found(theta: Theta, evaluator: Evaluator, a: str, b: str, reach: float) -> Dimer:
    """All distances in one structure, dimers so far apart that none feels another."""
    z = np.array([atomic_numbers[a], atomic_numbers[b]])
    start = _NEAREST * float(covalent_radii[z].sum())
    distance = np.linspace(start, max(1.5 * start, min(reach, _FARTHEST)), _POINTS)
    positions = np.zeros((2 * _POINTS + 2, 3))
    positions[:, 1] = np.repeat(np.arange(_POINTS + 1) * 2.0 * (reach + _FARTHEST), 2)
    positions[1:-2:2, 0] = distance
    positions[-1, 2] = 2.0 * (reach + _FARTHEST)  # the last two are alone
    structure = Structure(
        np.tile(z, _POINTS + 1), positions, np.zeros((3, 3)), np.zeros(3, dtype=np.bool_), place="dimers"
    )
    with np.errstate(all="ignore"):
        (predicted,) = evaluator.predict(theta, [structure])
    energies = predicted.site_energy.reshape(-1, 2).sum(axis=1)
    return Dimer(f"{a}-{b}", distance, energies[:-1] - energies[-1])
