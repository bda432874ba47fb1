"""A compiled kernel with its constants: what predictions and simulations call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...ir.graph import Model
from . import build
from .emit import Real, Source, emit
from .library import Atoms, CheckedAtoms, Library, OfSets, Results
from .once import once
from .sets import Directions, Owners, Sets


@dataclass(frozen=True, eq=False)
class CppKernel:
    """A model as built, compiled for this machine when it is first called.

    real: the precision of the work on neighbours; energies, forces and virials are added up in double.
    varied: names of the parameters that differ between the sets of one call of `for_sets`.
    """

    model: Model
    real: Real = "double"
    varied: frozenset[str] = frozenset()

    @cached_property
    def source(self) -> Source:
        return emit(self.model, self.real, varied=self.varied)

    @once
    def library(self) -> Library:
        """Raises ToolError: no compiler that works, a kernel that cannot be compiled."""
        return build.kernel(self.source.text, self.source.digest)

    @property
    def cutoff(self) -> float:
        """Of the longest list, Å; 0 without neighbours."""
        return self.source.cutoff

    def constants(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a set of parameters (P,) means to the kernel; worked out once for many calls."""
        return self.source.constants(theta)

    def __call__(
        self,
        constants: NDArray[np.float64],
        atoms: Atoms | CheckedAtoms,
        threads: int = 1,
        atom_virials: bool = False,
    ) -> Results:
        return self.library.compute(atoms, constants, threads, atom_virials)

    def for_sets(self, sets: Sets, atoms: CheckedAtoms) -> OfSets:
        """The sets differ in constants of parameters that vary alone."""
        return self.library.compute_sets(atoms, sets)

    @cached_property
    def owners(self) -> Owners:
        """Of a kernel of derivatives along a direction."""
        return Owners.of(self.constants, len(self.model.vector) // 2)

    def directions(self, theta: NDArray[np.float64]) -> Directions:
        """The sets of such a kernel at parameters θ (P,)."""
        return Directions(self.constants, self.owners, theta)
