"""The outputs of a batch and their derivatives by generated C++, a structure at a time.

The kernel of derivatives is that of the energy along a direction in the parameters (`passes.along`). It takes
many directions in one call, and works out once for all of them what depends on none. A number that acts
through the sites of one species alone is differentiated at those sites: four species with a network each cost
what one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Float

from ...compiler.backends.cpp.gradient import GradientKernel
from ...compiler.backends.cpp.kernel import CppKernel
from ...compiler.backends.cpp.library import CheckedAtoms, OfSets
from ..optimize.qr_system import Indices
from ..potential.evaluators import CppEvaluator
from ..potential.potential import Potential
from ..structures.arrays import Floats, Theta
from ..structures.batches import Batch, BatchPlan, plan_batches
from ..structures.structure import Structure
from .places import UPPER, shared_places

T = TypeVar("T")

# atoms of a batch: each core has many of them, and the lists of a structure are read again for each direction
_ATOMS = 256
# directions of one call: their forces take 24 bytes for each atom
_SETS = 256


@dataclass(frozen=True, eq=False)
class _Own:
    """A structure of a batch. sites: the same with the atoms of one species as centres, None where it
    has none; first: its first atom."""

    whole: CheckedAtoms
    sites: tuple[CheckedAtoms | None, ...]
    first: int
    n_atoms: int


@dataclass(frozen=True, eq=False)
class CppArrays:
    """The structures of a batch of this shape."""

    own: tuple[_Own, ...]
    n_atoms: int
    n_structures: int

    def write(self, k: int, found: OfSets, rows: Float[Floats, "D m"], chosen: Indices | slice) -> None:
        """Write the outputs of a structure, D sets of them, to their places in chosen rows."""
        own, n, b = self.own[k], self.n_atoms, self.n_structures
        rows[chosen, k] = found.energy
        for q in range(3):
            first = b + q * n + own.first
            rows[chosen, first : first + own.n_atoms] = found.forces[:, :, q]
        for q, (x, y) in enumerate(zip(*UPPER, strict=True)):
            rows[chosen, b + 3 * n + q * b + k] = found.virial[:, x, y]

    def read(self, k: int, row: Float[Floats, " m"]) -> tuple[float, Floats, Floats]:
        """Of a row the numbers of a structure: energy, forces (n, 3), upper triangle (3, 3) of the virial."""
        own, n, b = self.own[k], self.n_atoms, self.n_structures
        forces, virial = row[b : b + 3 * n].reshape(3, n), np.zeros((3, 3))
        virial[UPPER] = row[b + 3 * n + k :: b]
        return float(row[k]), forces[:, own.first : own.first + own.n_atoms].T, virial

    @property
    def width(self) -> int:
        return self.n_structures + 3 * self.n_atoms + 6 * self.n_structures


class AtTheta(Generic[T]):
    """What depends on θ alone: worked out once for all batches."""

    def __init__(self, make: Callable[[Theta], T]) -> None:
        self._make, self._alone = make, Lock()
        self._known: tuple[Theta, T] | None = None

    def __call__(self, theta: Theta) -> T:
        with self._alone:
            if self._known is None or not np.array_equal(self._known[0], theta):
                self._known = theta.copy(), self._make(theta.copy())
            return self._known[1]


class CppOutputs:
    """As `Outputs` has it."""

    target = "cpp"

    def __init__(
        self, potential: Potential, evaluator: CppEvaluator, along: CppKernel, gradient: GradientKernel
    ) -> None:
        """along: the kernel of derivatives; gradient: that of gradients. What is called is compiled."""
        self._lists, self._values = evaluator, evaluator.kernel
        self._along, self._gradient = along, gradient
        model = potential.model
        # one species has no other sites to tell its own from
        self._species = shared_places(model if len(model.species) == 1 else potential.program.optimized)[0]
        self._constants = AtTheta(self._values.constants)
        self._directions = AtTheta(along.directions)
        self._gradients = AtTheta(gradient.at)

    @property
    def described(self) -> str:
        return self._lists.described

    def plan(self, structures: Sequence[Structure], memory_mb: float) -> BatchPlan:
        return plan_batches(structures, (), self._values.model.species, max_atoms=_ATOMS)

    def one(self, structure: Structure) -> Batch:
        return self.plan([structure], 0.0).batch(0)[0]

    def arrays(self, batch: Batch, structures: Sequence[Structure]) -> CppArrays:
        ends = np.cumsum([s.n_atoms for s in structures])
        own = tuple(self._own(s, int(end)) for s, end in zip(structures, ends, strict=True))
        return CppArrays(own, len(batch.real), batch.n_structures)

    def size(self, arrays: CppArrays, batch: Batch) -> int:
        return sum(o.whole.atoms.neighbours.nbytes + 100 * o.n_atoms for o in arrays.own)

    def at(self, theta: Theta) -> Theta:
        return theta

    def values(self, theta: Theta, arrays: CppArrays) -> Float[Floats, " m"]:
        constants = self._constants(theta)
        found = np.zeros((1, arrays.width))
        for k, own in enumerate(arrays.own):
            one = self._values(constants, own.whole)
            alone = OfSets(np.array([one.energy]), one.virial[None], one.forces[None])
            arrays.write(k, alone, found, slice(1))
        return found[0]

    def derivatives(self, theta: Theta, arrays: CppArrays, numbers: Indices) -> Float[Floats, "F m"]:
        species = self._species[numbers]
        found = np.zeros((len(numbers), arrays.width))
        for s in np.unique(species).tolist():
            of_species = np.flatnonzero(species == s)
            for chosen in np.split(of_species, range(_SETS, len(of_species), _SETS)):
                sets = self._directions(theta).along_each(numbers[chosen])
                for k, own in enumerate(arrays.own):
                    sites = own.whole if s < 0 else own.sites[s]
                    if sites is not None:
                        arrays.write(k, self._along.for_sets(sets, sites), found, chosen)
        return found

    def along(
        self, theta: Theta, arrays: CppArrays, directions: Float[Floats, "D P"]
    ) -> Iterator[Float[Floats, "d m"]]:
        for chunk in np.split(directions, range(_SETS, len(directions), _SETS)):
            sets = self._directions(theta).along(chunk)
            found = np.zeros((len(chunk), arrays.width))
            for k, own in enumerate(arrays.own):
                arrays.write(k, self._along.for_sets(sets, own.whole), found, slice(None))
            yield found

    def loss(
        self, theta: Theta, arrays: CppArrays, scale: Float[Floats, " m"], wanted: Float[Floats, " m"]
    ) -> tuple[float, Float[Floats, " P"]]:
        residual = scale * (self.values(theta, arrays) - wanted)
        at, weights = self._gradients(theta), scale * residual
        tables = [at.tables(own.whole, *arrays.read(k, weights)) for k, own in enumerate(arrays.own)]
        return 0.5 * float(residual @ residual), at.by_parameters(np.sum(tables, axis=0))

    def n_directions(self, numbers: Indices) -> int:
        """Each costs what all atoms cost."""
        species = self._species[numbers]
        apart = np.bincount(species[species >= 0], minlength=1)
        return int((species < 0).sum()) + int(apart.max())

    # --- atoms -------------------------------------------------------------------------------------

    def _own(self, structure: Structure, end: int) -> _Own:
        whole = self._lists.kept(structure)
        atoms, library = whole.atoms, self._values.library
        sites: list[CheckedAtoms | None] = []
        for s in range(len(self._values.model.species)) if (self._species >= 0).any() else ():
            centres = np.flatnonzero(atoms.species == s).astype(np.int32)
            sites.append(library.checked(replace(atoms, centres=centres)) if len(centres) else None)
        return _Own(whole, tuple(sites), end - structure.n_atoms, structure.n_atoms)
