"""The division of structures into batches, and the padded shape of each: few shapes, little waste.

Every shape is one compilation. Structures are put in classes of similar coordination, every class is cut into
batches of equal load, and all batches of a class have one shape.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from .neighbors import Pairs, coordination, pairs
from .structure import Structure

Counts = Int[NDArray[np.int64], "S 1+lists"]  # of each structure: its atoms, then the size of each list

# classes are joined while padding grows by less than this share of what is real: a compilation costs seconds
_WORTH = 0.25
_SNAP = (
    1.5  # a shape that was compiled before is used where it holds no more than this many times the elements
)
_OVERSIZE = 1.25  # what a batch may hold of a structure that is larger than the limits by itself


@dataclass(frozen=True)
class ListSpec:
    """A list that a kernel wants: `pair`, each unordered pair once, or `edge`, dense and directed.

    The cutoff is in Å.
    """

    layout: Literal["pair", "edge"]
    cutoff: float


@dataclass(frozen=True)
class Shape:
    """The padded sizes of a batch. `lists` has M of a pair list, K of an edge list."""

    atoms: int
    structures: int
    lists: tuple[int, ...]

    def elements(self, specs: Sequence[ListSpec]) -> int:
        """Atoms and neighbour slots, which is what memory and time go with."""
        slots = (n if s.layout == "pair" else n * self.atoms for n, s in zip(self.lists, specs, strict=True))
        return self.atoms + sum(slots)

    def holds(self, other: Shape) -> bool:
        sizes = zip(
            (self.atoms, self.structures, *self.lists),
            (other.atoms, other.structures, *other.lists),
            strict=True,
        )
        return all(a >= b for a, b in sizes)


@dataclass(frozen=True)
class Limits:
    """The most atoms, and the most elements (`Shape.elements`), of a batch of more than one structure."""

    atoms: int
    elements: int


def nice(n: int, steps: int) -> int:
    """The least m·2^k ≥ n with steps ≤ m < 2·steps: neighbouring values are 1/steps apart or closer."""
    if n <= steps:
        return max(n, 1)
    scale = 1 << max((n - 1).bit_length() - steps.bit_length(), 0)
    return -(-n // scale) * scale


def count(structures: Sequence[Structure], specs: Sequence[ListSpec]) -> Counts:
    """The atoms of each structure, then of each list its pairs or largest coordination."""
    counts = np.zeros((len(structures), 1 + len(specs)), dtype=np.int64)
    longest = max((s.cutoff for s in specs), default=0.0)
    for row, structure in zip(counts, structures, strict=True):
        row[0] = structure.n_atoms
        if specs:
            row[1:] = sizes(pairs(structure, longest), specs, structure.n_atoms)
    return counts


def sizes(half: Pairs, specs: Sequence[ListSpec], n_atoms: int) -> list[int]:
    """The M or K of each list, from the pairs within the longest cutoff."""
    found = []
    for spec in specs:
        near = half.within(spec.cutoff)
        found.append(int(coordination(near, n_atoms).max()) if spec.layout == "edge" else len(near.i))
    return found


def arrange(
    counts: Counts, specs: Sequence[ListSpec], limits: Limits, max_shapes: int, known: Sequence[Shape] = ()
) -> list[tuple[Shape, list[int]]]:
    """Batches as (shape, structures in ascending order).

    At most `max_shapes` new shapes, fewer where that costs little. A structure beyond the limits makes a
    batch of about its own size.
    """
    plan = []
    shapes = list(known)
    for members in _classes(counts, specs, max_shapes):
        groups, shape = _cut(counts, members, specs, limits)
        shape = snap(shape, shapes, specs)
        shapes.append(shape)
        plan += [(shape, sorted(group)) for group in groups]
    return plan


def snap(shape: Shape, known: Sequence[Shape], specs: Sequence[ListSpec]) -> Shape:
    """The smallest known shape that holds this one without much waste, or this one."""
    elements = shape.elements(specs)
    fitting = [k for k in known if k.holds(shape) and k.elements(specs) <= _SNAP * elements]
    return min(fitting, key=lambda k: k.elements(specs), default=shape)


def _classes(counts: Counts, specs: Sequence[ListSpec], max_shapes: int) -> list[list[int]]:
    """Structures of similar coordination; one class without edge lists, as nothing is padded per atom."""
    dense = [c for c, s in enumerate(specs, 1) if s.layout == "edge"]
    by_width: dict[tuple[int, ...], list[int]] = {}
    for index, row in enumerate(counts):
        by_width.setdefault(tuple(nice(int(row[c]), 4) for c in dense), []).append(index)
    classes = [by_width[width] for width in sorted(by_width)]
    budget = _WORTH * sum(_slots(counts, [index], dense) for index in range(len(counts)))
    while len(classes) > 1:
        extra = [
            _slots(counts, a + b, dense) - _slots(counts, a, dense) - _slots(counts, b, dense)
            for a, b in pairwise(classes)
        ]
        best = int(np.argmin(extra))
        budget -= extra[best]
        if budget < 0 and len(classes) <= max_shapes:
            break
        classes[best : best + 2] = [classes[best] + classes[best + 1]]
    return classes


def _slots(counts: Counts, members: list[int], dense: list[int]) -> float:
    """Atoms and dense neighbour slots of a class when every atom has the width of the widest."""
    width = 1 + sum(int(counts[members, c].max()) for c in dense)
    return float(counts[members, 0].sum() * width)


def _cut(
    counts: Counts, members: list[int], specs: Sequence[ListSpec], limits: Limits
) -> tuple[list[list[int]], Shape]:
    """The fewest batches of equal load within the limits, and the shape that holds each of them."""
    alone = [_hull(counts, [[m]], specs, limits) for m in _largest(counts, members)]
    room = Limits(
        _room(limits.atoms, max(s.atoms for s in alone)),
        _room(limits.elements, max(s.elements(specs) for s in alone)),
    )
    batches = max(1, -(-int(counts[members, 0].sum()) // room.atoms))
    while True:
        groups = _balance(counts, members, batches)
        shape = _hull(counts, groups, specs, limits)
        within = shape.atoms <= room.atoms and shape.elements(specs) <= room.elements
        if within or batches >= len(members):
            return groups, shape
        batches = min(len(members), max(batches + 1, int(batches * 1.05)))


def _largest(counts: Counts, members: list[int]) -> list[int]:
    return list({members[int(k)] for k in np.argmax(counts[members], axis=0)})


def _room(limit: int, alone: int) -> int:
    return limit if alone <= limit else int(alone * _OVERSIZE)


def _balance(counts: Counts, members: list[int], batches: int) -> list[list[int]]:
    """Largest first, each to the batch with the least load (Graham, SIAM J. Appl. Math. 17, 416 (1969))."""
    chosen = counts[members].astype(np.float64)
    load = (chosen / np.maximum(chosen.sum(axis=0), 1)).sum(axis=1)
    groups: list[list[int]] = [[] for _ in range(batches)]
    heap = [(0.0, 0, k) for k in range(batches)]
    for position in np.argsort(-load, kind="stable"):
        filled, size, k = heapq.heappop(heap)
        groups[k].append(members[position])
        heapq.heappush(heap, (filled + load[position], size + 1, k))
    return [group for group in groups if group]


def _hull(counts: Counts, groups: list[list[int]], specs: Sequence[ListSpec], limits: Limits) -> Shape:
    """The bucketed shape that holds every group."""
    atoms = max(int(counts[group, 0].sum()) for group in groups)
    lists = []
    for column, spec in enumerate(specs, 1):
        if spec.layout == "edge":
            lists.append(nice(max(int(counts[group, column].max()) for group in groups), 4))
        else:
            lists.append(nice(max(int(counts[group, column].sum()) for group in groups), 8))
    rounded = nice(atoms, 8)
    if atoms <= limits.atoms:  # rounding does not take a batch over the limit
        rounded = min(rounded, limits.atoms)
    return Shape(rounded, nice(max(map(len, groups)), 4), tuple(lists))
