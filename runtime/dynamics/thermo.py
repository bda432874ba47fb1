"""What the log says of a moment. NumPy, no jax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import units

from ..structures.structure import Floats

_CELL = tuple(f"cell_{vector}{axis}" for vector, axis in product("abc", "xyz"))


@dataclass(frozen=True)
class Moment:
    """Energies in eV, temperature in K, pressure in GPa (compression positive), volume in Å³; both None
    without three periodic directions. smallest (P,): distances of pairs of species, Å, infinite where none
    met. conserved: what an exact integration would keep, energies given by thermostat and barostat taken off.
    """

    step: int
    picoseconds: float
    temperature: float
    potential: float
    kinetic: float
    conserved: float
    pressure: float | None
    volume: float | None
    cell: Floats
    smallest: Floats

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
    masses: Floats,
    freedom: int,
    velocities: Floats,
    energy: float,
    virial: Floats,
    cell: Floats,
    heat: float,
    outer_pressure: float | None,
    smallest: Floats,
    periodic: bool,
) -> Moment:
    """A moment of the dynamics. velocities (3, N); virial = dE/dε (3, 3) eV; outer_pressure in eV/Å³ where
    there is a barostat; heat: the energy that thermostat and barostat have given, eV.
    """
    kinetic = 0.5 * float((masses * velocities**2).sum())
    volume = float(abs(np.linalg.det(cell))) if periodic else None
    conserved = energy + kinetic - heat
    pressure = None
    if volume is not None:
        pressure = (2 * kinetic - float(np.trace(virial))) / (3 * volume) / units.GPa
        conserved += (outer_pressure or 0.0) * volume
    return Moment(
        step=step,
        picoseconds=step * timestep / 1000,
        temperature=2 * kinetic / (freedom * units.kB),
        potential=energy,
        kinetic=kinetic,
        conserved=conserved,
        pressure=pressure,
        volume=volume,
        cell=cell,
        smallest=smallest,
    )
