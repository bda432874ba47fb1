"""A potential as a calculator of ASE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from ase.calculators.calculator import Calculator, PropertyNotImplementedError, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..structures.arrays import Floats, Forces, Theta
from ..structures.batches import Batch, moved
from ..structures.structure import Structure, from_atoms
from .evaluators import Evaluator, Predicted

if TYPE_CHECKING:
    from ase import Atoms

_UNCERTAIN = ("energy_uncertainty", "forces_uncertainty")

# of the one structure of a batch: standard deviations of its energy, eV, and of its forces, eV/Å
Deviations = Callable[[Batch], tuple[float, Forces]]


class Predictor(Protocol):
    """A model with a value theta (P,) for every coefficient."""

    @property
    def theta(self) -> Theta: ...

    def evaluator(self, target: str = ..., dtype: str = ...) -> Evaluator:
        """The model on a target."""


class PotentiaCalculator(Calculator):
    """The calculator: energy, free_energy, energies (N,) (eV), forces (N, 3) (eV/Å), stress (6,) (eV/Å³).

    Stress is in Voigt order, tension positive. A slab has the components in its plane, and 0 for the others;
    the volume is that of the whole cell, its vacuum included.
    precision: `float64`, or `float32` for speed.
    skin: the distance in Å by which neighbour lists are longer than the cutoff. A list is kept until an atom
    has moved by half of it.
    target: `auto` (C++ where a compiler works, else XLA), `cpp`, `xla` or `reference`.
    deviations: with it the results have `energy_uncertainty` (eV) and `forces_uncertainty` (N, 3) (eV/Å) too.
    Raises DataError: species that the potential lacks, a position or an energy that is not finite.
    """

    implemented_properties = ["energy", "free_energy", "energies", "forces", "stress"]  # noqa: RUF012

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
        if not 0.0 <= skin < np.inf:
            raise DataError(Diagnostic("bad-value", f"a skin of {skin} Å is not a distance of 0 or more"))
        super().__init__()  # type: ignore[no-untyped-call]
        self.potential = potential
        self.precision = precision
        self.skin = skin
        self._lists = KeptLists(potential.evaluator(target, precision), skin)
        self._deviations = deviations
        if deviations is not None:
            self.implemented_properties = [*self.implemented_properties, *_UNCERTAIN]
            by_xla = potential.evaluator("xla", precision)
            self._batches = self._lists if by_xla is self._lists.evaluator else KeptLists(by_xla, skin)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute all properties; ASE calls this."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        assert self.atoms is not None
        structure = from_atoms(self.atoms, "atoms")
        if structure.n_atoms == 0:
            raise DataError(Diagnostic("no-atoms", "there are no atoms to calculate", place="atoms"))
        _require_finite(structure)
        if "stress" in properties and structure.stress_volume == 0:
            raise PropertyNotImplementedError("stress needs a cell with a volume and periodic directions")
        lists = self._lists
        found = lists.evaluator.evaluate(self.potential.theta, structure, lists.of(structure))
        self.results = _results(structure, found)
        if self._deviations is not None:
            batch = moved(self._batches.of(structure), structure.positions)
            self.results |= dict(zip(_UNCERTAIN, self._deviations(batch), strict=True))


class KeptLists:
    """Lists of an evaluator, kept until an atom has moved by half of the skin (Å)."""

    def __init__(self, evaluator: Evaluator, skin: float) -> None:
        self.evaluator, self.skin = evaluator, skin
        self._kept: tuple[Structure, Any] | None = None  # and the structure that they were made for

    def of(self, structure: Structure) -> Any:
        """Lists that hold for the structure: those in hand where they do."""
        if self._kept is None or not _still_holds(self._kept[0], structure, self.skin):
            self._kept = structure, self.evaluator.lists(structure, self.skin)
        return self._kept[1]


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
