"""The tables of embedded atoms, and cubics through them as LAMMPS has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...structures.arrays import Floats

FEWEST = 5  # points of a table: slopes are differences of five


@dataclass(frozen=True, eq=False)
class EamTables:
    """E = Σ_i F_i(ρ_i) + ½ Σ_{i≠j} z_ij(r)/r, ρ_i = Σ_j f(r): values at r = 0, dr, … and ρ = 0, drho, …

    cutoff, dr: Å. embedding: F (S, n_rho), eV. density: f (S, n), by the neighbour alone, or (S, S, n), the
    neighbour first. z: (S, S, n), eV Å.
    """

    species: tuple[str, ...]
    cutoff: float
    dr: float
    drho: float
    embedding: Floats
    density: Floats
    z: Floats

    @property
    def by_pair(self) -> bool:
        """Whether a density depends on the atom that it is felt by: `eam/fs`."""
        return self.density.ndim == 3

    @property
    def n(self) -> int:
        return int(self.z.shape[-1])


def knots(values: Floats) -> Floats:
    """Values (…, n) with their slopes a step, in turn: (…, 2n).

    Slopes are those of LAMMPS's eam styles: differences of five points, of three and two at the ends.
    """
    slopes = np.empty_like(values)
    slopes[..., 0] = values[..., 1] - values[..., 0]
    slopes[..., -1] = values[..., -1] - values[..., -2]
    slopes[..., 1:-1] = 0.5 * (values[..., 2:] - values[..., :-2])
    near, far = values[..., 3:-1] - values[..., 1:-3], values[..., 4:] - values[..., :-4]
    slopes[..., 2:-2] = (8.0 * near - far) / 12.0
    return np.stack([values, slopes], axis=-1).reshape(*values.shape[:-1], -1)


def beyond(tables: EamTables) -> float:
    """How many steps lie between the last knot and the cutoff; 0 where the tables reach it."""
    return max(0.0, tables.cutoff / tables.dr - (tables.n - 1))
