"""Effects of a restriction of trained parameters: operands that are 0, parameters without effect.

A number fixed at 0 may leave others without any effect (a density that no embedding reads): they are found by
following the zeros through the formula (`liveness`), not by looking at data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..analysis.liveness import live_components
from ..ir import ops
from ..ir.graph import Model, Node
from ..ir.parameter import Parameter
from .quadratic_model import Restriction

Mask = NDArray[np.bool_]
# numbers, by parameter and place in it, of rows that their term never meets: of species that it is not for
Idle = frozenset[tuple[str, int]]


def combined(first: Restriction, second: Restriction) -> Restriction:
    """Both restrictions of the same numbers at once; of a number that both fix, the first decides.

    Numbers tied to a fixed one are fixed with it.
    """
    fixed = {**second.fixed, **first.fixed}
    free = []
    for group in _disjoint((*first.tied, *second.tied)):
        value = next((fixed[k] for k in group if k in fixed), None)
        if value is None:
            free.append(group)
        else:
            fixed.update((k, value) for k in group if k not in fixed)
    return Restriction(fixed, tuple(free))


def _disjoint(groups: Iterable[Iterable[int]]) -> tuple[tuple[int, ...], ...]:
    """Groups that share a number, as one."""
    found: list[set[int]] = []
    for group in groups:
        joined = set(group)
        for other in [g for g in found if g & joined]:
            joined |= other
            found.remove(other)
        found.append(joined)
    return tuple(sorted(tuple(sorted(group)) for group in found))


@dataclass(frozen=True)
class ReducedParameters:
    """The parameters φ that a restriction leaves of F trained ones.

    column: for each of the F that is not fixed, its place in φ. size: the length of φ.
    """

    restriction: Restriction
    column: Mapping[int, int]

    @classmethod
    def of(cls, restriction: Restriction, size: int) -> ReducedParameters:
        """The parameters that a restriction leaves of F = size."""
        leader = {k: min(group) for group in restriction.tied for k in group}
        kept = [k for k in range(size) if k not in restriction.fixed]
        firsts = sorted({leader.get(k, k) for k in kept})
        place = {k: column for column, k in enumerate(firsts)}
        return cls(restriction, {k: place[leader.get(k, k)] for k in kept})

    @property
    def size(self) -> int:
        return len(set(self.column.values()))

    def within(self, more: Restriction) -> Restriction:
        """Another restriction of the F numbers, as one of φ."""
        fixed = {self.column[k]: value for k, value in more.fixed.items() if k in self.column}
        tied = []
        for group in more.tied:
            known = [self.restriction.fixed[k] for k in group if k in self.restriction.fixed]
            own = tuple(sorted({self.column[k] for k in group if k in self.column}))
            if known:  # tied to what is fixed
                fixed.update(dict.fromkeys(own, known[0]))
            elif len(own) > 1:
                tied.append(own)
        return combined(Restriction(fixed), Restriction(tied=_disjoint(tied)))


def without_effect(model: Model, restriction: Restriction, idle: Idle = frozenset()) -> frozenset[int]:
    """Trained numbers, by their place, that the energy does not depend on once the restriction holds."""
    live = live_components([model.outputs["energy"]], zero_masks(model, restriction, idle))
    effective = {n["name"]: mask for n, mask in live.items() if n.op is ops.param}
    found = set()
    for place, trained in enumerate(model.vector.trained):
        mask = effective.get(trained.parameter.name)
        if mask is None or not mask.any():
            found.add(place)
    return frozenset(found)


def vanishes(energy: Node, model: Model, restriction: Restriction, idle: Idle = frozenset()) -> bool:
    """Whether a value is 0 for all structures once the restriction holds."""
    return not live_components([energy], zero_masks(model, restriction, idle))[energy].any()


def zero_masks(model: Model, restriction: Restriction, idle: Idle = frozenset()) -> Mapping[str, Mask]:
    """For each parameter, the components that may differ from 0 in some row; idle ones count as 0."""
    values: dict[str, list[float | None]] = {
        p.name: [_value(p, k, idle) for k in range(len(p.start))] for p in model.parameters
    }
    for place, trained in enumerate(model.vector.trained):
        if place in restriction.fixed:
            values[trained.parameter.name][trained.index] = restriction.fixed[place]
    return {p.name: _mask(p, values[p.name]) for p in model.parameters}


def _value(p: Parameter, index: int, idle: Idle) -> float | None:
    """The constant value of a coefficient; None where a fit decides."""
    if p.free[index]:
        return None
    return 0.0 if (p.name, index) in idle else p.start[index]


def _mask(p: Parameter, values: list[float | None]) -> Mask:
    there = [k >= 0 and values[k] != 0.0 for k in p.entries]
    return np.asarray(np.array(there, bool).reshape(-1, *p.kind.shape).any(axis=0))
