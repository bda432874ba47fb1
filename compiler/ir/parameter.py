"""A parameter of a model: its table, and the numbers that the table holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .types import Kind, entries


@dataclass(frozen=True)
class Parameter:
    """A trainable or fixed number, or table of numbers, of the model.

    name: unique in the model: `morse.D`.
    term: the term instance that owns it.
    kind: that of the table a kernel reads.
    start, lower, upper: one entry a coefficient, species row slowest, feature axes fastest, in eV, Å, e.
    free: whether each coefficient is trained.
    components: the declared components that its feature axis holds, None for all.
    places: for each entry of the table its coefficient, −1 for 0; None where each entry has its own.
    """

    name: str
    term: str
    kind: Kind
    start: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    free: tuple[bool, ...]
    components: tuple[int, ...] | None = None
    places: tuple[int, ...] | None = None

    @property
    def entries(self) -> Sequence[int]:
        """For each entry of the table, rows slowest, the number that it is, −1 for 0."""
        return range(len(self.start)) if self.places is None else self.places

    @property
    def declared(self) -> Sequence[int]:
        """For each component of the table its place among the declared ones."""
        return range(self.kind.components) if self.components is None else self.components


def parameter_size(kind: Kind, species: int) -> int:
    """Numbers in a parameter: rows of its table times its feature components."""
    return entries(kind.domain, species) * kind.components
