"""A potential as a calculator of ASE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol
from weakref import ref

import numpy as np
from ase.calculators.calculator import (
    Calculator,
    PropertyNotImplementedError,
    all_changes,
    compare_atoms,
)
from ase.stress import full_3x3_to_voigt_6_stress

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..files.plain_data import Data
from ..structures.arrays import Floats, Forces, Theta
from ..structures.structure import Structure, from_atoms
from .evaluators import AtomVirials, Evaluator, Lists, Predicted, stress_of
from .per_thread import Calculated, PerThread

if TYPE_CHECKING:
    from ase import Atoms

_ALWAYS = ("energy", "free_energy", "energies", "forces", "stress")
_OF_ATOMS = ("stresses", "virials")  # worked out where they are asked for
_UNCERTAIN = ("energy_uncertainty", "forces_uncertainty")

# of a structure: standard deviations of its energy, eV, and of its forces, eV/Å
Deviations = Callable[[Structure], tuple[float, Forces]]


class Predictor(Protocol):
    """A model with a value theta (P,) for every coefficient."""

    @property
    def theta(self) -> Theta: ...

    def evaluator(self, target: str = ..., dtype: str = ...) -> Evaluator:
        """The model on a target."""


class PotentiaCalculator(Calculator):
    """The calculator: energy, free_energy, energies (N,) (eV), forces (N, 3) (eV/Å), stress (6,), stresses
    (N, 6) (eV/Å³), virials (N, 3, 3) (eV).

    Stress is in Voigt order, tension positive. A slab has the components in its plane, and 0 for the others;
    the volume is that of the whole cell, its vacuum included. stresses add up to the stress. virials are
    shares of dE/dε as the heat flux needs them. Both are of the target `cpp` alone (docs/ase.md).
    precision: `float64`, or `float32` for speed.
    skin: the distance in Å by which neighbour lists are longer than the cutoff. A list is kept until an atom
    has moved by half of it.
    target: `auto` (C++ where a compiler works, else XLA), `cpp`, `xla` or `reference`.
    deviations: with it the results have `energy_uncertainty` (eV) and `forces_uncertainty` (N, 3) (eV/Å) too.
    Threads may share a calculator: each has atoms, results and lists of its own. A calculator may be pickled,
    alone or with the Atoms that hold it, and be used by processes that were forked.
    Raises DataError: species that the potential lacks, a position or an energy that is not finite.
    """

    implemented_properties = [*_ALWAYS, *_OF_ATOMS]  # noqa: RUF012

    def __init__(
        self,
        potential: Predictor,
        precision: str = "float64",
        skin: float = 0.5,
        deviations: Deviations | None = None,
        target: str = "auto",
    ) -> None:
        if precision not in ("float64", "float32"):
            help = "write `float64` or `float32`"
            raise DataError(Diagnostic("bad-value", f"`{precision}` is not a precision", help=help))
        if not _is_distance(skin):
            raise DataError(Diagnostic("bad-value", f"a skin of {skin!r} Å is not a distance of 0 or more"))
        self._calculated = PerThread(Calculated())
        super().__init__()  # type: ignore[no-untyped-call]
        self.potential = potential
        self.precision = precision
        self.skin = skin
        self.target = target
        self._deviations = deviations
        if deviations is not None:
            self.implemented_properties = [*self.implemented_properties, *_UNCERTAIN]
        self._take_lists()

    def _take_lists(self) -> None:
        self._lists = KeptLists(self.potential.evaluator(self.target, self.precision), self.skin)

    def __getstate__(self) -> Data:
        """Kernels and lists stay here: another process makes its own."""
        return {name: value for name, value in vars(self).items() if name != "_lists"}

    def __setstate__(self, state: Data) -> None:
        vars(self).update(state)
        self._take_lists()

    @property
    def atoms(self) -> Atoms | None:
        """A copy of the atoms of the last calculation of this thread, or of the last one of their caller."""
        return self._last().atoms

    @atoms.setter
    def atoms(self, atoms: Atoms | None) -> None:
        self._calculated.set(Calculated(atoms, self._last().results), latest=False)

    @property
    def results(self) -> dict[str, float | Floats]:
        """The results of the same calculation."""
        return self._last().results

    @results.setter
    def results(self, results: dict[str, float | Floats]) -> None:
        self._calculated.set(Calculated(self._last().atoms, results), latest=False)

    def _last(self) -> Calculated:
        own, latest = self._calculated.get(), self._calculated.latest
        return latest if own.same_caller(latest) else own

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """The changes since the results, those of another thread where they are of these atoms."""
        changes: list[str] = super().check_state(atoms, tol)  # type: ignore[no-untyped-call]
        latest = self._calculated.latest
        if changes and latest.atoms is not None and latest is not self._calculated.get():
            if compare_atoms(latest.atoms, atoms, tol):
                return changes
            self._calculated.set(latest)
            return []
        return changes

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute all properties; ASE calls this."""
        self.results = {}
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        copy = self.atoms
        assert copy is not None
        structure = from_atoms(copy, "atoms")
        if structure.n_atoms == 0:
            raise DataError(Diagnostic("no-atoms", "there are no atoms to calculate", place="atoms"))
        _require_finite(structure)
        if {"stress", "stresses"} & {*properties} and structure.stress_volume == 0:
            raise PropertyNotImplementedError("stress needs a cell with a volume and periodic directions")
        lists = self._lists
        found = lists.evaluator.evaluate(self.potential.theta, structure, lists.of(structure))
        results = _results(structure, found)
        if {*_OF_ATOMS} & {*properties}:
            results |= _of_atoms(structure, self._virials(structure))
        if self._deviations is not None:
            results |= dict(zip(_UNCERTAIN, self._deviations(structure), strict=True))
        self._calculated.set(Calculated(copy, results, ref(copy if atoms is None else atoms)))

    def _virials(self, structure: Structure) -> AtomVirials:
        """Raises PropertyNotImplementedError: the target does not share them out."""
        lists = self._lists
        found = lists.evaluator.atom_virials(self.potential.theta, structure, lists.of(structure))
        if found is None:
            target = lists.evaluator.target
            message = f"the target `{target}` has no stresses and virials of atoms; `cpp` has them"
            raise PropertyNotImplementedError(message)
        return found


