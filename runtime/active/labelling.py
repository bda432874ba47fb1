"""Labels of structures by any calculator of ASE, or by another run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase.calculators.calculator import PropertyNotImplementedError

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, UserError
from ..data.writers import labelled_atoms
from ..runs.formats import METADATA
from ..runs.run_folder import load
from ..structures.arrays import Floats, Stress
from ..structures.structure import Structure
from .config import LabelConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ase import Atoms
    from ase.calculators.calculator import Calculator


# Beyond what another grid or convergence does to labels of one method
_FORCES_DIFFER = 0.05  # of the root mean square force
_FORCES_ROUND = 0.01  # eV/Å
_ENERGIES_DIFFER = 0.005  # eV/atom


class Unlabelled(Exception):
    """A structure got no labels; the text is the reason."""


class Labeller:
    """Energies, forces and stress by a calculator. Raises DataError `unknown-calculator`.

    beside: the folder in which runs and modules are looked for.
    """

    def __init__(self, config: LabelConfig, beside: Path) -> None:
        self.config = config
        self._calculator = _made(config.calculator, config.arguments, beside)

    def label(self, structure: Structure) -> Structure:
        """The structure with labels. Raises Unlabelled, whatever the calculator's fault was."""
        bare = replace(structure, energy=None, forces=None, stress=None)
        atoms = labelled_atoms(bare)
        atoms.calc = self._calculator
        try:
            energy, forces = _energy(atoms), np.array(atoms.get_forces(), dtype=np.float64)
            stress = _stress(atoms) if structure.volume > 0 else None
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


def _made(name: str, arguments: Mapping[str, object], beside: Path) -> Calculator:
    for folder in (beside / name, Path(name)):
        if (folder / METADATA).is_file():
            return _called(load(folder).calculator, name, arguments)
    if ":" in name:
        module, _, attribute = name.partition(":")
        with _importable(beside):
            try:
                kind = getattr(import_module(module), attribute)
            except (ImportError, AttributeError, ValueError) as error:
                raise _unknown(name, str(error)) from error
    else:
        from ase.calculators.calculator import get_calculator_class

        try:
            kind = get_calculator_class(name)
        except Exception as error:  # ASE imports what it is told: anything may happen
            raise _unknown(name, str(error)) from error
    return _called(kind, name, arguments)


def _called(kind: Callable[..., Calculator], name: str, arguments: Mapping[str, object]) -> Calculator:
    try:
        return kind(**arguments)
    except UserError:
        raise
    except Exception as error:
        message = f"the calculator `{name}` cannot be made: {error}"
        raise DataError(
            Diagnostic("unknown-calculator", message, help="its arguments are [label.arguments]")
        ) from error


def _unknown(name: str, why: str) -> DataError:
    message = f"there is no calculator `{name}`: {why}"
    help = "a name of ASE such as `emt`, `module:Class`, or the folder of a run"
    return DataError(Diagnostic("unknown-calculator", message, help=help))


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Modules beside the configuration can be imported."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
