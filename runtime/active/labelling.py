"""Labels of structures by any calculator of ASE, or by another run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase.calculators.calculator import PropertyNotImplementedError

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..data.writers import labelled_atoms
from ..structures.arrays import Floats, Stress
from ..structures.structure import Structure
from .calculators import CalculatorMaker
from .config import LabelConfig

if TYPE_CHECKING:
    from ase import Atoms


# Beyond what another grid or convergence does to labels of one method
_FORCES_DIFFER = 0.05  # of the root mean square force
_FORCES_ROUND = 0.01  # eV/Å
_ENERGIES_DIFFER = 0.005  # eV/atom


class Unlabelled(Exception):
    """A structure got no labels; the text is the reason."""


class Labeller:
    """Energies, forces and stress by a calculator.

    beside: the folder in which runs are looked for, and modules where `allow_code` is set; place: of the
    configuration. Raises DataError `unknown-calculator`, `needs-allow-code`.
    """

    def __init__(
        self, config: LabelConfig, beside: Path, allow_code: bool = False, place: str = "[label]"
    ) -> None:
        self.config = config
        self._calculator = CalculatorMaker(config, beside, allow_code, place).made()

    def label(self, structure: Structure) -> Structure:
        """The structure with labels. Raises Unlabelled, whatever the calculator's fault was."""
        bare = replace(structure, energy=None, forces=None, stress=None)
        atoms = labelled_atoms(bare)
        atoms.calc = self._calculator
        try:
            energy, forces = _energy(atoms), np.array(atoms.get_forces(), dtype=np.float64)
            stress = _stress(atoms) if structure.stress_volume > 0 else None
        except Exception as error:  # every calculator fails in its own way
            raise Unlabelled(f"{type(error).__name__}: {error}".split("\n")[0].rstrip(": ")) from error
        if not np.isfinite(energy) or not np.isfinite(forces).all():
            raise Unlabelled("the energy or a force is not finite")
        largest = float(np.linalg.norm(forces, axis=1).max())
        if largest > self.config.max_force:
            raise Unlabelled(f"a force of {largest:.3g} eV/Å is above `max_force`, {self.config.max_force:g}")
        if stress is not None and not np.isfinite(stress).all():
            raise Unlabelled("the stress is not finite")
        return replace(bare, energy=energy, forces=forces, stress=stress)


def disagreement(labeller: Labeller, labelled: Structure) -> Diagnostic | None:
    """A warning where a structure that has labels gets others: a fit to both kinds would be to neither."""
    try:
        found = labeller.label(labelled)
    except Unlabelled as error:
        message = f"the calculator fails on a structure of the first data: {error}"
        return _differ(message, labelled, "mend it before the first round is over")
    help = "label the first data with the same calculator and settings"
    if labelled.forces is not None and found.forces is not None:
        size, apart = _rms(labelled.forces), _rms(found.forces - labelled.forces)
        if apart > _FORCES_DIFFER * size + _FORCES_ROUND:
            message = f"the calculator's forces are {apart:.3g} eV/Å from those of the first data"
            return _differ(message, labelled, help)
    if labelled.energy is not None and found.energy is not None:
        apart = abs(found.energy - labelled.energy) / labelled.n_atoms
        if apart > _ENERGIES_DIFFER:
            message = f"the calculator's energy is {apart:.3g} eV/atom from that of the first data"
            return _differ(message, labelled, help)
    return None


def _differ(message: str, structure: Structure, help: str) -> Diagnostic:
    return Diagnostic("labels-differ", message, "warning", place=structure.place, help=help)


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _energy(atoms: Atoms) -> float:
    """The energy whose slope the forces are: with smeared electrons the free energy."""
    try:
        return float(atoms.get_potential_energy(force_consistent=True))
    except PropertyNotImplementedError:
        return float(atoms.get_potential_energy())


def _stress(atoms: Atoms) -> Stress | None:
    try:
        return np.array(atoms.get_stress(voigt=False), dtype=np.float64)
    except (PropertyNotImplementedError, NotImplementedError):
        return None
