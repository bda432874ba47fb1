"""Neighbours as flat rows: by looping over all images, with nothing clever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...ir.types import Domain

Array = NDArray[Any]
Image = tuple[int, int, Array]  # i, j and the shift of j in cells


class Neighbors(NamedTuple):
    """Rows of a list: atoms i and j and the shift of j in cells, (M,), (M,), (M, 3)."""

    i: Array
    j: Array
    shift: Array


class Lists(NamedTuple):
    """The rows of each list of pairs or edges; by cutoff, the two edges of each triple as rows of their
    list.
    """

    neighbors: Mapping[Domain, Neighbors]
    triples: Mapping[float | None, tuple[Array, Array]]

    @property
    def rows(self) -> int:
        """Of all lists together."""
        return sum(len(n.i) for n in self.neighbors.values()) + sum(
            len(ij) for ij, _ in self.triples.values()
        )

    def repeated(self, copies: int, n_atoms: int) -> Lists:
        """The lists of copies of a structure, one behind the other."""

        def each(rows: Array, count: int) -> Array:
            return (rows + count * np.arange(copies)[:, None]).reshape(-1)

        found = {
            domain: Neighbors(each(n.i, n_atoms), each(n.j, n_atoms), np.tile(n.shift, (copies, 1)))
            for domain, n in self.neighbors.items()
        }
        counts = {rc: len(self.neighbors[Domain("edge", rc)].i) for rc in self.triples}
        triples = {rc: (each(ij, counts[rc]), each(ik, counts[rc])) for rc, (ij, ik) in self.triples.items()}
        return Lists(found, triples)


def find_neighbors(domains: Iterable[Domain], positions: Array, cell: Array, pbc: Array) -> Lists:
    """The lists that pairs, edges and triples are on, at positions (N, 3) in Å and a cell of rows."""
    domains = tuple(domains)
    edges = (Domain("edge", d.rc) if d.name == "triple" else d for d in domains)
    found = _images(max((d.rc or 0.0 for d in domains), default=0.0), positions, cell, pbc)
    neighbors = {domain: _within(positions, cell, found, domain) for domain in edges}
    cutoffs = {d.rc for d in domains if d.name == "triple"}
    return Lists(neighbors, {rc: _pairs_of(neighbors[Domain("edge", rc)].i) for rc in cutoffs})


def _images(cutoff: float, positions: Array, cell: Array, pbc: Array) -> list[Image]:
    """All (i, j, S) with j + S nearer to i than the longest cutoff."""
    spans = [0, 0, 0]
    if any(pbc):
        heights = 1.0 / np.linalg.norm(np.linalg.pinv(cell), axis=0)
        spread = np.ptp(positions @ np.linalg.pinv(cell), axis=0)
        spans = [int(np.ceil(cutoff / heights[k] + spread[k])) + 1 if pbc[k] else 0 for k in range(3)]
    shifts = np.array(list(product(*(range(-n, n + 1) for n in spans))), float)
    images = positions + (shifts @ cell)[:, None]  # (shifts, N, 3)
    found: list[Image] = []
    for i, centre in enumerate(positions):
        near = np.argwhere(np.linalg.norm(images - centre, axis=-1) < cutoff)
        found += [(i, j, shifts[s]) for s, j in near if i != j or any(shifts[s])]
    return found


class Geometry:
    """Positions (N, 3) Å, species (N,), and the vectors between neighbours of given lists.

    cells: (copies, 3, 3) Å, of as many structures of one size, whose atoms stand one behind the other.
    """

    def __init__(self, positions: Array, cells: Array, species: Array, lists: Lists) -> None:
        self.positions, self.species, self.triples = positions, species, lists.triples
        self._neighbors = lists.neighbors
        self._vectors = {
            domain: positions[n.j] + _moves(n.shift, cells) - positions[n.i]
            for domain, n in lists.neighbors.items()
        }

    def list_of(self, domain: Domain) -> Neighbors:
        """The list that pairs, edges or triples are on."""
        return self._neighbors[_list(domain)]

    def vectors(self, domain: Domain) -> Array:
        """x_j + S·h − x_i (M, 3) Å, of a list."""
        return self._vectors[_list(domain)]

    def distances(self, domain: Domain) -> Array:
        """Å, of a list."""
        d = self.vectors(domain)
        return np.sqrt((d * d).sum(axis=1))

    def mask(self, domain: Domain, within: float | None) -> Array:
        """Rows of a list whose neighbours are nearer than `within` Å, None for all."""
        near = self.distances(domain).real < (np.inf if within is None else within)
        if domain.name != "triple":
            return near
        ij, ik = self.triples[domain.rc]
        return near[ij] & near[ik]

    def atoms(self, domain: Domain) -> dict[str, Array]:
        """The atoms of each row by the letters i, j, k."""
        if domain.name == "site":
            return {"i": np.arange(len(self.positions))}
        near = self.list_of(domain)
        if domain.name != "triple":
            return {"i": near.i, "j": near.j}
        ij, ik = self.triples[domain.rc]
        return {"i": near.i[ij], "j": near.j[ij], "k": near.j[ik]}


def _moves(shift: Array, cells: Array) -> Array:
    """The shifts (M, 3) of all copies in Å, each by its own cell."""
    moved: Array = shift.reshape(len(cells), -1, 3) @ cells
    return moved.reshape(-1, 3)


def _list(domain: Domain) -> Domain:
    return domain if domain.name == "pair" else Domain("edge", domain.rc)


def _within(x: Array, h: Array, found: list[Image], domain: Domain) -> Neighbors:
    """The neighbours nearer than the cutoff of a list; on pairs each of the two ways once."""
    kept = [e for e in found if domain.name != "pair" or _is_first(*e)]
    i = np.array([e[0] for e in kept], dtype=int)
    j = np.array([e[1] for e in kept], dtype=int)
    shift = np.array([e[2] for e in kept], dtype=float).reshape(-1, 3)
    near = np.linalg.norm(x[j] + shift @ h - x[i], axis=1) < (domain.rc or 0.0)
    return Neighbors(i[near], j[near], shift[near])


def _is_first(i: int, j: int, shift: Array) -> bool:
    return i < j or (i == j and next((bool(s > 0) for s in shift if s), False))


def _pairs_of(centres: Array) -> tuple[Array, Array]:
    """Pairs of different neighbours of one atom, as rows of the neighbour list."""
    found = [(a, b) for a, i in enumerate(centres) for b in np.flatnonzero(centres == i) if a != b]
    both = np.array(found, dtype=int).reshape(-1, 2)
    return both[:, 0], both[:, 1]
