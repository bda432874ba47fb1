"""Two potentials compared by numbers: energies and forces of random structures, by the reference backend."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ...compiler.backends.reference import predict
from ...compiler.backends.target import StructurePrediction
from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ...compiler.difference.compare import Difference
from ...compiler.difference.sides import Side, build_side
from ...compiler.ir.graph import Model
from ..structures.arrays import Floats

_SAMPLE = ("Nb", "O")  # for specs that leave their species to the data
_SPACING = 2.4  # Å, of the grid that atoms are moved from
_SHAKE = 0.5  # Å


@dataclass(frozen=True)
class NumericDifference:
    """The largest differences over random structures, parameters being random too and the same in both.

    energy: eV/atom; force: eV/Å, of a component. *_size: the largest of either potential, to compare with.
    """

    structures: int
    energy: float
    force: float
    energy_size: float
    force_size: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def sentence(self) -> str:
        return (
            f"largest difference in {self.structures} random structures: {self.energy:.2g} of "
            f"{self.energy_size:.2g} eV/atom, {self.force:.2g} of {self.force_size:.2g} eV/Å"
        )


def sampled(difference: Difference, structures: int = 4, seed: int = 0) -> NumericDifference:
    """Evaluate both potentials; difference: of two valid specs.

    Trained parameters are drawn about their starts, within their bounds; those that correspond are equal,
    others are at their starts. Raises DataError `no-common-species`.
    """
    assert difference.a is not None and difference.b is not None
    a, b = (_with_species(side) for side in (difference.a, difference.b))
    common = [s for s in a.model.species if s in b.model.species]
    if not common:
        message = "the two specs have no species in common: there is no structure to compare them on"
        raise DataError(Diagnostic("no-common-species", message))
    rng = np.random.default_rng(seed)
    theta_a = _drawn(a.model, rng)
    theta_b = _corresponding(b.model, a.model, theta_a, difference)
    found = [_both(a.model, b.model, theta_a, theta_b, common, rng, k % 2 == 1) for k in range(structures)]
    return NumericDifference(
        structures,
        max(abs(x.energy - y.energy) / len(x.forces) for x, y in found),
        max(float(np.abs(x.forces - y.forces).max()) for x, y in found),
        max(abs(e.energy) / len(e.forces) for pair in found for e in pair),
        max(float(np.abs(e.forces).max()) for pair in found for e in pair),
    )


def _with_species(side: Side) -> Side:
    return build_side(side.checked, _SAMPLE) if side.model.open_species else side


def _drawn(model: Model, rng: np.random.Generator) -> Floats:
    """Numbers about the starts, for the trained parameters."""
    start, lower, upper = (np.array(x) for x in (model.vector.start, model.vector.lower, model.vector.upper))
    spread = 0.2 * np.where(start == 0.0, 0.5, np.abs(start))
    moved = np.clip(start + spread * rng.uniform(-1.0, 1.0, start.size), lower, upper)
    return np.where(np.array(model.vector.free, dtype=bool), moved, start)


def _corresponding(of: Model, other: Model, theta: Floats, difference: Difference) -> Floats:
    """Numbers of a model, each that of its partner in the other."""
    known = {
        (c.parameter.name, tuple(sorted(c.rows)), c.component): float(value)
        for c, value in zip(other.vector.coefficients, theta, strict=True)
    }
    found = []
    for c in of.vector.coefficients:
        partner = difference.parameters.get(c.parameter.name, "")
        found.append(known.get((partner, tuple(sorted(c.rows)), c.component), c.start))
    return np.array(found)


def _both(
    a: Model,
    b: Model,
    theta_a: Floats,
    theta_b: Floats,
    species: list[str],
    rng: np.random.Generator,
    periodic: bool,
) -> tuple[StructurePrediction, StructurePrediction]:
    grid = np.array(list(np.ndindex(2, 2, 2)), dtype=float)[: 4 if periodic else 6]
    positions = _SPACING * grid + rng.uniform(-_SHAKE, _SHAKE, grid.shape)
    cell = _SPACING * np.diag([1.0, 2.0, 2.0]) if periodic else np.eye(3) * 50.0
    if periodic:
        cell = cell + rng.uniform(-0.2, 0.2, (3, 3))
    names = rng.choice(species, len(grid))

    def of(model: Model, theta: Floats) -> StructurePrediction:
        kinds = np.array([model.species.index(s) for s in names])
        return predict(model, theta, positions, cell, np.full(3, periodic), kinds)

    return of(a, theta_a), of(b, theta_b)
