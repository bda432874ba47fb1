"""JSON files of FitSNAP: one structure a file, in Å, eV, eV/Å, and bar of pressure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...compiler.chemistry.units import PER_EV_A3
from ..files.plain_data import ReadData
from .plain_file import unreadable

if TYPE_CHECKING:
    from ase import Atoms

# the style of each quantity: the units that are read
_STYLES = {
    "AtomType": ("chemicalsymbol",),
    "Positions": ("angstrom",),
    "Lattice": ("angstrom",),
    "Energy": ("electronvolt",),
    "Forces": ("electronvoltperangstrom",),
    "Stress": ("bar", "kbar", "kb"),
}


def looks_like_fitsnap(head: str) -> bool:
    """Whether a file is one of FitSNAP, by its first letters; a line of remarks may come first."""
    return '"Dataset"' in head and head.find('"Dataset"') < 400


def read_fitsnap(source: Path, path: Path) -> Iterator[Atoms]:
    """The structures of a file. Raises DataError unreadable-data."""
    text = source.read_text(encoding="utf-8")
    try:
        content = json.loads(text if text.lstrip().startswith("{") else text.partition("\n")[2])["Dataset"]
        for name, known in _STYLES.items():
            style = str(content.get(f"{name}Style", known[0]))
            if style.lower() not in known:
                raise unreadable(path, f"its `{name}Style` is `{style}`, and {' or '.join(known)} is read")
        unit = "bar" if str(content.get("StressStyle", "bar")).lower() == "bar" else "kbar"
        yield from [_atoms(data, unit) for data in content["Data"]]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        reason = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise unreadable(path, f"as JSON of FitSNAP: {reason}") from error


def _atoms(data: ReadData, unit: str) -> Atoms:
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.stress import full_3x3_to_voigt_6_stress

    atoms = Atoms(data["AtomTypes"], positions=data["Positions"], cell=data["Lattice"], pbc=True)
    results: dict[str, object] = {"energy": float(data["Energy"])} if "Energy" in data else {}
    if "Forces" in data:
        results["forces"] = np.array(data["Forces"], dtype=np.float64)
    if "Stress" in data:  # pressure, positive where the cell is compressed
        pressure = np.array(data["Stress"], dtype=np.float64).reshape(3, 3)
        results["stress"] = full_3x3_to_voigt_6_stress(-pressure / PER_EV_A3[unit])
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms
