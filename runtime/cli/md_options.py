"""The options of `potentia md` that stand for its settings."""

from __future__ import annotations

from .options import setting

STEPS = (
    setting("steps", int, "--steps", "How many. [10000]"),
    setting("timestep", float, "--timestep", "[1]", "FS"),
    setting("ensemble", str, "--ensemble", "nve, nvt or npt. [nvt]"),
    setting("velocities", str, "--velocities", "drawn at the temperature, or structure. [drawn]"),
    setting("seed", int, "--seed", "Of velocities, thermostat and barostat. [0]"),
    setting("precision", str, "--precision", "Of the forces: float64 or float32. [float64]"),
    setting("skin", float, "--skin", "Of the neighbour lists. [0.3, more for fast atoms]", "Å"),
)
BATH = (
    setting("temperature", float, "--temperature", "[300]", "K"),
    setting("temperature_end", float, "--temperature-end", "A ramp, linear in time, to it.", "K"),
    setting("thermostat", str, "--thermostat", "bussi, langevin or nose-hoover. [bussi]"),
    setting("tau", float, "--tau", "Its time. [100]", "FS"),
)
CELL = (
    setting("pressure", float, "--pressure", "[0]", "GPA"),
    setting("barostat", str, "--barostat", "isotropic, anisotropic (along x, y, z) or full. [isotropic]"),
    setting("tau_pressure", float, "--tau-pressure", "The time of the barostat. [1000]", "FS"),
    setting("bulk_modulus", float, "--bulk-modulus", "About; sets how fast the cell follows. [100]", "GPA"),
)
WRITTEN = (
    setting("log_every", int, "--log-every", "[100]", "STEPS"),
    setting("write_every", int, "--write-every", "[1000]", "STEPS"),
    setting("save_every", int, "--save-every", "[10000]", "STEPS"),
    setting("trajectory", str, "--trajectory", "[trajectory.xyz]", "NAME.xyz|NAME.traj"),
)
GUARDS = (
    setting(
        "min_distance", float, "--min-distance", "Stop below it, in sums of covalent radii. [0.4]", "FRACTION"
    ),
    setting("max_temperature", float, "--max-temperature", "Stop above it. [5 times the wanted]", "K"),
)
