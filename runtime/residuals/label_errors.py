"""Errors of labels by kind, from the residuals of a pass over the data."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ...compiler.chemistry.constants import GPA
from ..optimize.qr_system import Indices
from ..structures.arrays import Floats


class Rmse(NamedTuple):
    """Root mean square errors, NaN where no label of the kind is there."""

    energy: float  # meV/atom
    forces: float  # meV/Å
    stress: float  # GPa

    def __str__(self) -> str:
        units = ("meV/atom", "meV/Å", "GPa")
        known = [f"{x:.3g} {unit}" for x, unit in zip(self, units, strict=True) if isfinite(x)]
        return ", ".join(known)


UNKNOWN = Rmse(float("nan"), float("nan"), float("nan"))


def squares(
    residual: Float[Floats, " m"], quantity: Int[Indices, " m"], weight: Float[Floats, " m"]
) -> Float[Floats, "3 2"]:
    """Σ of squares in units of σ and the number of rows, of energies, forces and stress.

    residual: with the factor √weight of its structure, which is taken out.
    """
    sums = np.bincount(quantity, residual**2 / weight, 3)
    return np.stack([sums, np.bincount(quantity, minlength=3)], axis=1)


def rmse(sums: Float[Floats, "3 2"], energy: float, forces: float, stress: float) -> Rmse:
    """Of sums as `squares` has them. energy, forces, stress: σ in eV/atom, eV/Å and eV/Å³."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.sqrt(sums[:, 0] / sums[:, 1])
    sizes = 1e3 * energy, 1e3 * forces, GPA * stress
    return Rmse(*(float(size * x) for size, x in zip(sizes, found, strict=True)))
