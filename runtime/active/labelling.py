"""Labels of structures by any calculator of ASE, or by another run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.calculators.calculator import PropertyNotImplementedError

from ...compiler.diagnostics import DataError, Diagnostic, UserError
from ..artifact import load
from ..artifact_formats import METADATA
from ..structures import Structure
from ..writers import labelled_atoms
from .config import LabelConfig

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        except KeyboardInterrupt:
            raise
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


def _energy(atoms: Any) -> float:
    """That whose slope the forces are: with smeared electrons the free energy."""
    try:
        return float(atoms.get_potential_energy(force_consistent=True))
    except PropertyNotImplementedError:
        return float(atoms.get_potential_energy())


def _stress(atoms: Any) -> Any:
    try:
        return np.array(atoms.get_stress(voigt=False), dtype=np.float64)
    except (PropertyNotImplementedError, NotImplementedError):
        return None


def _made(name: str, arguments: Mapping[str, Any], beside: Path) -> Any:
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


def _called(kind: Any, name: str, arguments: Mapping[str, Any]) -> Any:
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
