"""Residuals whose structures are shared out to several processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace
from typing import TypeVar, TypeVarTuple

import numpy as np

from ..optimize.deadline import Deadline
from ..optimize.qr_system import Indices
from ..potential.potential import Potential
from ..ranks.team import Held, Team
from ..structures.structure import Structure
from .outputs import Outputs, outputs_of
from .residuals import Residuals, Sigmas

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

# the work on an atom besides its neighbours, in neighbours
_ATOM = 10.0
# Å: within it neighbours are counted for the cost of an atom, where a cell gives their density
_NEAR = 5.0


class SharedResiduals(Residuals):
    """The residuals of all structures; the rows here are those of the first process's part."""

    def __init__(
        self,
        team: Team,
        potential: Potential,
        structures: Sequence[Structure],
        sigmas: Sigmas,
        memory_mb: float,
        on_progress: Callable[[float], None] | None,
        outputs: Outputs,
        precision: str | None,
        in_reverse: bool,
    ) -> None:
        """outputs: those of this process; the others take the same target, in this precision."""
        first, *others = shares(structures, team.size)
        own = [structures[k] for k in first]
        super().__init__(potential, own, sigmas, memory_mb, on_progress, outputs, first)
        given = potential, sigmas, memory_mb, outputs.target, precision, in_reverse
        parts = [(*given, places, [structures[k] for k in places]) for places in others]
        self._held: Held[Residuals] = team.hold(self, _part, parts)

    def reduced(
        self,
        work: Callable[[Residuals, *Ts], R],
        join: Callable[[R, R], R],
        *args: *Ts,
    ) -> R:
        """Each process ends its part in the time that is left now."""
        return self._held.reduced(_in_time, join, self.deadline.left, work, *args)


def residuals_on(
    team: Team,
    potential: Potential,
    structures: Sequence[Structure],
    sigmas: Sigmas,
    memory_mb: float,
    on_progress: Callable[[float], None] | None,
    outputs: Outputs,
    precision: str | None = None,
    in_reverse: bool = False,
) -> Residuals:
    """The residuals of a potential on the processes of a team; memory_mb: of each.

    precision, in_reverse: as `outputs_of` had them.
    """
    if team.size == 1:
        return Residuals(potential, structures, sigmas, memory_mb, on_progress, outputs)
    given = potential, structures, sigmas, memory_mb, on_progress, outputs, precision, in_reverse
    return SharedResiduals(team, *given)


def _in_time(part: Residuals, left: float | None, work: Callable[[Residuals, *Ts], R], *args: *Ts) -> R:
    part.deadline = Deadline(left)
    return work(part, *args)


def _part(
    potential: Potential,
    sigmas: Sigmas,
    memory_mb: float,
    target: str,
    precision: str | None,
    in_reverse: bool,
    places: Indices,
    structures: Sequence[Structure],
) -> Residuals:
    """The part of another process. Raises ToolError where it has no such target."""
    outputs = outputs_of(potential, target, precision, in_reverse=in_reverse)
    return Residuals(potential, structures, sigmas, memory_mb, None, outputs, places)


def shares(structures: Sequence[Structure], count: int) -> list[Indices]:
    """The places of the structures of each process, in order: the next costly one goes to who has least."""
    costs = [cost(s) for s in structures]
    loads = [(0.0, k) for k in range(count)]
    heapify(loads)
    found: list[list[int]] = [[] for _ in range(count)]
    for place in sorted(range(len(costs)), key=lambda k: -costs[k]):
        load, k = loads[0]
        found[k].append(place)
        heapreplace(loads, (load + costs[place], k))
    return [np.array(sorted(places), dtype=np.intp) for places in found]


def cost(structure: Structure) -> float:
    """What a structure costs, in neighbours: its atoms times those near each, by the density of its cell."""
    n, volume = structure.n_atoms, structure.volume
    near = n / volume * 4 / 3 * np.pi * _NEAR**3 if volume > 0 else min(n, 50.0)
    return float(n * (_ATOM + near))
