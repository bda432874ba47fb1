"""The numbers of a parameter, one by one: the rows of its table that read each, its component, its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .graph import Model, Parameter
from .types import entry_names


class Number(NamedTuple):
    """A number of a parameter. rows: those of the table that read it, several where they are joined.

    component: its place in the parameter as declared; 0 where that has no components.
    """

    rows: tuple[str, ...]
    component: int


def numbers(parameter: Parameter, species: tuple[str, ...]) -> tuple[Number, ...]:
    """All numbers of a parameter, in their order."""
    rows = entry_names(parameter.kind.domain, species)
    width = parameter.kind.components
    places = range(len(rows) * width) if parameter.places is None else parameter.places
    readers: list[list[int]] = [[] for _ in parameter.start]
    for entry, place in enumerate(places):
        if place >= 0:
            readers[place].append(entry)
    components = parameter.components or tuple(range(width))
    return tuple(Number(tuple(rows[e // width] for e in r), components[r[0] % width]) for r in readers)


def number_names(model: Model) -> list[str]:
    """A name for each number: `morse.D[Nb-W]`, `pair.c[Nb-Nb,3]`, `morse.D[Nb-Nb=Nb-W]` of joined rows; plain
    where a parameter is one number.
    """
    names = []
    for p in model.parameters:
        vector = p.components is not None or p.kind.components > 1
        for number in numbers(p, model.species):
            parts = ["=".join(number.rows)] if number.rows[0] and len(model.species) > 1 else []
            parts += [str(number.component)] if vector else []
            names.append(p.name + (f"[{','.join(parts)}]" if parts else ""))
    return names


@dataclass(frozen=True)
class Trained:
    """A number that a fit changes: its parameter, its place among that one's numbers, and what it is."""

    parameter: Parameter
    index: int
    number: Number


def trained_numbers(model: Model) -> tuple[Trained, ...]:
    """All numbers that a fit changes, in the order of the model."""
    return tuple(
        Trained(p, index, number)
        for p in model.parameters
        for index, number in enumerate(numbers(p, model.species))
        if p.free[index]
    )
