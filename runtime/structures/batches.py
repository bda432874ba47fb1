"""Structures as padded arrays, several to a batch; kernels take batches. NumPy, no jax."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from .arrays import Bools, Floats, Indices, Ints, Positions, Species
from .few_shapes import FewShapes, roomy
from .neighbors import Pairs, pairs, slots
from .padding import Limits, ListSpec, Shape, arrange, count, sizes
from .structure import Structure, species_index

# a padded neighbour is this way off, at 0.9 of the cutoff: no axis and no lattice direction, so nothing in a
# term is singular at it (r = 0, r = cutoff, an angle of 0 or π to a real neighbour)
ASIDE = 0.9 * np.array([0.48, 0.6, 0.64])


@dataclass(frozen=True, eq=False)
class PairList:
    """Each unordered pair once."""

    i: Int[Ints, " M"]  # in ascending order
    j: Int[Ints, " M"]
    shift: Float[Floats, "3 M"]  # Å
    valid: Bool[Bools, " M"]  # False for padding


@dataclass(frozen=True, eq=False)
class EdgeList:
    """Neighbours of each atom in a row."""

    j: Int[Ints, "N K"]
    shift: Float[Floats, "3 N K"]  # Å
    valid: Bool[Bools, "N K"]  # False for padding
    reverse: Int[Ints, "N K"]  # the flat index n·K + k of the edge j→i; a padded edge is its own


NeighborLists: TypeAlias = tuple[PairList | EdgeList, ...]


@dataclass(frozen=True, eq=False)
class Batch:
    """Several structures, one after another, padded to N atoms and B structures."""

    positions: Float[Floats, "3 N"]  # Å
    species: Species  # indices into the potential's species
    structure: Int[Ints, " N"]  # the structure of each atom, 0 for padding
    real: Bool[Bools, " N"]  # False for padding
    n_structures: int  # B
    lists: NeighborLists
    n_atoms: Int[Ints, " B"]  # 0 for padding
    volume: Float[Floats, " B"]  # Å³, of the stress; 0 for padding and where no component is defined

    @property
    def shape(self) -> Shape:
        sizes = tuple(len(x.i) if isinstance(x, PairList) else x.j.shape[1] for x in self.lists)
        return Shape(len(self.real), self.n_structures, sizes)


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of a batch; 0 where a label is absent or the structure is padding."""

    energy: Float[Floats, " B"]  # eV
    forces: Float[Floats, "3 N"]  # eV/Å
    stress: Float[Floats, "B 3 3"]  # eV/Å³, tension positive
    has_energy: Bool[Bools, " B"]
    has_forces: Bool[Bools, " B"]
    has_stress: Bool[Bools, "B 3 3"]  # of each component: a slab has those in its plane
    weight: Float[Floats, " B"]


