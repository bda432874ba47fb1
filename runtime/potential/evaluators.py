"""Evaluators: energies, forces and stress of structures by one of the targets.

`auto` takes generated C++ where a compiler works, and XLA where none does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, ToolError
from ...compiler.diagnostics.warning import OnWarning, as_python_warning
from ...compiler.ir.graph import Model
from ..structures.arrays import Floats, Forces, PerAtom, Stress, Theta
from ..structures.batches import Batch, moved, plan_batches, require_species, single
from ..structures.few_shapes import FewShapes
from ..structures.neighbors import directed, pairs
from ..structures.padding import ListSpec, Shape
from ..structures.structure import Structure, species_index

if TYPE_CHECKING:
    from ...compiler.backends.cpp.kernel import CppKernel
    from ...compiler.backends.cpp.library import Atoms, CheckedAtoms
    from ...compiler.backends.xla.kernel import Kernel

OnProgress = Callable[[int], None]
NAMES = ("auto", "cpp", "xla", "reference")
# atoms that are worth another thread
_THREADED = 2000
_KEPT = 200_000_000  # bytes of neighbours


@dataclass(frozen=True)
class Predicted:
    """Energy, forces and stress of one structure."""

    energy: float  # eV
    forces: Forces  # eV/Å
    stress: Stress | None  # eV/Å³, tension positive, as `stress_of` has it
    site_energy: PerAtom  # eV
    virial: Float[Floats, "3 3"]  # dE/dε, eV


@dataclass(frozen=True)
class AtomVirials:
    """dE/dε shared out to atoms, eV; each adds up to the whole. Of a neighbour j at d = x_j − x_i, the energy
    of atom i has the part d ⊗ ∂E_i/∂d.

    half: half of it goes to i and half to j. neighbour: all of it goes to j (doi:10.1103/PhysRevB.92.094301).
    """

    half: Float[Floats, "N 3 3"]
    neighbour: Float[Floats, "N 3 3"]


def stress_of(structure: Structure, virial: Float[Floats, "3 3"]) -> Stress | None:
    """The stress of a dE/dε in eV: 0 out of the plane of a slab, None where no component is defined."""
    volume = structure.stress_volume
    return np.where(structure.stress_components, virial / volume, 0.0) if volume > 0 else None


Lists: TypeAlias = Any  # the neighbours of a structure, as a target has them


class Evaluator(Protocol):
    """A model on a target. theta (P,): all coefficients, in eV, Å, e."""

    @property
    def target(self) -> str:
        """Its name: cpp, xla or reference."""

    def predict(
        self, theta: Theta, structures: Sequence[Structure], on_progress: OnProgress | None = None
    ) -> list[Predicted]:
        """In order. on_progress: called with the number of structures done. Raises DataError: species that
        the model lacks.
        """

    def lists(self, structure: Structure, skin: float) -> Lists:
        """Neighbours that hold until an atom has moved by half of the skin (Å). Raises DataError."""

    def evaluate(self, theta: Theta, structure: Structure, lists: Lists) -> Predicted:
        """A structure with lists that hold for it."""

    def atom_virials(self, theta: Theta, structure: Structure, lists: Lists) -> AtomVirials | None:
        """dE/dε shared out to the atoms; None for a target that does not share it out."""


# --- generated C++ -----------------------------------------------------------------------------


@dataclass
class CppEvaluator:
    """A structure at a time; large ones on several threads (OMP_NUM_THREADS, or all processors)."""

    kernel: CppKernel
    target: str = "cpp"
    _constants: tuple[bytes, Floats] | None = None
    _kept: WeakKeyDictionary[Structure, CheckedAtoms] = field(default_factory=WeakKeyDictionary)
    _room: int = _KEPT

    @property
    def described(self) -> str:
        """The target, the compiler and the width of vectors."""
        from ...compiler.backends.cpp.toolchain import compiler

        about = self.kernel.library.about
        return f"cpp ({compiler().version}, {about.lanes} neighbours at once)"

    def predict(
        self, theta: Theta, structures: Sequence[Structure], on_progress: OnProgress | None = None
    ) -> list[Predicted]:
        require_species(structures, self.kernel.model.species)
        found = []
        for structure in structures:
            found.append(self._evaluated(theta, structure, self.kept(structure)))
            if on_progress:
                on_progress(len(found))
        return found

    def lists(self, structure: Structure, skin: float) -> Atoms:
        from ...compiler.backends.cpp.library import Atoms, with_images

        species = self.kernel.model.species
        require_species([structure], species)
        kinds = species_index(species)[structure.numbers]
        n, cutoff = structure.n_atoms, self.kernel.cutoff
        x = np.ascontiguousarray(structure.positions, np.float64)
        if not cutoff:
            return Atoms(x, kinds, np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
        first, j, image, shifts = directed(pairs(structure, cutoff + skin), n)
        return Atoms(x, kinds, first, with_images(j, image, n), shifts)

    def kept(self, structure: Structure) -> CheckedAtoms:
        """A structure with its neighbours, found once for a structure that is asked for again."""
        found = self._kept.get(structure)
        if found is None:
            found = self.kernel.library.checked(self.lists(structure, 0.0))
            self._room -= found.atoms.neighbours.nbytes
            if self._room > 0:
                self._kept[structure] = found
        return found

    def evaluate(self, theta: Theta, structure: Structure, lists: Atoms) -> Predicted:
        return self._evaluated(theta, structure, _at(lists, structure))

    def atom_virials(self, theta: Theta, structure: Structure, lists: Atoms) -> AtomVirials:
        now, threads = _at(lists, structure), n_threads(structure.n_atoms)
        found = self.kernel(self._of(theta), now, threads, atom_virials=True)
        assert found.virial_half is not None and found.virial_neighbour is not None
        return AtomVirials(found.virial_half, found.virial_neighbour)

    def _evaluated(self, theta: Theta, structure: Structure, atoms: Atoms | CheckedAtoms) -> Predicted:
        found = self.kernel(self._of(theta), atoms, n_threads(structure.n_atoms))
        stress = stress_of(structure, found.virial)
        return Predicted(found.energy, found.forces, stress, found.site_energy, found.virial)

    def _of(self, theta: Theta) -> Floats:
        """The constants of these parameters, worked out once for many structures."""
        key, known = np.ascontiguousarray(theta).tobytes(), self._constants
        if known is None or known[0] != key:  # `known`, as another thread may set others meanwhile
            known = self._constants = key, self.kernel.constants(np.asarray(theta, np.float64))
        return known[1]


def _at(lists: Atoms, structure: Structure) -> Atoms:
    """The lists with the positions of a structure."""
    return replace(lists, positions=np.ascontiguousarray(structure.positions, np.float64))


def n_threads(n_atoms: int) -> int:
    """OMP_NUM_THREADS where it is set, else the processors that this process may use; one for few atoms."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = int(asked) if asked.isdigit() and int(asked) else there
    return max(1, min(most, n_atoms // _THREADED))


# --- XLA -----------------------------------------------------------------------------------------


def specs_of(kernel: Kernel) -> tuple[ListSpec, ...]:
    """The neighbour lists that a batch of a kernel needs."""
    return tuple(ListSpec(d.name, float(d.rc or 0.0)) for d in kernel.lists)  # type: ignore[arg-type]


@dataclass
class XlaEvaluator:
    """Batches of a few compiled shapes."""

    kernel: Kernel
    species: tuple[str, ...]
    target: str = "xla"
    _shapes: tuple[Shape, ...] = ()
    _singles: FewShapes = field(default_factory=FewShapes)

    @property
    def specs(self) -> tuple[ListSpec, ...]:
        """The neighbour lists that a batch needs."""
        return specs_of(self.kernel)

    def predict(
        self, theta: Theta, structures: Sequence[Structure], on_progress: OnProgress | None = None
    ) -> list[Predicted]:
        found: dict[int, Predicted] = {}
        plan = plan_batches(
            structures, self.specs, self.species, max_elements=self._elements(), known=self._shapes
        )
        self._shapes = tuple(dict.fromkeys((*self._shapes, *plan.shapes)))
        for batch, indices in plan.batches():
            parts = [structures[k] for k in indices]
            found.update(zip(indices, self._split(theta, batch, parts), strict=True))
            if on_progress:
                on_progress(len(found))
        return [found[k] for k in range(len(structures))]

    def lists(self, structure: Structure, skin: float) -> Batch:
        return single(structure, self.specs, self.species, self._singles, skin)

    def evaluate(self, theta: Theta, structure: Structure, lists: Batch) -> Predicted:
        began = monotonic()
        (found,) = self._split(theta, moved(lists, structure.positions), [structure])
        self._singles.spent(structure.n_atoms, lists.shape, monotonic() - began)
        return found

    def atom_virials(self, theta: Theta, structure: Structure, lists: Batch) -> None:
        return None

    def _elements(self) -> int:
        """Size of a batch: dense lists work best while they stay in the cache."""
        return 1 << 14 if any(d.name == "edge" for d in self.kernel.lists) else 1 << 18

    def _split(self, theta: Theta, batch: Batch, structures: Sequence[Structure]) -> list[Predicted]:
        """The prediction of a batch of these structures, one at a time."""
        energy, forces, virial, site = (np.asarray(x, np.float64) for x in self.kernel(theta, batch))
        ends = np.cumsum([s.n_atoms for s in structures])
        found = []
        for k, (structure, end) in enumerate(zip(structures, ends, strict=True)):
            atoms = slice(end - structure.n_atoms, end)
            own = virial[:, :, k].copy()
            parts = forces[:, atoms].T.copy(), stress_of(structure, own), site[atoms].copy(), own
            found.append(Predicted(float(energy[k]), *parts))
        return found


# --- the reference -------------------------------------------------------------------------------


@dataclass
class ReferenceEvaluator:
    """Plain NumPy, to judge the others by; minutes for a hundred atoms."""

    model: Model
    target: str = "reference"

    def predict(
        self, theta: Theta, structures: Sequence[Structure], on_progress: OnProgress | None = None
    ) -> list[Predicted]:
        require_species(structures, self.model.species)
        found = []
        for structure in structures:
            found.append(self.evaluate(theta, structure, None))
            if on_progress:
                on_progress(len(found))
        return found

    def lists(self, structure: Structure, skin: float) -> None:
        require_species([structure], self.model.species)

    def evaluate(self, theta: Theta, structure: Structure, lists: None) -> Predicted:
        from ...compiler.backends.reference import predict

        kinds = species_index(self.model.species)[structure.numbers]
        s = structure
        found = predict(self.model, theta, s.positions, s.cell, s.pbc, kinds)
        stress = stress_of(s, found.virial)
        return Predicted(found.energy, found.forces, stress, found.site_energy, found.virial)

    def atom_virials(self, theta: Theta, structure: Structure, lists: None) -> None:
        return None


# --- the choice ----------------------------------------------------------------------------------


def evaluator(
    model: Model,
    xla: Callable[[str], Kernel],
    target: str = "auto",
    dtype: str = "float64",
    on_warning: OnWarning = as_python_warning,
) -> Evaluator:
    """A model as built on a target. xla: makes its XLA kernel in a precision.

    on_warning: is given the reason why `auto` takes XLA.
    Raises DataError bad-value: a name that is no target; ToolError: `cpp` without a compiler that works.
    """
    if target not in NAMES:
        help = f"write one of {', '.join(NAMES)}"
        raise DataError(Diagnostic("bad-value", f"`{target}` is not a target", help=help))
    if target == "reference":
        return ReferenceEvaluator(model)
    if target != "xla":
        try:
            return _cpp(model, dtype)
        except ToolError as error:
            if target == "cpp":
                raise
            on_warning(instead(error))
    return XlaEvaluator(xla(dtype), model.species)


def _cpp(model: Model, dtype: str) -> CppEvaluator:
    from ...compiler.backends.cpp.kernel import CppKernel

    kernel = CppKernel(model, REALS[dtype])
    _ = kernel.library  # compiled, or found, now
    return CppEvaluator(kernel)


REALS: Mapping[str, Literal["double", "float"]] = {"float64": "double", "float32": "float"}


def instead(error: ToolError) -> Diagnostic:
    """The warning that XLA does what a compiler of C++ cannot."""
    first = error.diagnostics[0]
    return replace(first, message=f"{first.message}; XLA evaluates the model", severity="warning")
