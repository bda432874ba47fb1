"""The settings of a molecular dynamics run; every fault of them is a diagnostic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import model_validator

from ..files.settings import Section, option, validated

_LONGEST_STEP = 50.0  # fs; a fifth of the period of the heaviest atom is less
_SHARPEST = 10.0  # of the changes of a thermostat: its time has at least so many steps


class MDSettings(Section):
    """All that a run depends on besides the potential and the structure. Times in fs, pressure in GPa.

    `temperature` is that of the thermostat and of the first velocities; with `temperature_end` it moves
    linearly to that in `steps`. Every `log_every` steps a row of the log is written, every `write_every` a
    frame, every `save_every` a state to go on from. `velocities`: drawn from `seed`, or those of the file.
    """

    steps: int = option(10_000, "Number of steps.", ge=1)
    timestep: float = option(1.0, "Time step.", metavar="FS", gt=0)
    ensemble: Literal["nve", "nvt", "npt"] = option("nvt", "Ensemble: nve, nvt or npt.")
    velocities: Literal["drawn", "structure"] = option(
        "drawn", "First velocities: drawn at the temperature, or those of the structure."
    )
    seed: int = option(0, "Seed of velocities, thermostat and barostat.", ge=0, lt=2**32)
    precision: Literal["float64", "float32"] = option(
        "float64", "Precision of the forces: float64 or float32."
    )
    target: Literal["auto", "cpp", "xla"] = option(
        "auto", "Who evaluates the model: cpp, xla, or auto (cpp where a compiler works, else xla)."
    )
    skin: float | None = option(
        None, "Skin of the neighbour lists.", metavar="Å", shown="0.3, more for fast atoms", gt=0, le=5
    )
    temperature: float = option(300.0, "Temperature.", metavar="K", ge=0)
    temperature_end: float | None = option(
        None, "Temperature at the end of a ramp that is linear in time.", metavar="K", ge=0
    )
    thermostat: Literal["bussi", "langevin", "nose-hoover"] = option(
        "bussi", "Thermostat: bussi, langevin or nose-hoover."
    )
    tau: float = option(100.0, "Relaxation time of the thermostat.", metavar="FS", gt=0)
    pressure: float = option(0.0, "Pressure of the barostat.", metavar="GPA")
    barostat: Literal["isotropic", "anisotropic", "full"] = option(
        "isotropic", "Strains of the barostat: isotropic, anisotropic (along x, y, z) or full."
    )
    tau_pressure: float = option(1000.0, "Relaxation time of the barostat.", metavar="FS", gt=0)
    # an estimate: it does not set where the cell goes
    bulk_modulus: float = option(
        100.0, "Approximate bulk modulus; it sets the rate of the barostat.", metavar="GPA", gt=0
    )
    log_every: int = option(100, "Steps between rows of the log.", metavar="STEPS", ge=1)
    write_every: int = option(1000, "Steps between frames of the trajectory.", metavar="STEPS", ge=1)
    save_every: int = option(
        10_000, "Steps between states that a run can resume from.", metavar="STEPS", ge=1
    )
    trajectory: str = option("trajectory.xyz", "File of the trajectory.", metavar="NAME.xyz|NAME.traj")
    min_distance: float = option(
        0.4, "Distance below which the run stops, in sums of covalent radii.", metavar="FRACTION", ge=0, lt=1
    )
    max_temperature: float | None = option(
        None, "Temperature above which the run stops.", metavar="K", shown="5 times the wanted", gt=0
    )

    @model_validator(mode="after")
    def _together(self) -> MDSettings:
        if self.timestep > _LONGEST_STEP:
            raise ValueError(
                f"`timestep` is {self.timestep:g} fs, too long for the vibrations of any atom: "
                "write 1 to 5, or 0.5 with hydrogen"
            )
        if self.ensemble != "nve":
            _long_enough("tau", self.tau, self.timestep)
        if self.ensemble == "npt":
            _long_enough("tau_pressure", self.tau_pressure, self.timestep)
        if self.ensemble == "nve" and self.temperature_end is not None:
            raise ValueError("`temperature_end` is for nvt and npt: nothing holds the temperature in nve")
        if self.ensemble != "nve" and not min(self.temperature, self._end) > 0:
            raise ValueError("a thermostat has a temperature above 0 K")
        if not self.trajectory.endswith((".xyz", ".extxyz", ".traj")) or "/" in self.trajectory:
            raise ValueError(f"`trajectory` is the name of a file .xyz or .traj, not `{self.trajectory}`")
        return self

    @property
    def _end(self) -> float:
        return self.temperature if self.temperature_end is None else self.temperature_end

    @property
    def temperatures(self) -> tuple[float, float]:
        """Of the first and of the last step, in K."""
        return self.temperature, self._end

    def depends_on(self) -> dict[str, object]:
        """The settings that the bits of a trajectory depend on: `steps` only in a ramp, `target` once it is
        chosen.
        """
        found = self.model_dump(mode="json")
        if self.target == "auto":
            del found["target"]
        if self.temperature_end is None:
            del found["steps"]
        return found


def md_settings(values: Mapping[str, object]) -> MDSettings:
    """Settings of given values. Raises ConfigError, one diagnostic for each fault: unknown-key, bad-value."""
    return validated(MDSettings, values, None)


def _long_enough(name: str, tau: float, timestep: float) -> None:
    least = _SHARPEST * timestep
    if tau < least:
        raise ValueError(
            f"`{name}` is {tau:g} fs, shorter than {_SHARPEST:g} steps of {timestep:g} fs: "
            f"write {least:g} or more"
        )
