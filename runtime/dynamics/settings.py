"""The settings of a molecular dynamics run; every fault of them is a diagnostic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from ..files.settings import Section, validated

_SHARPEST = 10.0  # of the changes of a thermostat: its time has at least so many steps


class MDSettings(Section):
    """All that a run depends on besides the potential and the structure. Times in fs, pressure in GPa.

    `temperature` is that of the thermostat and of the first velocities; with `temperature_end` it moves
    linearly to that in `steps`. Every `log_every` steps a row of the log is written, every `write_every` a
    frame, every `save_every` a state to go on from. `velocities`: drawn from `seed`, or those of the file.
    """

    ensemble: Literal["nve", "nvt", "npt"] = "nvt"
    thermostat: Literal["bussi", "langevin", "nose-hoover"] = "bussi"
    barostat: Literal["isotropic", "anisotropic", "full"] = "isotropic"
    steps: int = Field(10_000, ge=1)
    timestep: float = Field(1.0, gt=0)
    temperature: float = Field(300.0, ge=0)
    temperature_end: float | None = Field(None, ge=0)
    tau: float = Field(100.0, gt=0)
    pressure: float = 0.0
    tau_pressure: float = Field(1000.0, gt=0)
    bulk_modulus: float = Field(100.0, gt=0)  # an estimate: it sets how fast the cell follows, not where to
    velocities: Literal["drawn", "structure"] = "drawn"
    seed: int = Field(0, ge=0, lt=2**32)
    log_every: int = Field(100, ge=1)
    write_every: int = Field(1000, ge=1)
    save_every: int = Field(10_000, ge=1)
    trajectory: str = "trajectory.xyz"  # or `.traj` of ASE
    precision: Literal["float64", "float32"] = "float64"
    skin: float | None = Field(None, gt=0, le=5)  # Å; None: as thick as the fastest atoms need
    min_distance: float = Field(0.4, ge=0, lt=1)  # of the sum of covalent radii; 0 lets atoms meet
    max_temperature: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _together(self) -> MDSettings:
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
        """What the bits of a trajectory depend on: all but the number of steps, where nothing is ramped."""
        found = self.model_dump(mode="json")
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