@dataclass(frozen=True, eq=False)
class BatchPlan:
    """The division of structures into batches; `batches` builds one at a time, as often as it is called."""

    structures: Sequence[Structure]
    specs: tuple[ListSpec, ...]
    species: tuple[str, ...]
    groups: tuple[tuple[Shape, tuple[int, ...]], ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The different shapes: one compilation each."""
        return tuple(dict.fromkeys(shape for shape, _ in self.groups))

    def batches(self) -> Iterator[tuple[Batch, tuple[int, ...]]]:
        """Pairs (batch, indices of its structures), one after another; no batch is kept."""
        return (self.batch(k) for k in range(len(self.groups)))

    def batch(self, group: int) -> tuple[Batch, tuple[int, ...]]:
        """The batch of a group."""
        shape, indices = self.groups[group]
        return build([self.structures[k] for k in indices], self.specs, self.species, shape), indices


def plan_batches(
    structures: Sequence[Structure],
    specs: Sequence[ListSpec],
    species: tuple[str, ...],
    max_atoms: int = 1024,
    max_elements: int = 1 << 18,
    max_shapes: int = 6,
    known: Sequence[Shape] = (),
) -> BatchPlan:
    """Choose batches and their shapes from counts of neighbours.

    max_atoms, max_elements (atoms and neighbour slots, padding included) bound a batch, and so memory; one
    structure beyond them is a batch of its own size. known: shapes already compiled, used where they fit.
    Raises DataError (unknown-species-in-data).
    """
    require_species(structures, species)
    limits = Limits(max_atoms, max_elements)
    groups = arrange(count(structures, specs), specs, limits, max_shapes, known) if structures else []
    return BatchPlan(structures, tuple(specs), species, tuple((shape, tuple(g)) for shape, g in groups))


def single(
    structure: Structure,
    specs: Sequence[ListSpec],
    species: tuple[str, ...],
    shapes: FewShapes | None = None,
    skin: float = 0.0,
) -> Batch:
    """A batch of one structure. shapes: chooses its shape, one with a little room without it.

    skin (Å) lengthens the lists, which then hold until an atom has moved by half of it (`moved`).
    """
    require_species([structure], species)
    longer = tuple(ListSpec(s.layout, s.cutoff + skin) for s in specs)
    n = structure.n_atoms
    found = pairs(structure, max((s.cutoff for s in longer), default=1.0))
    needed = sizes(found, longer, n)
    least = Shape(n, 1, tuple(needed))
    shape = roomy(least) if shapes is None else shapes.of(least, longer)
    return build([structure], longer, species, shape, [found])


def moved(batch: Batch, positions: Positions) -> Batch:
    """The batch of a single structure with its atoms at positions (Å), in the same cell and lists."""
    new = np.zeros_like(batch.positions)
    new[:, : len(positions)] = positions.T
    return replace(batch, positions=new)


def build(
    structures: Sequence[Structure],
    specs: Sequence[ListSpec],
    species: tuple[str, ...],
    shape: Shape,
    found: Sequence[Pairs] | None = None,
) -> Batch:
    """The structures as one batch of the given shape, which must hold them.

    found: the pairs of each structure within the longest cutoff, where they are known already.
    """
    first = np.cumsum([0, *(s.n_atoms for s in structures)])
    n, total = shape.atoms, first[-1]
    index = species_index(species)
    positions, kinds = np.zeros((3, n)), np.zeros(n, dtype=np.int32)
    positions[:, :total] = np.concatenate([s.positions for s in structures]).T
    kinds[:total] = index[np.concatenate([s.numbers for s in structures])]
    counts = [s.n_atoms for s in structures]
    n_atoms, volume = np.zeros(shape.structures, dtype=np.int32), np.zeros(shape.structures)
    n_atoms[: len(counts)] = counts
    volume[: len(counts)] = [s.stress_volume for s in structures]
    structure = np.zeros(n, dtype=np.int32)
    structure[:total] = np.repeat(np.arange(len(counts)), counts)
    if found is None and specs:  # one search for all lists
        longest = max(s.cutoff for s in specs)
        found = [pairs(s, longest) for s in structures]
    lists = _lists(found or (), specs, first, shape)
    return Batch(positions, kinds, structure, np.arange(n) < total, shape.structures, lists, n_atoms, volume)


def make_labels(structures: Sequence[Structure], batch: Batch, indices: Sequence[int]) -> Labels:
    """The labels of the structures `indices`, laid out as `batch` has them."""
    b, n = batch.n_structures, len(batch.real)
    has, has_stress = np.zeros((2, b), dtype=np.bool_), np.zeros((b, 3, 3), dtype=np.bool_)
    energy, forces, stress, weight = np.zeros(b), np.zeros((3, n)), np.zeros((b, 3, 3)), np.zeros(b)
    start = 0
    for k, s in enumerate(structures[index] for index in indices):
        weight[k] = s.weight
        has[:, k] = s.energy is not None, s.forces is not None
        if s.energy is not None:
            energy[k] = s.energy
        if s.forces is not None:
            forces[:, start : start + s.n_atoms] = s.forces.T
        if s.stress is not None and s.stress_volume > 0:
            has_stress[k] = s.stress_components
            stress[k] = np.where(has_stress[k], s.stress, 0.0)
        start += s.n_atoms
    return Labels(energy, forces, stress, has[0], has[1], has_stress, weight)


def _lists(
    found: Sequence[Pairs], specs: Sequence[ListSpec], first: Int[Indices, " S"], shape: Shape
) -> NeighborLists:
    made: list[PairList | EdgeList] = []
    for spec, size in zip(specs, shape.lists, strict=True):
        half = _joined([p.within(spec.cutoff) for p in found], first)
        if spec.layout == "pair":
            made.append(_pair_list(half, size, shape.atoms, spec.cutoff))
        else:
            made.append(_edge_list(half, size, shape.atoms, spec.cutoff))
    return tuple(made)


def _joined(parts: Sequence[Pairs], first: Int[Indices, " S"]) -> Pairs:
    """The pairs of all structures, in the numbering of the batch."""
    if len(parts) == 1:
        return parts[0]
    ends = np.cumsum([0, *(len(p.shifts) for p in parts)])
    return Pairs(
        np.concatenate([p.i + f for p, f in zip(parts, first, strict=False)]).astype(np.int32),
        np.concatenate([p.j + f for p, f in zip(parts, first, strict=False)]).astype(np.int32),
        np.concatenate([p.image + f for p, f in zip(parts, ends, strict=False)]).astype(np.int32),
        np.concatenate([p.shifts for p in parts]),
        np.concatenate([p.distance for p in parts]),
    )


def _pair_list(half: Pairs, size: int, n: int, cutoff: float) -> PairList:
    """Padding pairs are the last atom with itself, so that i stays in ascending order."""
    count = len(half.i)
    i, j = np.full(size, n - 1, dtype=np.int32), np.full(size, n - 1, dtype=np.int32)
    shift = np.tile((cutoff * ASIDE)[:, None], size)
    i[:count], j[:count], shift[:, :count] = half.i, half.j, half.shift.T
    return PairList(i, j, shift, np.arange(size) < count)


def _edge_list(half: Pairs, width: int, n: int, cutoff: float) -> EdgeList:
    place = slots(half, n)
    out, back = half.i.astype(np.int64) * width + place.out, half.j.astype(np.int64) * width + place.back
    j = np.repeat(np.arange(n, dtype=np.int32), width)
    reverse = np.arange(n * width, dtype=np.int32)
    valid = np.zeros(n * width, dtype=np.bool_)
    shift = np.empty((3, n * width))
    for edge, end, other in ((out, half.j, back), (back, half.i, out)):
        j[edge], reverse[edge], valid[edge] = end, other, True
    for component, aside, given in zip(shift, cutoff * ASIDE, half.shift.T, strict=True):
        component[:] = aside
        component[out], component[back] = given, -given
    grid = (n, width)
    return EdgeList(j.reshape(grid), shift.reshape(3, *grid), valid.reshape(grid), reverse.reshape(grid))


def require_species(structures: Sequence[Structure], species: tuple[str, ...]) -> None:
    """Raises DataError unknown-species-in-data, for each species of the structures that is missing here."""
    first: dict[str, str] = {}
    count: Counter[str] = Counter()
    for structure in structures:
        for symbol in structure.species:
            if symbol not in species:
                first.setdefault(symbol, structure.place)
                count[symbol] += 1
    if first:
        raise DataError([_unknown(symbol, place, count[symbol], species) for symbol, place in first.items()])


def _unknown(symbol: str, place: str, count: int, species: tuple[str, ...]) -> Diagnostic:
    message = f"the data has {symbol}, which is not a species of the potential"
    others = f" ({count} structures hold {symbol})" if count > 1 else ""
    help = f"species of the potential: {', '.join(species)}{others}"
    return Diagnostic("unknown-species-in-data", message, place=place, help=help)
