"""Kinds: the domain of an IR node, its feature shape and its unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import prod
from typing import Any, Literal, TypeAlias, TypeVar

from ..chemistry.units import ONE, Unit

DomainName = Literal[
    "none",
    "structure",
    "species",
    "species_pair",
    "species_pair_ordered",
    "species_triple",
    "species_triple_ordered",
    "site",
    "pair",
    "edge",
    "triple",
]

# a whole number, or an array of them in any library
Index = TypeVar("Index", bound=Any)
Unordered: TypeAlias = Callable[[Index, Index], Index]

# atoms that an entry of a table is of
TABLE_ATOMS = {
    "species": 1,
    "species_pair": 2,
    "species_pair_ordered": 2,
    "species_triple": 3,
    "species_triple_ordered": 3,
}
TABLES = tuple(TABLE_ATOMS)
LISTS = ("pair", "edge", "triple")


@dataclass(frozen=True)
class Domain:
    """The things that have one value each. rc: the cutoff in Å of the list, for pair, edge and triple."""

    name: DomainName
    rc: float | None = None

    def __str__(self) -> str:
        return self.name if self.rc is None else f"{self.name}({self.rc:g})"


NONE = Domain("none")
STRUCTURE = Domain("structure")
SITE = Domain("site")


def entries(domain: Domain, species: int) -> int:
    """Rows of a parameter table over so many species; 1 for a value of the whole model."""
    unordered = species * (species + 1) // 2
    return {
        "none": 1,
        "species": species,
        "species_pair": unordered,
        "species_pair_ordered": species * species,
        "species_triple": species * unordered,
        "species_triple_ordered": species**3,
    }[domain.name]


@lru_cache(maxsize=8)
def unordered_rows(species: int) -> tuple[tuple[int, ...], ...]:
    """The row of each pair of species in a table of unordered pairs: AA, AB, …, BB, …"""

    def row(a: int, b: int) -> int:
        low, high = min(a, b), max(a, b)
        return low * species - low * (low - 1) // 2 + high - low

    return tuple(tuple(row(a, b) for b in range(species)) for a in range(species))


def table_row(domain: Domain, atoms: Sequence[Index], species: int, unordered: Unordered[Index]) -> Index:
    """The row of a table for the species of its atoms, the centre first: of numbers or of arrays of them.

    unordered(a, b) reads `unordered_rows(species)`. Every target takes the order of rows from here.
    """
    match domain.name:
        case "species":
            return atoms[0]
        case "species_pair":
            return unordered(atoms[0], atoms[1])
        case "species_pair_ordered":
            return atoms[0] * species + atoms[1]
        case "species_triple":
            return atoms[0] * (species * (species + 1) // 2) + unordered(atoms[1], atoms[2])
        case _:
            return (atoms[0] * species + atoms[1]) * species + atoms[2]


def row_number(domain: Domain, atoms: Sequence[int], species: int) -> int:
    """The row of a table for atoms of given species."""
    rows = unordered_rows(species)
    return table_row(domain, atoms, species, lambda a, b: rows[a][b])


# what has a number of its own in a table
PER = {
    "none": "model",
    "species": "species",
    "species_pair": "pair",
    "species_pair_ordered": "ordered pair",
    "species_triple": "triple",
    "species_triple_ordered": "ordered triple",
}


def entry_names(domain: Domain, species: tuple[str, ...]) -> tuple[str, ...]:
    """The species of each row, in order: `Nb-W`; for triples centre first: `Si-C-C`."""
    match domain.name:
        case "species":
            return species
        case "species_pair":
            return tuple(f"{a}-{b}" for k, a in enumerate(species) for b in species[k:])
        case "species_pair_ordered":
            return tuple(f"{a}-{b}" for a in species for b in species)
        case "species_triple":
            pairs = [f"{a}-{b}" for k, a in enumerate(species) for b in species[k:]]
            return tuple(f"{a}-{bc}" for a in species for bc in pairs)
        case "species_triple_ordered":
            return tuple(f"{a}-{b}-{c}" for a in species for b in species for c in species)
        case _:
            return ("",)


def in_alphabet(domain: Domain, row: str) -> str:
    """The name of a row where the species stand in the order of the alphabet: of Ni-Cu, unordered, Cu-Ni."""
    names = row.split("-")
    last = {"species_pair": 2, "species_triple": 2}.get(domain.name, 0)  # of these the order says nothing
    first = len(names) - last
    return "-".join([*names[:first], *sorted(names[first:])])


@dataclass(frozen=True)
class Kind:
    domain: Domain
    shape: tuple[int, ...] = ()
    unit: Unit = ONE

    @property
    def components(self) -> int:
        """Numbers in one value: the product of the feature axes."""
        return prod(self.shape)

    def of_unit(self, unit: Unit) -> Kind:
        return replace(self, unit=unit)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """A model asks for it at every node, and for the text."""
        return hash((self.domain, self.shape, self.unit))

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        shape = "" if not self.shape else "[" + ", ".join(map(str, self.shape)) + "]"
        return f"{self.domain}{shape} {self.unit}"


# entries that a value, or all parameters together, may have: a slip of the keyboard is refused in time
LARGEST = 300_000


class KindError(Exception):
    """Two values that do not fit together. `help` says what would."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


def join_shapes(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Feature shapes of an elementwise operation: equal, or one of them a single value.

    Raises KindError where neither holds (no silent broadcasting of axes of length 1).
    """
    if a == b or not b:
        return a
    if not a:
        return b
    raise KindError("shape-mismatch", f"values with {a} and {b} components do not combine")


def join_domains(a: Domain, b: Domain) -> Domain:
    """The domain of an elementwise operation: equal, or one of them `none`.

    Moves between domains are explicit operations (`to_i`, `at`), never implied.
    """
    if a == b or b == NONE:
        return a
    if a == NONE:
        return b
    raise KindError("domain-mismatch", f"a value for each {a} does not combine with one for each {b}")


def too_large(what: str, count: float) -> KindError:
    """The fault of a value that nobody can have meant."""
    return KindError(
        "too-large",
        f"{what} would have {count:g} numbers; {LARGEST} at most are compiled",
        "choose a smaller size",
    )
