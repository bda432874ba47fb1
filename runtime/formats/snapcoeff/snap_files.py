"""The numbers of SNAP in the words of LAMMPS, as files have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ....compiler.ir.triads import triads
from ...structures.arrays import Floats

HIGHEST = 14  # of twojmax


@dataclass(frozen=True)
class Parameters:
    """A file snapparam. rcutfac, rmin0: Å."""

    rcutfac: float
    twojmax: int
    rfac0: float = 0.99363
    rmin0: float = 0.0
    switchflag: bool = True
    bzeroflag: bool = True
    quadraticflag: bool = False

    @property
    def components(self) -> int:
        """The components of the bispectrum."""
        return len(triads(self.twojmax))

    @property
    def coefficients(self) -> int:
        """The numbers of an element: of an atom, of each component, of each product of two."""
        n = self.components
        return 1 + n + (n * (n + 1) // 2 if self.quadraticflag else 0)


@dataclass(frozen=True, eq=False)
class SnapElement:
    """A block of a file snapcoeff: radius (of rcutfac), weight, and the coefficients in eV."""

    radius: float
    weight: float
    coefficients: Floats


@dataclass(frozen=True, eq=False)
class Snap:
    """Both files. elements: in the order of the file."""

    parameters: Parameters
    elements: Mapping[str, SnapElement]


def diagonal(n: int) -> Floats:
    """Factors of LAMMPS's coefficients of products x_m x_n, m ≤ n: ½ for squares, else 1."""
    row, column = np.triu_indices(n)
    return np.where(row == column, 0.5, 1.0)


def coefficients_text(snap: Snap) -> str:
    """A file snapcoeff."""
    head = f"{len(snap.elements)} {snap.parameters.coefficients}"
    lines = ["# coefficients of SNAP, by potentia UNITS: metal", head]
    for name, element in snap.elements.items():
        lines.append(f"{name} {element.radius!r} {element.weight!r}")
        lines += [repr(float(x)) for x in element.coefficients]
    return "\n".join(lines) + "\n"


def parameters_text(parameters: Parameters) -> str:
    """A file snapparam."""
    p = parameters
    values = {
        "rcutfac": repr(p.rcutfac),
        "twojmax": p.twojmax,
        "rfac0": repr(p.rfac0),
        "rmin0": repr(p.rmin0),
        "switchflag": int(p.switchflag),
        "bzeroflag": int(p.bzeroflag),
        "quadraticflag": int(p.quadraticflag),
    }
    lines = ["# parameters of SNAP, by potentia UNITS: metal"]
    return "\n".join([*lines, *(f"{name} {value}" for name, value in values.items())]) + "\n"