class KeptLists:
    """Lists of an evaluator, kept by each thread until an atom has moved by half of the skin (Å)."""

    def __init__(self, evaluator: Evaluator, skin: float) -> None:
        self.evaluator, self.skin = evaluator, skin
        # with the structure that they were made for
        self._kept: PerThread[tuple[Structure, Lists] | None] = PerThread(None)

    def of(self, structure: Structure) -> Lists:
        """Lists that hold for the structure: those in hand where they do."""
        kept = self._kept.get()
        if kept is None or not _still_holds(kept[0], structure, self.skin):
            kept = structure, self.evaluator.lists(structure, self.skin)
            self._kept.set(kept)
        return kept[1]


def _is_distance(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(0.0 <= value < np.inf)


def _still_holds(listed: Structure, now: Structure, skin: float) -> bool:
    """Whether no pair can have come into reach since the lists were made."""
    same = (
        np.array_equal(listed.numbers, now.numbers)
        and np.array_equal(listed.pbc, now.pbc)
        and np.array_equal(listed.cell, now.cell)
    )
    if not same:
        return False
    farthest = float(np.square(now.positions - listed.positions).sum(axis=1).max()) ** 0.5
    return bool(2 * farthest <= skin)


def _require_finite(structure: Structure) -> None:
    """Raise DataError `not-finite` for a position or a cell that is NaN or infinite."""
    positions = structure.positions
    if not np.isfinite(positions).all():
        atom, axis = np.argwhere(~np.isfinite(positions))[0]
        message = f"the position of atom {atom + 1} along {'xyz'[axis]} is {positions[atom, axis]}"
    elif not np.isfinite(structure.cell).all():
        message = f"the cell holds {structure.cell[~np.isfinite(structure.cell)][0]}"
    else:
        return
    help = "has a simulation or a relaxation broken down before?"
    raise DataError(Diagnostic("not-finite", message, place=structure.place, help=help))


def _results(structure: Structure, found: Predicted) -> dict[str, float | Floats]:
    if not np.isfinite(found.energy) or not np.isfinite(found.forces).all():
        message = "the energy or a force is not finite"
        help = "are two atoms at the same place?"
        raise DataError(Diagnostic("not-finite", message, place=structure.place, help=help))
    results: dict[str, float | Floats] = {
        "energy": found.energy,
        "free_energy": found.energy,
        "energies": found.site_energy,
        "forces": found.forces,
    }
    if found.stress is not None:
        results["stress"] = full_3x3_to_voigt_6_stress(found.stress)
    return results


def _of_atoms(structure: Structure, found: AtomVirials) -> dict[str, Floats]:
    """virials, and stresses where the cell has a volume: the symmetric part, in Voigt order."""
    results: dict[str, Floats] = {"virials": found.neighbour}
    if structure.stress_volume > 0:
        shares = np.array([stress_of(structure, virial) for virial in found.half])
        results["stresses"] = full_3x3_to_voigt_6_stress(shares)
    return results
