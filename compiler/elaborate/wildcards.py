"""Keys of a table with `*` for any species, `Li-*` and `*-*`: one with fewer goes before one with more."""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import permutations

from ..ir.types import Domain
from ..syntax import tree as syntax

Key = tuple[str, ...]
WILD = "*"


def stars(key: Key) -> int:
    return key.count(WILD)


def matches(key: Key, row: str, domain: Domain) -> bool:
    """Whether a key names a row, `Nb-W`: pairs in either order, and so the neighbours of triples."""
    species = row.split("-")
    if len(key) != len(species):
        return False
    return any(
        all(k in (WILD, s) for k, s in zip(key, order, strict=True)) for order in _orders(species, domain)
    )


def _orders(species: list[str], domain: Domain) -> Iterable[tuple[str, ...]]:
    match domain.name:
        case "species_pair":
            return permutations(species)
        case "species_triple":
            return ((species[0], *others) for others in permutations(species[1:]))
        case _:
            return (tuple(species),)


def nearest(table: syntax.Table, row: str, domain: Domain) -> syntax.Expr | None:
    """The value of the entry that a row takes, None where no key names it."""
    found = [(stars(k), value) for keys, value, _ in table.entries for k in keys if matches(k, row, domain)]
    return min(found, key=lambda one: one[0])[1] if found else None


def twice(
    keys: Iterable[Key], rows: Iterable[str], domain: Domain, known: Container[str]
) -> tuple[str, Key, Key] | None:
    """A row that two keys with equally many stars name, and these; None where there is none."""
    wild = [key for key in keys if stars(key)]
    for row in rows:
        if row not in known:
            named = sorted((k for k in wild if matches(k, row, domain)), key=stars)
            if len(named) > 1 and stars(named[0]) == stars(named[1]):
                return row, named[0], named[1]
    return None
