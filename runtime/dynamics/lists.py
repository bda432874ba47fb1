"""Neighbour lists for many steps: made with a skin, in shapes that are compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np

from ...compiler.backends.xla import Kernel
from ...compiler.backends.xla_arrays import Pair
from ..batches import PairList, build
from ..neighbors import Pairs, pairs
from ..shapes import ListSpec, Shape, nice, sizes
from ..structures import Floats, Structure
from .distances import pair_rows, watched_cutoff
from .integrator import Near

_SPARE = 16  # a list has room for one neighbour in so many more than there are
_STEPS = 8  # of the sizes of lists between powers of two: fewer would share more compilations, and pad more


@dataclass
class Search:
    """Makes lists of a structure, and remembers how large they have become.

    room: sizes of the kernel's lists and of the watched pairs, as compiled; a list that does not fit makes
    all later ones larger. A run that is gone on with takes its room from the state, as bits depend on it.
    """

    kernel: Kernel
    species: tuple[str, ...]  # of the potential
    present: tuple[str, ...]  # of the structure, in the same order
    skin: float
    room: tuple[int, ...] = ()

    def near(self, structure: Structure) -> Near:
        """A list of the structure as it is now; its atoms are wrapped into the cell."""
        wrap = _wrap(structure)
        inside = replace(structure, positions=structure.positions - wrap)
        specs = self._specs()
        found = pairs(inside, max(s.cutoff for s in specs))
        self._fit(sizes(found, specs, structure.n_atoms))
        shape = Shape(structure.n_atoms, 1, self.room)
        batch = build([inside], specs, self.species, shape, [found])
        watched = batch.lists[-1]
        assert isinstance(watched, PairList)
        arrays = self.kernel.arrays(replace(batch, lists=batch.lists[:-1]))
        real = Pairs(watched.i, watched.j, watched.shift.T, np.zeros(len(watched.i)))
        return Near(
            arrays,
            jnp.asarray(structure.positions.T),
            jnp.asarray(wrap.T),
            jnp.asarray(self.reach),
            jnp.asarray(self.skin),
            Pair(*(jnp.asarray(part) for part in (watched.i, watched.j, watched.shift, watched.valid))),
            jnp.asarray(pair_rows(inside, self.present, real)),
        )

    @property
    def reach(self) -> float:
        """The longest cutoff of the kernel, or that of the watched pairs where it is longer, Å."""
        return max([float(d.rc or 0.0) for d in self.kernel.lists] + [watched_cutoff(self.present)])

    def _specs(self) -> tuple[ListSpec, ...]:
        kernel = [(d.name, float(d.rc or 0.0) + self.skin) for d in self.kernel.lists]
        own = tuple(ListSpec(name, cutoff) for name, cutoff in kernel)  # type: ignore[arg-type]
        return (*own, ListSpec("pair", watched_cutoff(self.present) + self.skin))

    def _fit(self, needed: Sequence[int]) -> None:
        if not self.room or any(n > r for n, r in zip(needed, self.room, strict=True)):
            grown = [nice(n + n // _SPARE + 1, _STEPS) for n in needed]
            self.room = tuple(max(pair) for pair in zip(grown, self.room or grown, strict=True))


def _wrap(structure: Structure) -> Floats:
    """(N, 3) what to take from positions, whole vectors of the periodic directions, to have them in the
    cell.
    """
    periodic = structure.cell[structure.pbc]
    if not len(periodic):
        return np.zeros_like(structure.positions)
    fractions = structure.positions @ np.linalg.pinv(periodic)
    return np.floor(fractions) @ periodic
