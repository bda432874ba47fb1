"""The interface of a target: models go in, and predictions for structures come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..ir.graph import Model
from ..ir.types import Domain
from ..schedule.limits import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Structure(NamedTuple):
    """positions (N, 3) Å; cell (3, 3), rows are vectors; pbc (3,) bool; species (N,), its indices."""

    positions: Array
    cell: Array
    pbc: Array
    species: Array


@dataclass(frozen=True)
class StructurePrediction:
    """Energy (eV), site energies (N,) in eV, forces (N, 3) in eV/Å, virial dE/dε (3, 3) in eV."""

    energy: float
    site_energy: Array
    forces: Array
    virial: Array


# The structures as one batch with these lists (docs/design.md); runtime/structures makes it.
Batches = Callable[[tuple[Domain, ...], Sequence[Structure]], Any]
# (theta, structures) -> predictions, in order; theta: all parameters, flat.
Predictor = Callable[["Array", Sequence[Structure]], list[StructurePrediction]]


class Target(Protocol):
    """A way to evaluate models.

    optimized: whether it takes models after the passes, or as built. limits: those of the plans that it runs
    (`schedule`); None where it runs models without one.
    """

    @property
    def optimized(self) -> bool: ...

    @property
    def limits(self) -> Limits | None: ...

    def load(self, model: Model, batches: Batches) -> Predictor:
        """A model, ready to be evaluated. A target that finds neighbours itself asks for no batches."""
        ...
