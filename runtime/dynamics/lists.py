"""Long neighbour lists for many steps, in shapes that are compiled once. NumPy makes them, the device prunes
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from ...compiler.backends.xla.arrays import Edge, Pair
from ...compiler.backends.xla.kernel import Arrays
from ..structures.arrays import Floats, Positions
from ..structures.batches import Batch, EdgeList, PairList, build
from ..structures.neighbors import Pairs, coordination, pairs
from ..structures.padding import ListSpec, Shape, nice
from ..structures.structure import Structure
from .distances import pair_rows, watched_cutoffs
from .integrator import MDKernel, Near
from .pruning import Room

_LONG = 2.5  # Å that the lists of the host reach beyond the skin of the device's
_SPARE = 16  # a list has room for one neighbour in so many more than there are
_STEPS = 8  # of the sizes of lists between powers of two: fewer would share more compilations, and pad more


@dataclass
class Search:
    """Makes lists of a structure, and remembers how large they have become.

    room: the sizes that are compiled; a list that does not fit makes all later ones larger. A run that is
    gone on with takes its room from the state, as bits depend on it.
    """

    kernel: MDKernel
    species: tuple[str, ...]  # of the potential
    present: tuple[str, ...]  # of the structure, in the same order
    skin: float
    room: Room = field(default_factory=Room)

    def near(self, structure: Structure, needed: tuple[int, ...] = ()) -> Near:
        """Lists of the structure as it is now; its atoms are wrapped into the cell.

        needed: sizes of the device's lists that were asked for and not there.
        """
        wrap = _wrap(structure)
        inside = replace(structure, positions=structure.positions - wrap)
        far = self.skin + _LONG
        found = pairs(inside, self.cutoff + far)
        rows = pair_rows(inside, self.present, found.i, found.j)
        wanted = found.distance < self._pair_cutoffs()[rows] + far
        half = found.where(wanted)
        edges = [float(d.rc or 0.0) + far for d in self.kernel.lists if d.name == "edge"]
        self._fit(inside, found, len(half.i), max(edges, default=0.0), needed)
        batch = self._built(inside, half, "pair", self.cutoff + far, self.room.pairs)
        pair = batch.lists[0]
        edge = None
        if edges:
            full = self._built(inside, found, "edge", max(edges), self.room.width).lists[0]
            assert isinstance(full, EdgeList)
            edge = Edge(*map(jnp.asarray, (full.j, full.shift, full.valid, full.reverse)))
        assert isinstance(pair, PairList)
        return Near(
            arrays=self._atoms(batch),
            x=jnp.asarray(structure.positions.T),
            wrap=jnp.asarray(wrap.T),
            pair=Pair(*map(jnp.asarray, (pair.i, pair.j, pair.shift, pair.valid))),
            rows=jnp.asarray(pair_rows(structure, self.present, pair.i, pair.j)),
            edge=edge,
            cutoff=jnp.asarray(self.cutoff),
            skin=jnp.asarray(self.skin),
            long=jnp.asarray(_LONG),
            watched=jnp.asarray(watched_cutoffs(self.present)),
        )

    @property
    def cutoff(self) -> float:
        """The longest cutoff of the kernel, or of the watched pairs where that is longer, Å."""
        own = [float(d.rc or 0.0) for d in self.kernel.lists]
        return max([*own, float(watched_cutoffs(self.present).max())])

    def _pair_cutoffs(self) -> Float[Floats, " species_pairs"]:
        """The distance up to which pairs of each row are needed: by the kernel, or to be watched."""
        own = [float(d.rc or 0.0) for d in self.kernel.lists if d.name == "pair"]
        return np.maximum(watched_cutoffs(self.present), max(own, default=0.0))

    def _built(
        self, structure: Structure, found: Pairs, layout: Literal["pair", "edge"], cutoff: float, size: int
    ) -> Batch:
        shape = Shape(structure.n_atoms, 1, (size,))
        return build([structure], [ListSpec(layout, cutoff)], self.species, shape, [found])

    def _atoms(self, batch: Batch) -> Arrays:
        """The atoms as the kernel takes them; the device adds the lists."""
        real = self.kernel.dtype
        species, structure, atoms = map(jnp.asarray, (batch.species, batch.structure, batch.real))
        return Arrays(jnp.asarray(batch.positions, real), species, structure, atoms, jnp.ones(1, real), ())

    def _fit(
        self, structure: Structure, found: Pairs, n_pairs: int, longest: float, needed: tuple[int, ...]
    ) -> None:
        """Make the room larger where it does not hold the neighbours. longest: cutoff of the edges, 0 for
        none.
        """
        width = _size(structure, found, "edge", longest) if longest else 0
        before = self.room
        if not before.lists:
            lists = tuple(map(_roomy, self._short(structure, found)))
            self.room = Room(_roomy(n_pairs), _roomy(width) if width else 1, lists)
            return
        lists = tuple(map(_grown, before.lists, needed or before.lists))
        self.room = Room(_grown(before.pairs, n_pairs), _grown(before.width, width), lists)

    def _short(self, structure: Structure, found: Pairs) -> list[int]:
        """Sizes of the device's lists, at first: those of now, or of atoms spread evenly where that is
        more.
        """
        sizes = []
        for domain in self.kernel.lists:
            cutoff = float(domain.rc or 0.0) + self.skin
            size = _size(structure, found, domain.name, cutoff)
            if domain.name == "pair":  # a short list of a crystal fills up when it melts
                size = max(size, _evenly(structure, cutoff))
            sizes.append(size)
        cutoffs = watched_cutoffs(self.present) + self.skin
        rows = pair_rows(structure, self.present, found.i, found.j)
        watched = int((found.distance < cutoffs[rows]).sum())
        share = np.bincount(rows, minlength=len(cutoffs)) / max(len(rows), 1)
        spread = [_evenly(structure, float(cutoff)) for cutoff in cutoffs]
        return [*sizes, max(watched, int(share @ spread))]


def _size(structure: Structure, found: Pairs, layout: str, cutoff: float) -> int:
    near = found.within(cutoff)
    return len(near.i) if layout == "pair" else int(coordination(near, structure.n_atoms).max(initial=0))


def _evenly(structure: Structure, cutoff: float) -> int:
    """Pairs within a cutoff if atoms were spread evenly."""
    if structure.volume == 0:
        return structure.n_atoms
    return int(structure.n_atoms**2 / structure.volume * 2 / 3 * np.pi * cutoff**3)


def _roomy(n: int) -> int:
    return nice(n + n // _SPARE + 1, _STEPS)


def _grown(room: int, needed: int) -> int:
    return room if needed <= room else max(_roomy(needed), nice(room + 1, _STEPS))


def _wrap(structure: Structure) -> Positions:
    """Whole vectors of the periodic directions to subtract from positions, to have them in the cell."""
    periodic = structure.cell[structure.pbc]
    if not len(periodic):
        return np.zeros_like(structure.positions)
    fractions = structure.positions @ np.linalg.pinv(periodic)
    return np.floor(fractions) @ periodic
