"""Repulsion: the energy of every isolated pair falls with its distance, from 0.1 Å up to a stated
distance.

dE/dr is a graph of the IR, as derivatives are; its enclosure on one range of distances after another is
below 0. Ranges are halved or doubled on the way, until none of the least width is proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement

import numpy as np

from ..ir.graph import Model, Node, topological
from ..ir.types import SITE
from .certificate import Certificate, Finding, Verdict
from .enclosure import Enclosure, Mask, Values, add, bounds, exactly, multiply, subtract
from .evaluation import enclosures
from .invariance import rotations_keep
from .motion import SWITCHES
from .pairs import pair_curve
from .scenes import NEAREST, Dimer

_STATEMENT = (
    f"the energy of an isolated pair of atoms falls as they part, from {NEAREST:g} Å to a stated distance"
)
_AT_ONCE = 12  # ranges of distances that are looked at together
_WIDEST, _NARROWEST = 0.1, 1e-3  # Å


def repulsion(model: Model, theta: Values) -> Certificate:
    """Of each pair of species, up to the largest distance that is proved."""
    if not rotations_keep(model):
        sentence = "the energy of a pair is not known to be the same in all directions"
        return Certificate("repulsion", _STATEMENT, (Finding("all pairs", Verdict.OPEN, sentence),))
    pairs = list(combinations_with_replacement(range(len(model.species)), 2))
    cutoff = max((d.rc or 0.0 for d in model.lists()), default=0.0)
    found = []
    if cutoff > NEAREST:
        slopes = _Slopes(model, theta, pairs)
        reached, at_end = _advance(slopes, np.full(len(pairs), NEAREST), cutoff)
        for k, (a, b) in enumerate(pairs):
            names = [model.species[a], model.species[b]]
            found.append(_finding(names, float(reached[k]), at_end[k]))
    return Certificate("repulsion", _STATEMENT, tuple(found))


def _finding(names: list[str], reached: float, end: Enclosure) -> Finding:
    subject = "-".join(names)
    facts = {"species": names, "from_ang": NEAREST}
    if reached > NEAREST:
        near = float(np.floor(reached * 1e4) / 1e4)
        sentence = f"repulsive from {near:.4g} Å down to {NEAREST:g} Å"
        return Finding(subject, Verdict.PROVED, sentence, {**facts, "to_ang": near})
    low, high = float(end.low), float(end.high)
    if low >= 0.0:
        sentence = f"not repulsive at {NEAREST:g} Å: dE/dr is {low:.3g} eV/Å there or more"
        return Finding(subject, Verdict.FAILS, sentence, {**facts, "to_ang": None, "slope_eV_per_ang": low})
    sentence = f"dE/dr at {NEAREST:g} Å lies between {low:.3g} and {high:.3g} eV/Å, as far as is known"
    return Finding(subject, Verdict.OPEN, sentence, {**facts, "to_ang": None})


class _Slopes:
    """dE/dr of isolated pairs, eV/Å."""

    def __init__(self, model: Model, theta: Values, pairs: list[tuple[int, int]]) -> None:
        self.model = pair_curve(model)
        self.theta, self.pairs = theta, pairs
        self.root, self.curvature = (self.model.outputs[name] for name in ("slope", "curvature"))
        self.switches = [n for n in topological([self.root]) if n.op in SWITCHES]

    def of(self, which: Values, r: Enclosure) -> Enclosure:
        """which: places in `pairs`; r: a range of distances for each.

        The better of two bounds: that of the whole range at once, and that from its middle by the mean value
        theorem, dE/dr(r) ∈ dE/dr(m) + d²E/dr² (r − m), where no branch is taken within the range.
        """
        middle = exactly(0.5 * (r.low + r.high))
        chosen = [self.pairs[int(k)] for k in which]
        whole = Dimer(self.model, self.theta, chosen, r)
        known = enclosures(whole, [self.root, self.curvature])
        at_middle = Dimer(self.model, self.theta, chosen, middle)
        start = at_middle.of_both(enclosures(at_middle, [self.root])[self.root])
        rise = multiply(whole.of_both(known[self.curvature]), subtract(r, middle))
        direct, centred = whole.of_both(known[self.root]), add(start, rise)
        steady = ~self._switching(whole, known)
        low = np.where(steady, np.maximum(direct.low, centred.low), direct.low)
        return Enclosure(low, np.where(steady, np.minimum(direct.high, centred.high), direct.high))

    def _switching(self, scene: Dimer, known: Mapping[Node, Enclosure]) -> Mask:
        """Where a branch of dE/dr may change within a range."""
        found = np.zeros(scene.cells(SITE), dtype=bool)
        for node in self.switches:
            c = known[node.args[0]]
            if node.kind.domain.name == "triple":
                continue
            found |= ((c.low <= 0.0) & (c.high >= 0.0) & (c.low < c.high)).reshape(len(c.low), -1).any(axis=1)
        first, second = found.reshape(2, -1)
        return np.asarray(first | second)


def _advance(slopes: _Slopes, at: Values, cutoff: float) -> tuple[Values, list[Enclosure]]:
    """How far each pair is repulsive, from `at` on, and dE/dr where the proof ends."""
    at, step = at.copy(), np.full(len(at), 4e-3)
    ends: list[Enclosure] = [bounds(0.0, 0.0)] * len(at)
    open_ = list(range(len(at)))
    while open_:
        starts = np.concatenate([at[k] + step[k] * np.arange(_AT_ONCE) for k in open_])
        stops = np.concatenate([at[k] + step[k] * np.arange(1, _AT_ONCE + 1) for k in open_])
        r = bounds(np.minimum(starts, cutoff), np.minimum(np.maximum(stops, starts), cutoff))
        found = slopes.of(np.repeat(open_, _AT_ONCE), r)
        still = []
        for row, k in enumerate(open_):
            own = slice(row * _AT_ONCE, (row + 1) * _AT_ONCE)
            falling = found.high[own] < 0.0
            good = _AT_ONCE if falling.all() else int(np.argmin(falling))
            at[k] = r.high[own][good - 1] if good else at[k]
            ends[k] = found[own][min(good, _AT_ONCE - 1)]
            widest = good == _AT_ONCE
            step[k] = min(2.0 * step[k], _WIDEST) if widest else step[k] / 4.0
            if at[k] < cutoff and (widest or step[k] >= _NARROWEST):
                still.append(k)
        open_ = still
    return at, ends
