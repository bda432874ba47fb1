"""Contractions: the notation of an `einsum`, parsed once for all readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod


@dataclass(frozen=True)
class Contraction:
    """A sum of products: a letter for each feature axis of each input, and those of the output."""

    inputs: tuple[str, ...]
    output: str

    @property
    def summed(self) -> tuple[str, ...]:
        """Letters of the inputs that the output lacks, in order of the alphabet."""
        return tuple(sorted(set("".join(self.inputs)) - set(self.output)))

    def sizes(self, shapes: Iterable[Sequence[int]]) -> dict[str, int]:
        """The extent of each letter, in order of appearance, from the shapes of the inputs."""
        pairs = zip(self.inputs, shapes, strict=True)
        return {c: n for letters, shape in pairs for c, n in zip(letters, shape, strict=True)}

    def terms(self, sizes: Mapping[str, int]) -> int:
        """Products that are summed for one component of the output."""
        return prod(sizes[c] for c in self.summed)

    def products(self, sizes: Mapping[str, int]) -> int:
        """Products for all components of the output."""
        return prod(sizes.values())

    def batched(self, axis: str) -> Contraction:
        """The same for each place of one more axis, the first of all inputs and of the output."""
        return Contraction(tuple(axis + letters for letters in self.inputs), axis + self.output)

    def __str__(self) -> str:
        return f"{','.join(self.inputs)}->{self.output}"


@cache
def parsed(spec: str) -> Contraction:
    """The contraction of a text in the notation of numpy.einsum: `ij,j->i`."""
    inputs, output = spec.split("->")
    return Contraction(tuple(inputs.split(",")), output)


def places(letters: Sequence[str], sizes: Mapping[str, int]) -> Iterable[tuple[int, ...]]:
    """All values of some letters together, the last fastest."""
    return product(*(range(sizes[c]) for c in letters))
