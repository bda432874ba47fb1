"""All parameters of a model as one vector, coefficient by coefficient: theta (P,), in eV, Å, e.

The order is that of the parameters, in each the one of its numbers. Plain tuples: `check` does without NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from .parameter import Parameter
from .types import entries, entry_names, in_alphabet

Array = TypeVar("Array", bound=Any)  # of NumPy or of jax


@dataclass(frozen=True)
class Coefficient:
    """An entry of the vector.

    name: `morse.D[Nb-W]`, `pair.c[Nb-Nb,3]`, `morse.D[Nb-Nb=Nb-W]` of joined rows; plain where a parameter is
    one number. index: its place among the numbers of the parameter. rows: those of the table that read it,
    several where they are joined. component: its place in the parameter as declared; 0 where that has none.
    """

    name: str
    parameter: Parameter
    index: int
    rows: tuple[str, ...]
    component: int

    @property
    def key(self) -> str:
        """The name, the same for a model whose species stand in another order: `Ni-Cu` is `Cu-Ni`."""
        rows = sorted(in_alphabet(self.parameter.kind.domain, row) for row in self.rows)
        return self.name.replace("[" + "=".join(self.rows), "[" + "=".join(rows), 1)

    @property
    def start(self) -> float:
        return self.parameter.start[self.index]

    @property
    def free(self) -> bool:
        """Whether a fit changes it."""
        return self.parameter.free[self.index]


@dataclass(frozen=True)
class ParameterVector:
    """The layout of all parameters in one vector, of P coefficients, F of them free: trained by a fit."""

    parameters: tuple[Parameter, ...]
    species: tuple[str, ...]

    def __len__(self) -> int:
        """P."""
        return sum(len(p.start) for p in self.parameters)

    @property
    def n_trained(self) -> int:
        """F."""
        return sum(self.free)

    # --- coefficients ------------------------------------------------------------------------------

    @cached_property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """(P,)"""
        return tuple(c for p in self.parameters for c in _coefficients(p, self.species))

    @cached_property
    def trained(self) -> tuple[Coefficient, ...]:
        """(F,) the free ones."""
        return tuple(c for c in self.coefficients if c.free)

    @cached_property
    def trained_places(self) -> tuple[int, ...]:
        """(F,) the places of the free ones in the vector."""
        return tuple(k for k, free in enumerate(self.free) if free)

    @property
    def names(self) -> tuple[str, ...]:
        """(P,)"""
        return tuple(c.name for c in self.coefficients)

    @property
    def start(self) -> tuple[float, ...]:
        """(P,)"""
        return tuple(x for p in self.parameters for x in p.start)

    @property
    def lower(self) -> tuple[float, ...]:
        """(P,) −inf where there is no bound."""
        return tuple(x for p in self.parameters for x in p.lower)

    @property
    def upper(self) -> tuple[float, ...]:
        """(P,) inf where there is no bound."""
        return tuple(x for p in self.parameters for x in p.upper)

    @property
    def free(self) -> tuple[bool, ...]:
        """(P,) which are trained."""
        return tuple(x for p in self.parameters for x in p.free)

    def among(self, names: Container[str]) -> tuple[bool, ...]:
        """(P,) which are of the parameters of these names, such as the linear ones."""
        return tuple(p.name in names for p in self.parameters for _ in p.start)

    # --- parameters and their tables ---------------------------------------------------------------

    def parts(self) -> Iterator[tuple[Parameter, slice]]:
        """Each parameter with its part of the vector."""
        first = 0
        for p in self.parameters:
            yield p, slice(first, first + len(p.start))
            first += len(p.start)

    def of(self, parameter: Parameter) -> tuple[Coefficient, ...]:
        """The coefficients of a parameter."""
        return tuple(_coefficients(parameter, self.species))

    def rows(self, parameter: Parameter) -> Mapping[str, Mapping[int, int]]:
        """For each row of the table by name, as `Nb-W`: component as declared -> number of the parameter."""
        names, width = entry_names(parameter.kind.domain, self.species), parameter.kind.components
        found = {}
        for k, name in enumerate(names):
            own = zip(parameter.declared, parameter.entries[k * width : (k + 1) * width], strict=True)
            found[name] = {component: number for component, number in own if number >= 0}
        return found

    def tables(self, theta: Array, spread: Callable[[Array, Sequence[int]], Array]) -> Mapping[str, Array]:
        """Parameters by name, (rows, *features), of an array theta (P,).

        spread(numbers, entries): the numbers at these places of the parameter, 0 at place −1.
        """
        found = {}
        for p, part in self.parts():
            flat = theta[part] if p.places is None else spread(theta[part], p.places)
            found[p.name] = flat.reshape(entries(p.kind.domain, len(self.species)), *p.kind.shape)
        return found


def _coefficients(p: Parameter, species: tuple[str, ...]) -> Iterator[Coefficient]:
    rows, width = entry_names(p.kind.domain, species), p.kind.components
    readers: list[list[int]] = [[] for _ in p.start]
    for entry, number in enumerate(p.entries):
        if number >= 0:
            readers[number].append(entry)
    vector = p.components is not None or width > 1
    for index, found in enumerate(readers):
        own, component = tuple(rows[e // width] for e in found), p.declared[found[0] % width]
        parts = ["=".join(own)] if own[0] and len(species) > 1 else []
        parts += [str(component)] if vector else []
        name = p.name + (f"[{','.join(parts)}]" if parts else "")
        yield Coefficient(name, p, index, own, component)
