"""A handful of shapes for structures that come one at a time, of any size.

Each shape is one compilation, which costs as much as thousands of evaluations. So a new shape of up to some
hundred atoms is larger than it need be, and a structure is evaluated in any shape that holds it. Once this
has wasted as much time as a compilation takes, structures of that size get a shape of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import ceil

from .padding import ListSpec, Shape, nice, snap

_SMALL = 256  # atoms: beyond, room for others is dear
_LEAST = 16  # atoms
_GROWTH = 4  # of the atoms, where a structure has more than all before
_DENSITY = 0.4  # neighbours of an atom by cutoff³, 1/Å³: a dense metal
_DENSER = 1.5  # neighbours of an atom, where it has more than all before
_COMPILATION = 4.0  # s


def roomy(needed: Shape) -> Shape:
    """A shape with a little room, for a structure whose neighbours come and go."""
    lists = tuple(nice(n + n // 16 + 1, 4) for n in needed.lists)
    return Shape(nice(needed.atoms, 16), needed.structures, lists)


class FewShapes:
    """The shapes so far, and the time that was spent on padding."""

    def __init__(self) -> None:
        self.known: list[Shape] = []
        self._tried: set[Shape] = set()
        self._wasted: Counter[int] = Counter()  # ms, by the atoms of a structure

    def of(self, needed: Shape, specs: Sequence[ListSpec]) -> Shape:
        """A shape that holds this one."""
        close = snap(needed, self.known, specs)
        if close is not needed:
            return close
        fitting = [shape for shape in self.known if shape.holds(needed)]
        if fitting and self._wasted[needed.atoms] < 1000 * _COMPILATION:
            return min(fitting, key=lambda shape: shape.elements(specs))
        found = roomy(needed) if fitting else self._beyond(needed, specs)
        self.known.append(found)
        return found

    def spent(self, atoms: int, shape: Shape, seconds: float) -> None:
        """A structure of so many atoms was evaluated in a shape. The first time is that of a compilation."""
        if shape in self._tried:
            self._wasted[atoms] += round(1000 * seconds * (1 - atoms / shape.atoms))
        self._tried.add(shape)

    def _beyond(self, needed: Shape, specs: Sequence[ListSpec]) -> Shape:
        """A shape for what none of the known ones holds, and for more."""
        own = roomy(needed)
        if needed.atoms > _SMALL:
            return own
        small = [shape for shape in self.known if shape.atoms <= _SMALL]
        most = max((shape.atoms for shape in small), default=0)
        grown = max(own.atoms, _LEAST, min(_GROWTH * most, _SMALL))
        atoms = most if most >= needed.atoms and most > _LEAST else grown
        lists = []
        for k, spec in enumerate(specs):
            per_atom = spec.layout == "pair"
            now = own.lists[k] / (needed.atoms if per_atom else 1)
            before = max((s.lists[k] / (s.atoms if per_atom else 1) for s in small), default=0.0)
            if atoms == _LEAST:  # a molecule that comes first says little about others
                now = max(now, _DENSITY * spec.cutoff**3 * (0.5 if per_atom else 1.0))
            each = before if before >= now else max(now, _DENSER * before)
            lists.append(nice(ceil(each * atoms if per_atom else each), 8))
        return Shape(atoms, needed.structures, tuple(lists))
