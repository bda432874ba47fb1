"""The settings as numbers on the device, and the first state."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from ase import units

from ..structures.arrays import Velocities
from ..structures.structure import Structure
from .checks import distance_limits
from .integrator import FINE, USED, Conditions, Form, Motion
from .pruning import Room
from .settings import MDSettings
from .thermostat import CHAIN
from .velocities import at_rest, count_dof, drawn

_HOTTEST = 5.0  # times the temperature asked for, with room for the fluctuations of few atoms
_THIN = 0.3  # Å; measured on Li7La3Zr2O12 at 1400 K and 1 fs (docs/benchmarks.md)
_FASTEST = 12.0  # √(kT/m) of the lightest: two atoms of six times that in a step, which hardly any is
_ALWAYS_HOT = 5000.0  # K: no guard below this unless it is asked for


def form_of(settings: MDSettings, room: Room) -> Form:
    """The form of the step that has to be compiled."""
    return Form(
        "none" if settings.ensemble == "nve" else settings.thermostat,
        settings.barostat if settings.ensemble == "npt" else "none",
        room,
    )


def skin_of(structure: Structure, settings: MDSettings, velocities: Velocities) -> float:
    """The skin of the lists, Å: that of the settings, or enough for the fastest atoms."""
    if settings.skin is not None:
        return settings.skin
    masses = structure.masses
    own = float((masses[:, None] * velocities**2).sum()) / (3 * structure.n_atoms * units.kB)
    spread = np.sqrt(units.kB * max(*settings.temperatures, own) / masses.min())
    return max(_THIN, _FASTEST * settings.timestep * units.fs * float(spread))


def first_velocities(structure: Structure, settings: MDSettings, given: Velocities | None) -> Velocities:
    """Drawn or given, without total momentum; frozen atoms have none."""
    masses = structure.masses
    if settings.velocities == "drawn" or given is None:
        return drawn(structure, masses, settings)
    return at_rest(np.asarray(given, dtype=np.float64), masses, structure.frozen)


def conditions(
    structure: Structure, present: Sequence[str], settings: MDSettings, velocities: Velocities
) -> Conditions:
    """All that stays as it is. velocities: the first ones, whose temperature nve keeps to."""
    masses = structure.masses
    n_dof = count_dof(structure, masses, settings)
    first, last = settings.temperatures
    now = float((masses[:, None] * velocities**2).sum()) / (n_dof * units.kB)
    hottest = settings.max_temperature or _hottest(max(first, last, now), n_dof)
    return Conditions(
        dt=jnp.asarray(settings.timestep * units.fs),
        tau=jnp.asarray(settings.tau * units.fs),
        rate=jnp.asarray(1 / (settings.bulk_modulus * units.GPa * settings.tau_pressure * units.fs)),
        kT=jnp.asarray([first * units.kB, last * units.kB]),
        ramp=jnp.asarray(float(settings.steps)),
        pressure=jnp.asarray(settings.pressure * units.GPa),
        masses=jnp.asarray(masses),
        n_dof=jnp.asarray(float(n_dof)),
        key=jax.random.key(settings.seed),
        limits=jnp.asarray(distance_limits(tuple(present), settings)),
        most=jnp.asarray(hottest * n_dof * units.kB / 2),
        frozen=None if structure.frozen is None else jnp.asarray(structure.frozen.T),
    )


def first_motion(structure: Structure, velocities: Velocities, n_pairs: int, n_lists: int) -> Motion:
    """The state before the first forces. n_pairs: of species; n_lists: that the device makes."""
    return Motion(
        step=jnp.asarray(0),
        x=jnp.asarray(structure.positions.T),
        v=jnp.asarray(velocities.T),
        f=jnp.zeros((3, structure.n_atoms)),
        energy=jnp.asarray(0.0),
        virial=jnp.zeros((3, 3)),
        cell=jnp.asarray(structure.cell),
        deformed=jnp.eye(3),
        bath_work=jnp.asarray(0.0),
        chain=jnp.zeros(CHAIN),
        closest=jnp.full(n_pairs, jnp.inf),
        started=jnp.asarray(False),
        verdict=jnp.asarray(FINE),
        lists=jnp.asarray(USED),
        needed=jnp.zeros(n_lists, jnp.int32),
    )


def _hottest(wanted: float, n_dof: int) -> float:
    """Four standard deviations of the temperature of so few atoms are allowed for."""
    return max(_HOTTEST * wanted * (1 + 4 * (2 / n_dof) ** 0.5), _ALWAYS_HOT)
