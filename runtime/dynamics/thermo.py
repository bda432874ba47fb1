"""The row of the log for a moment. NumPy, no jax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import units
from jaxtyping import Float

from ..structures.arrays import Cell, Floats, PerAtom

_CELL = tuple(f"cell_{vector}{axis}" for vector, axis in product("abc", "xyz"))


@dataclass(frozen=True)
class Moment:
    """Pressure and volume are None without three periodic directions."""

    step: int
    picoseconds: float
    temperature: float  # K
    potential: float  # eV
    kinetic: float  # eV
    conserved: float  # what an exact integration keeps: without the energy that the baths gave, eV
    pressure: float | None  # GPa, compression positive
    volume: float | None  # Å³
    cell: Cell
    smallest: Float[Floats, " species_pairs"]  # distances, Å; infinite where none met

    def row(self) -> list[float]:
        """In the order of `columns`."""
        energies = [self.temperature, self.potential, self.kinetic, self.conserved]
        outer = [np.nan if x is None else x for x in (self.pressure, self.volume)]
        return [self.step, self.picoseconds, *energies, *outer, *self.cell.ravel(), *self.smallest]


def columns(pairs: Sequence[str]) -> tuple[str, ...]:
    """Heads of the log; pairs as `distances.pair_names`."""
    energies = ("temperature_K", "potential_eV", "kinetic_eV", "conserved_eV", "pressure_GPa", "volume_A3")
    return ("step", "time_ps", *energies, *_CELL, *(f"smallest_{name}_A" for name in pairs))


def measured(
    step: int,
    timestep: float,
    masses: PerAtom,
    n_dof: int,
    velocities: Float[Floats, "3 N"],
    energy: float,
    virial: Float[Floats, "3 3"],
    cell: Cell,
    bath_work: float,
    outer_pressure: float | None,
    smallest: Float[Floats, " species_pairs"],
    periodic: bool,
) -> Moment:
    """A moment of the dynamics. virial = dE/dε, eV; outer_pressure in eV/Å³ where
    there is a barostat; bath_work: the energy that thermostat and barostat have given, eV.
    """
    kinetic = 0.5 * float((masses * velocities**2).sum())
    volume = float(abs(np.linalg.det(cell))) if periodic else None
    conserved = energy + kinetic - bath_work
    pressure = None
    if volume is not None:
        pressure = (2 * kinetic - float(np.trace(virial))) / (3 * volume) / units.GPa
        conserved += (outer_pressure or 0.0) * volume
    return Moment(
        step=step,
        picoseconds=step * timestep / 1000,
        temperature=2 * kinetic / (n_dof * units.kB),
        potential=energy,
        kinetic=kinetic,
        conserved=conserved,
        pressure=pressure,
        volume=volume,
        cell=cell,
        smallest=smallest,
    )
