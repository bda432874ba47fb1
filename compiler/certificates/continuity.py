"""Continuity: energy and forces do not jump at cutoffs, and where branches of distance change.

What is summed over neighbours, and its slopes by all that it depends on, are enclosed on the last 1e-15 of
each cutoff: there they must be 0. At a branch inside, their jumps are enclosed. What atoms make of sums is
smooth by its operations. A jump is certain where an isolated pair of atoms has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..ir import ops
from ..ir.graph import Model, Node, TermInstance, topological
from ..ir.traits import Trait
from ..ir.types import Domain
from .certificate import Certificate, Finding, Verdict
from .enclosure import Enclosure, Mask, Values, bounds, exactly
from .evaluation import enclosures
from .finiteness import named, ranges
from .motion import Jumps, leaf, moved
from .pairs import jump_of_a_pair, written_out
from .scenes import Surroundings
from .smoothness import is_root, rough, settled
from .switches import branching, distance_axis, gap, of_one_distance, places, position_dependent

_STATEMENT = "energy and forces are continuous at every cutoff and at every branch that depends on a distance"
_EDGE = 1e-15  # of a cutoff
_NEAR = 1e-12  # Å: a branch as near to a cutoff is looked at with it
_ZERO = 1e-8  # a jump that is rounding
_MOST_PARTS = 32
_RANGES, _RANGES_OF_TRIPLES = 24, 6


def continuity(model: Model, theta: Values) -> Certificate:
    """Of each term at each cutoff and branch."""
    plain = written_out(model)
    findings: list[Finding] = []
    for term in plain.terms:
        proof = _Proof(plain, theta, term)
        findings += [*proof.rough(), *proof.crowded, *map(proof.at, proof.places)]
    return Certificate("continuity", _STATEMENT, tuple(findings))


class _Place(NamedTuple):
    """A cutoff, or a branch inside, of the neighbours on a list."""

    domain: Domain
    cell: Enclosure  # a thin range of distances
    cutoff: float | None

    @property
    def r(self) -> float:
        return float(self.cell.high)


def _edges(domain: Domain) -> Domain:
    return domain if domain.name != "triple" else Domain("edge", domain.rc)


class _Proof:
    """The proof for one term: values and slopes of its summands in all surroundings, and their jumps."""

    def __init__(self, model: Model, theta: Values, term: TermInstance) -> None:
        self.model, self.theta, self.term = model, theta, term
        self.sums = [n for n in topological([term.energy]) if n.op in (ops.sum_i, ops.sum_to_ij)]
        self.summands = list(dict.fromkeys(n.args[0] for n in self.sums))
        self.crowded: list[Finding] = []
        self.places = list(self._places())
        self.scene = Surroundings(model, theta, self._ranges)
        self.known = enclosures(self.scene, [term.energy])
        self.start: dict[Node, Node] = {}
        self.tangents = {s: self._tangents(s) for s in self.summands}

    # --- places ------------------------------------------------------------------------------------

    def _places(self) -> Iterator[_Place]:
        nodes = branching([self.term.energy])
        for domain in sorted({_edges(n.args[0].kind.domain) for n in self.sums}, key=str):
            own = [n for n in self.sums if _edges(n.args[0].kind.domain) == domain]
            gaps = [gap(n) for n in nodes if _edges(n.kind.domain) == domain]
            found = places(self.model, self.theta, [g for g in gaps if of_one_distance(g)], domain)
            cutoffs = sorted({float(n["within"]) for n in own})
            if isinstance(found, tuple):
                self.crowded.append(self._crowded(*found))
                found = bounds([], [])
            at_end = {rc: np.abs(found.high - rc) < _NEAR for rc in cutoffs}
            inside = ~np.any([*at_end.values(), np.zeros(len(found.low), dtype=bool)], axis=0)
            yield from (_Place(domain, found[k], None) for k in np.flatnonzero(inside))
            for rc, near in at_end.items():
                yield _Place(domain, bounds(min([rc * (1.0 - _EDGE), *found.low[near]]), rc), rc)

    def _ranges(self, cutoff: float) -> Enclosure:
        """Coarse ranges of a list, then the thin ones of its places."""
        coarse = ranges(cutoff, _RANGES_OF_TRIPLES if self._has_triples else _RANGES)
        thin = [p.cell for p in self._thin(cutoff)]
        low, high = ([getattr(cell, side) for cell in thin] for side in ("low", "high"))
        return bounds(np.append(coarse.low, low), np.append(coarse.high, high))

    def _thin(self, cutoff: float | None) -> list[_Place]:
        """The places of a list, in the order of their ranges."""
        return [p for p in self.places if p.domain.rc == cutoff]

    @cached_property
    def _has_triples(self) -> bool:
        return any(n.op is ops.sum_to_ij for n in self.sums)

    # --- slopes --------------------------------------------------------------------------------------

    def _tangents(self, summand: Node) -> tuple[Node, ...]:
        """By the first neighbour and all else that is not the second, and the other way round."""
        found = [
            moved([summand], self._begun, lambda n, side=side: n.op is side)[summand]  # type: ignore[misc]
            for side in (ops.to_ik, ops.to_ij)
        ]
        return tuple(dict.fromkeys(t for t in found if t is not None))

    def _begun(self, node: Node) -> Node | None:
        """A change of a position, of a value of atoms, or of a root that is known to be smooth."""
        if node in self.start:
            return self.start[node]
        value = node.op in (ops.to_i, ops.to_j) and position_dependent(node)
        if Trait.POSITION in node.op.traits or value or self._is_smooth_root(node):
            self.start[node] = leaf(node.kind)
        return self.start.get(node)

    def _is_smooth_root(self, node: Node) -> bool:
        return (
            is_root(node) and bool((self.known[node.args[0]].low <= 0.0).any()) and settled(node, self.known)
        )

    @cached_property
    def _changes(self) -> list[dict[Node, Enclosure]]:
        """Values and slopes, for a change of a distance by 1, and for changes up to 1 of all else."""
        found = []
        roots = [t for own in self.tangents.values() for t in own]
        of_distance = {made for node, made in self.start.items() if node.op is ops.distance}
        for chosen, size in ((of_distance, None), (set(self.start.values()) - of_distance, 1.0)):
            if chosen:
                given = {made: _up_to(0.0, made) for made in self.start.values()}
                given |= {made: _one(made) if size is None else _up_to(size, made) for made in chosen}
                found.append(enclosures(self.scene, roots, self.known | given))
        return found

    @cached_property
    def _jumps(self) -> list[dict[Node, Enclosure]]:
        """The jumps of values and slopes that each branch brings, one at a time."""
        roots = [n for summand, own in self.tangents.items() for n in (summand, *own)]
        found = []
        for known in self._changes:
            jumps = Jumps(roots, known, self._is_smooth, self._thin_cells)
            wanted = [j for j in (jumps.of[r] for r in roots) if j is not None]
            for given in _one_at_a_time(jumps.sizes):
                made = enclosures(self.scene, wanted, known | given)
                found.append({r: made[j] for r in roots if (j := jumps.of[r]) is not None})
        return found

    def _thin_cells(self, node: Node) -> Mask:
        """The cells where the distance that a branch depends on is in a thin range."""
        domain = node.kind.domain
        grid = self.scene.grid(domain)
        if len(grid) < 3:
            return np.ones(self.scene.cells(domain), dtype=bool)
        coarse = len(self.scene.ranges(domain).low) - len(self._thin(domain.rc))
        return np.asarray(np.indices(grid)[distance_axis(gap(node))].reshape(-1) >= coarse)

    def _is_smooth(self, node: Node) -> bool:
        """What is smooth where all summands are: sums, values of atoms, roots of sums."""
        return node.op in (ops.to_i, ops.to_j, ops.sum_i, ops.sum_to_ij) or node in self.start

    # --- findings ---------------------------------------------------------------------------------------

    def at(self, place: _Place) -> Finding:
        """The finding at a cutoff, where summand and slopes are 0, or at a branch, where they do not jump."""
        value = slope = 0.0
        for node in self.sums:
            summand = node.args[0]
            here = _edges(summand.kind.domain) == place.domain
            if not here or (place.cutoff is not None and node["within"] != place.cutoff):
                continue
            scale = self._scale(summand)
            at_end = place.cutoff is not None
            values = [self.known] if at_end else self._jumps
            value = max(value, self._sum(summand, values, place) / scale)
            slopes = (
                self._sum(t, self._changes if at_end else self._jumps, place) for t in self.tangents[summand]
            )
            slope = max([slope, *(s / scale for s in slopes)])
        return self._finding(place, value, slope)

    def _sum(self, node: Node, sources: list[dict[Node, Enclosure]], place: _Place) -> float:
        return sum(self._most(node, s.get(node), place) for s in sources)

    def _scale(self, summand: Node) -> float:
        """The size of a summand in the outer half of its reach, 1 at least."""
        domain = summand.kind.domain
        far = self.scene.ranges(domain).low >= 0.5 * float(domain.rc or 0.0)
        laid = self.scene.spread(self.known[summand], domain).size.reshape(*self.scene.grid(domain), -1)
        size = float(np.compress(far, laid, axis=4 if domain.name == "triple" else 2).max(initial=1.0))
        return size if np.isfinite(size) else 1.0

    def _most(self, node: Node, value: Enclosure | None, place: _Place) -> float:
        """The largest magnitude in the cells of a place."""
        if value is None:
            return 0.0
        domain = node.kind.domain
        grid = self.scene.grid(domain)
        laid = self.scene.spread(value, domain).size.reshape(*grid, -1)
        at = (
            len(self.scene.ranges(domain).low)
            - len(self._thin(place.domain.rc))
            + self._thin(place.domain.rc).index(place)
        )
        if domain.name != "triple":
            return float(np.take(laid, at, axis=2).max())
        second = float(np.take(laid, at, axis=4).max())
        return second if place.cutoff is not None else max(second, float(np.take(laid, at, axis=3).max()))

    def _finding(self, place: _Place, value: float, slope: float) -> Finding:
        subject = f"{self.term.called} at {place.r:.6g} Å"
        facts = {"term": self.term.name, "at_ang": place.r, "is_cutoff": place.cutoff is not None}
        if max(value, slope) <= _ZERO:
            facts |= {"largest_value": value, "largest_slope": slope}
            kind = "cutoff" if place.cutoff is not None else "branch"
            sentence = f"{kind}: no jump, of values beyond {value:.1g} or of slopes beyond {slope:.1g}"
            return Finding(subject, Verdict.PROVED, sentence, facts)
        jump = jump_of_a_pair(self.model, self.theta, place.cell)
        if jump is not None and jump.size > _ZERO:
            unit = "eV" if jump.what == "energy" else "eV/Å"
            sentence = f"the {jump.what} of {'-'.join(jump.species)} jumps by {jump.size:.4g} {unit}"
            facts |= {"species": list(jump.species), "quantity": jump.what, "jump": jump.size}
            return Finding(subject, Verdict.FAILS, sentence, facts)
        what = "its value" if value > _ZERO else "its slope"
        sentence = f"{what} may jump by up to {max(value, slope) if what == 'its slope' else value:.3g}"
        return Finding(subject, Verdict.OPEN, sentence, facts)

    def _crowded(self, low: float, high: float) -> Finding:
        sentence = f"branches between {low:.4g} and {high:.4g} Å are not a few single places"
        facts = {"term": self.term.name, "between_ang": [low, high]}
        return Finding(f"{self.term.called} from {low:.4g} Å", Verdict.OPEN, sentence, facts)

    def rough(self) -> Iterator[Finding]:
        """Operations on sums, or on directions, that are not smooth."""
        for node, why in rough([self.term.energy], self.known):
            sentence = f"`{named(node)}` {why}"
            yield Finding(
                self.term.called, Verdict.OPEN, sentence, {"term": self.term.name, "operation": named(node)}
            )


def _up_to(size: float, of: Node) -> Enclosure:
    """Any change of a leaf up to a size."""
    most = np.full((1, *of.kind.shape), size)
    return bounds(-most, most)


def _one(of: Node) -> Enclosure:
    return exactly(np.ones((1, *of.kind.shape)))


def _one_at_a_time(sizes: Mapping[Node, Values]) -> Iterator[dict[Node, Enclosure]]:
    """Jumps of one component of one branch, all others 0; of very many components at once, of either sign."""
    none = {made: _up_to(0.0, made) for made in sizes}
    for made, most in sizes.items():
        parts = most.reshape(len(most), -1)
        if parts.shape[1] > _MOST_PARTS:
            yield none | {made: bounds(-most, most)}
            continue
        for k in range(parts.shape[1]):
            if parts[:, k].any():
                alone = np.where(np.arange(parts.shape[1]) == k, parts, 0.0)
                yield none | {made: exactly(alone.reshape(most.shape))}
