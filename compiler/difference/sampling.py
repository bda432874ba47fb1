"""Normal forms at random points: whether two that are not one form are different functions.

Leaves (parameters, distances, tables, directions) take random values, the same in both; an atom has a few
neighbours, of which a sum counts those within its reach. What is not worked out here (components, harmonics)
is some function of its arguments, the same in both. Values that differ show that the formulas do; values that
agree show nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from functools import partial

from ..ir import ops
from ..ir.graph import OPS, Op
from ..ir.parameter import Parameter
from .arithmetic import exponent
from .forms import GROUP, LONG, NEIGHBOURS, POSITIVE, Atom, Made, Sum, atoms_of, digest

_POINTS = 12
_DIFFERENT = 1e-8  # relative; rounding in long sums is less
_NEIGHBOURS = 4

# an atom ("site", path), a neighbour ("edge", path, n), two ("triple", path, n, m); path: how it was got to
Place = tuple[object, ...]
_FUNCTIONS: dict[Op | Made, Callable[..., float]] = {
    **{op: op.scalar for op in OPS.values() if op.scalar is not None and op is not ops.pow},
    GROUP: lambda x: x,
    LONG: lambda x: x,
    POSITIVE: lambda x: max(x, 0.0),
}


def distinct(a: Sum, b: Sum, parameters: Mapping[str, Parameter]) -> bool:
    """Whether the two differ at one of a few points. parameters: by the names that forms know."""
    cutoff = max((float(x.attrs[1]) for x in atoms_of([a, b]) if x.op is NEIGHBOURS), default=0.0)
    for seed in range(_POINTS):
        point = _Point(seed, parameters, cutoff)
        try:
            x, y = (point.value(form, ("site", ())) for form in (a, b))
        except (ValueError, OverflowError, ZeroDivisionError):  # no number here: another point
            continue
        if math.isfinite(x - y) and abs(x - y) > _DIFFERENT * max(abs(x), abs(y)):
            return True
    return False


class _Point:
    """Values of all leaves, drawn when first asked for; of the same leaf at the same place the same."""

    def __init__(self, seed: int, parameters: Mapping[str, Parameter], cutoff: float) -> None:
        self.seed, self.parameters, self.cutoff = seed, parameters, cutoff
        self._sums: dict[tuple[Sum, Place], float] = {}
        self._atoms: dict[tuple[Atom, Place], float] = {}

    def value(self, form: Sum, place: Place) -> float:
        found = self._sums.get((form, place))
        if found is None:
            parts = []
            for product, c in form.terms.items():
                for atom, kind, e in product:
                    c *= self._power(self._atom(atom, place), exponent(kind, e))
                parts.append(c)
            found = self._sums[form, place] = math.fsum(parts)
        return found

    def _power(self, x: float, p: float) -> float:
        """x^p; 0 at 0 for a fractional power, as everywhere."""
        if x == 0.0 and p != int(p):
            return 0.0
        if x < 0.0 and p != int(p):
            raise ValueError("no real number")
        return float(x**p)

    def _atom(self, atom: Atom, place: Place) -> float:
        found = self._atoms.get((atom, place))
        if found is None:
            found = self._atoms[atom, place] = self._worked_out(atom, place)
        return found

    def _worked_out(self, atom: Atom, place: Place) -> float:
        if atom.op in _FUNCTIONS:
            return float(_FUNCTIONS[atom.op](*(self.value(x, place) for x in atom.args)))
        if atom.op is NEIGHBOURS:
            inside = _inside(atom.attrs[0], place)
            near = [p for p in inside if self._distance(p[1], p[-1]) < float(atom.attrs[1])]
            return math.fsum(self.value(atom.args[0], p) for p in near)
        if atom.op in _MOVES:
            return self.value(atom.args[0], _MOVES[atom.op](place))
        if atom.op is ops.param:
            return self._parameter(str(atom.attrs[0]))
        if atom.op is ops.distance:
            return self._distance(place[1], place[2])
        if atom.op is ops.at:
            return self._row(atom, place)
        if atom.op is ops.const:
            return self._entry(atom, ())
        below = [round(self.value(x, place), 9) for x in atom.args]
        drawn = self._random(atom.op.name, atom.attrs, below, place if not atom.args else ())
        return self._signed(atom, drawn)

    def _distance(self, path: object, n: object) -> float:
        return self.cutoff * (0.2 + 0.8 * self._random("distance", path, n))

    def _row(self, atom: Atom, place: Place) -> float:
        """A row of a table: about the value of the parameter where it is one."""
        ((product, _),) = atom.args[0].terms.items()
        table = product[0][0]
        if table.op is ops.param:
            return self._atom(table, place) * (0.9 + 0.2 * self._random(atom.key, place))
        return self._entry(table, place)

    def _entry(self, table: Atom, place: Place) -> float:
        """An entry of a row of numbers: in all rows as long as this one the same, here."""
        values = table.attrs[-1]
        return float(values[int(self._random("entry", place) * len(values))])

    def _signed(self, atom: Atom, drawn: float) -> float:
        return 0.2 + drawn if atom.positive else 2.0 * drawn - 1.0

    def _parameter(self, name: str) -> float:
        p = self.parameters[name]
        drawn = 2.0 * self._random("param", name) - 1.0
        start = p.start[0] if p.start else 0.0
        moved = start + drawn * (0.3 * abs(start) or 0.7)
        return min(max(moved, min(p.lower)), max(p.upper))

    def _random(self, *what: object) -> float:
        """A number from 0 to 1 that depends on nothing else."""
        text = repr((self.seed, what)).encode()
        return random.Random(int.from_bytes(digest(text))).random()


def _inside(op: Op, place: Place) -> list[Place]:
    """The neighbours that a sum runs over."""
    if op is ops.sum_i and place[0] == "site":
        return [("edge", place[1], n) for n in range(_NEIGHBOURS)]
    if op is ops.sum_to_ij and place[0] == "edge":
        return [("triple", place[1], place[2], m) for m in range(_NEIGHBOURS) if m != place[2]]
    raise ValueError(f"{op} of {place[0]}")


def _moved(move: Op, place: Place) -> Place:
    """The place that a value is carried from."""
    kind, path = place[0], place[1]
    assert isinstance(path, tuple)
    if move in (ops.to_i, ops.to_j) and kind in ("edge", "triple"):
        return ("site", path if move is ops.to_i else (*path, place[2]))
    if kind == "triple":
        return ("edge", path, place[2] if move is ops.to_ij else place[3])
    raise ValueError(f"{move} of {kind}")


_MOVES: dict[Op | Made, Callable[[Place], Place]] = {
    move: partial(_moved, move) for move in (ops.to_i, ops.to_j, ops.to_ij, ops.to_ik)
}
