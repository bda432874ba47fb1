"""Kinds: what an IR node is one of, its feature shape and its unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Literal

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

TABLES = ("species", "species_pair", "species_pair_ordered", "species_triple", "species_triple_ordered")
LISTS = ("pair", "edge", "triple")


@dataclass(frozen=True)
class Domain:
    """One value for each what. `rc` (Å) is the reach of the neighbour list, of pair, edge and triple."""

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
    pairs = [f"{a}-{b}" for k, a in enumerate(species) for b in species[k:]]
    return {
        "none": ("",),
        "species": species,
        "species_pair": tuple(pairs),
        "species_pair_ordered": tuple(f"{a}-{b}" for a in species for b in species),
        "species_triple": tuple(f"{a}-{bc}" for a in species for bc in pairs),
        "species_triple_ordered": tuple(f"{a}-{b}-{c}" for a in species for b in species for c in species),
    }[domain.name]


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

    def __str__(self) -> str:
        shape = "" if not self.shape else "[" + ", ".join(map(str, self.shape)) + "]"
        return f"{self.domain}{shape} {self.unit}"


# numbers that a value, or all parameters together, may hold: a slip of the keyboard is told and not computed
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
