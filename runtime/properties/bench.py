"""The shared data of measurements: the potential, and the crystals, each relaxed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..structures.structure import Structure
from .crystal import Crystal, of_structure, relaxed
from .evaluator import Evaluator
from .prototypes import Candidate, supercell
from .results import Curve, Estimate, Unmeasured

_LARGE = 20  # atoms: of larger cells defects, surfaces and phonons are measured only where they are named


@dataclass(frozen=True)
class Quantity:
    """The name and the unit of a result."""

    name: str
    unit: str


@dataclass(frozen=True, eq=False)
class Outcome:
    """An estimate for each quantity, and what to plot."""

    estimates: Sequence[Estimate]
    curves: Sequence[Curve] = ()


@dataclass(frozen=True, eq=False)
class Task:
    """One measurement: its quantities and its function, which raises Unmeasured where it finds none."""

    quantities: tuple[Quantity, ...]
    run: Callable[[], Outcome]


class Bench:
    """An evaluator with its crystals. Crystals are relaxed when they are first asked for."""

    def __init__(
        self,
        evaluator: Evaluator,
        candidates: Sequence[Candidate],
        repeated: Sequence[tuple[str, ...] | None] = (),
    ) -> None:
        """repeated: names of the candidates whose supercells are measured, for each family that has such."""
        self.evaluator, self.candidates = evaluator, tuple(candidates)
        self._crystals: dict[str, Crystal | Unmeasured] = {}
        self._isolated: dict[int, Estimate] = {}
        evaluator.reserve(list(self._largest(repeated)))

    def crystal(self, candidate: Candidate) -> Crystal:
        """The relaxed crystal. Raises Unmeasured, each time, where there is none."""
        name = candidate.name
        if name not in self._crystals:
            try:
                self._crystals[name] = relaxed(self.evaluator, candidate)
            except Unmeasured as error:
                self._crystals[name] = error
        found = self._crystals[name]
        if isinstance(found, Unmeasured):
            raise Unmeasured(str(found))
        return found

    @property
    def ground(self) -> list[Candidate]:
        """The first candidate of each composition: the others of it are compared with this one."""
        first: dict[object, Candidate] = {}
        for candidate in self.candidates:
            first.setdefault(candidate.composition, candidate)
        return list(first.values())

    def ground_of(self, candidate: Candidate) -> Candidate:
        return next(c for c in self.ground if c.composition == candidate.composition)

    def chosen(self, names: tuple[str, ...] | None, largest: int = _LARGE) -> list[Candidate]:
        """The candidates of these names, or the ground states with no more than `largest` atoms."""
        if names is None:
            return [c for c in self.ground if c.structure.n_atoms <= largest]
        return [c for c in self.candidates if c.name in names]

    def isolated(self, structure: Structure) -> Estimate:
        """The energy of the structure's atoms, each by itself."""
        total = Estimate(0.0, np.zeros(len(self.evaluator.potential.theta)))
        for number in structure.numbers.tolist():
            if number not in self._isolated:
                self._isolated[number] = of_structure(self.evaluator, _alone(number))
            total = total + self._isolated[number]
        return total

    def _largest(self, repeated: Sequence[tuple[str, ...] | None]) -> Iterator[Structure]:
        """The structures that the shape of all batches has to hold, as far as known before a relaxation."""
        for candidate in self.candidates:
            yield _compressed(candidate.structure, 0.9)  # where a scan begins
        for names in repeated:
            for candidate in self.chosen(names):
                # atoms that move bring the next shell of neighbours into reach
                yield _compressed(supercell(candidate.structure, candidate.supercell), 0.95)


def _compressed(structure: Structure, factor: float) -> Structure:
    return replace(structure, positions=factor * structure.positions, cell=factor * structure.cell)


def _alone(number: int) -> Structure:
    numbers = np.array([number], dtype=np.int32)
    return Structure(
        numbers, np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(3, dtype=np.bool_), place="an atom"
    )
