"""Neighbours within a cutoff, through any number of periodic images (vesin makes the lists)."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from jaxtyping import Bool, Float, Int
from vesin import NeighborList

from ...compiler.backends.forked import is_forked
from .arrays import Bools, Cell, Floats, Indices, Ints, Periodic
from .extents import all_pairs, search_distance
from .structure import Structure

_GRID = 4096  # images that are counted on a grid, however few pairs there are


@dataclass(frozen=True, eq=False)
class Pairs:
    """The half list of one structure: each unordered pair once, also an atom with its own image.

    The displacement i→j is positions[j] + shifts[image] − positions[i].
    """

    i: Int[Ints, " M"]  # in ascending order
    j: Int[Ints, " M"]
    image: Int[Ints, " M"]  # the place of the shift of each pair
    shifts: Float[Floats, "S 3"]  # of periodic images, Å
    distance: Float[Floats, " M"]  # Å

    @property
    def shift(self) -> Float[Floats, "M 3"]:
        """Of each pair, Å."""
        return self.shifts[self.image]

    def where(self, wanted: Bool[Bools, " M"]) -> Pairs:
        """Some of the pairs."""
        if wanted.all():
            return self
        i, j, image = (indices[wanted] for indices in (self.i, self.j, self.image))
        return Pairs(i, j, image, self.shifts, self.distance[wanted])

    def within(self, cutoff: float) -> Pairs:
        """The pairs with r < cutoff."""
        return self.where(self.distance < cutoff)


@dataclass(frozen=True, eq=False)
class Slots:
    """The places of each pair of a half list in the neighbour rows of its two atoms."""

    out: Int[Ints, " M"]  # the pair is the out-th neighbour of its i
    back: Int[Ints, " M"]  # and the back-th of its j


def pairs(structure: Structure, cutoff: float) -> Pairs:
    """All pairs with r < cutoff (Å).

    Cells may be smaller than the cutoff, left-handed, periodic in some directions; atoms may lie outside.
    Raises DataError as `search_distance`.
    """
    box = _box(structure.cell, structure.pbc)
    # starting threads costs more than a small list
    threads = 1 if structure.n_atoms < 2000 or is_forked() else 0
    reach = search_distance(structure, box, cutoff)
    if reach is None:
        i, j, images, distance = all_pairs(structure, box, cutoff)
    else:
        finder = NeighborList(cutoff=reach, full_list=False, sorted=True, n_threads=threads)
        found = finder.compute(structure.positions, box, structure.pbc, "ijSd", copy=False)
        i, j, images, distance = found  # views of what `finder` holds
    image, different = _different(images)
    shifts = different.astype(np.float64) @ box
    return Pairs(i.astype(np.int32), j.astype(np.int32), image, shifts, distance.copy()).within(cutoff)


def _different(images: Int[Ints, "M 3"]) -> tuple[Int[Ints, " M"], Int[Ints, "S 3"]]:
    """The place of each row among the different ones, and these."""
    if not len(images):
        return np.zeros(0, np.int32), images
    low = images.min(axis=0)
    sizes = tuple(int(n) for n in images.max(axis=0) - low + 1)
    if prod(sizes) > max(_GRID, len(images)):  # atoms far outside their cell
        far, place = np.unique(images, axis=0, return_inverse=True)
        return place.astype(np.int32), far
    code = np.ravel_multi_index(tuple((images - low).T), sizes)
    is_there = np.zeros(prod(sizes), np.bool_)
    is_there[code] = True
    rank: Int[Ints, " grid"] = np.cumsum(is_there, dtype=np.int32) - 1
    rows = np.stack(np.unravel_index(np.flatnonzero(is_there), sizes), axis=1)
    return rank[code], (rows + low).astype(np.int32)


def slots(half: Pairs, n_atoms: int) -> Slots:
    """The full list: a place for both directions of every pair, first those in which an atom is i.

    Made from the half list, and not searched for, so that an edge has its partner also where r equals
    the cutoff to the last bit and rounding decides.
    """
    place = np.arange(len(half.i), dtype=np.int32)
    leaving = np.bincount(half.i, minlength=n_atoms)
    out = place - (np.cumsum(leaving) - leaving)[half.i]
    arriving = np.bincount(half.j, minlength=n_atoms)
    order = _ascending(half.j)
    back = np.empty_like(place)
    back[order] = place + np.repeat(leaving - (np.cumsum(arriving) - arriving), arriving)
    return Slots(out.astype(np.int32), back)


def directed(
    half: Pairs, n_atoms: int
) -> tuple[Int[Indices, " N+1"], Int[Ints, " 2M"], Int[Ints, " 2M"], Float[Floats, "2S 3"]]:
    """Both directions of every pair, atom by atom: where the neighbours of each atom begin, their indices,
    the places of their shifts, and the shifts (Å).
    """
    first = np.zeros(n_atoms + 1, dtype=np.int64)
    np.cumsum(coordination(half, n_atoms), out=first[1:])
    place = slots(half, n_atoms)
    j, image = (np.empty(2 * len(half.i), np.int32) for _ in range(2))
    out, back = first[half.i] + place.out, first[half.j] + place.back
    j[out], image[out] = half.j, half.image
    j[back], image[back] = half.i, half.image + np.int32(len(half.shifts))
    return first, j, image, np.concatenate([half.shifts, -half.shifts])


def _ascending(index: Int[Ints, " M"]) -> Int[Indices, " M"]:
    """The order that sorts indices, in linear time: NumPy's stable sort counts digits of 16 bits."""
    order = np.argsort(index.astype(np.uint16), kind="stable")
    high = index >> 16
    return order[np.argsort(high[order].astype(np.uint16), kind="stable")] if high.any() else order


def coordination(half: Pairs, n_atoms: int) -> Int[Ints, " N"]:
    """The number of neighbours of each atom, (N,)."""
    counts = np.bincount(half.i, minlength=n_atoms) + np.bincount(half.j, minlength=n_atoms)
    return counts.astype(np.int32)


def _box(cell: Cell, pbc: Periodic) -> Cell:
    """The cell with its open directions replaced by unit vectors across the periodic ones.

    An open direction may have any vector, zero among them, and has no image; a search wants a volume.
    """
    if pbc.all():
        return cell
    box = np.zeros((3, 3))
    box[pbc] = cell[pbc]
    across = np.linalg.svd(box[pbc])[2][int(pbc.sum()) :] if pbc.any() else np.eye(3)
    box[~pbc] = across
    return box
