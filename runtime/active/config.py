"""The configuration of active learning: formula, first data, dynamics, choice, labels, when to stop.

spec = "llzo.pes"
data = ["first.xyz"]
[explore]
structures = ["cell.xyz"]
temperatures = [600, 1000]
[md]
steps = 20000
[label]
calculator = "runs/nep_std"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from ..dynamics.settings import MDSettings
from ..files.settings import Section, option, read_toml, validated, with_flags
from ..residuals.config import FitConfig

_OURS = ("temperature", "temperature_end", "seed", "trajectory", "velocities")


class ExploreConfig(Section):
    """Where dynamics begin, and how hot: at each temperature (K) so many runs, of seeds and structures that
    change from run to run and from round to round. structures: files; those that were trained on first, where
    not given.
    """

    structures: list[str] = Field(default_factory=list)
    temperatures: list[float] = Field(min_length=1)
    runs: int = Field(2, ge=1, le=1000)

    @field_validator("temperatures")
    @classmethod
    def _warm(cls, temperatures: list[float]) -> list[float]:
        if min(temperatures) <= 0:
            raise ValueError("a temperature is above 0 K")
        return temperatures


class SelectConfig(Section):
    """The selection of structures to label. `docs/active.md` defines grade and distance.

    core: structures with atoms nearer than this share of the sum of their covalent radii are unphysical.
    pool: frames that are looked at in a round.
    """

    by: Literal["auto", "fisher", "d-optimality"] = "auto"
    most: int = Field(10, ge=1)
    grade: float = Field(1.5, gt=0)
    distance: float = Field(0.5, ge=0)
    core: float = Field(0.5, gt=0, lt=1)
    pool: int = Field(500, ge=1)


class LabelConfig(Section):
    """Who labels: a calculator of ASE by its name (`emt`), `module:Class` of an installed package, or the
    folder of a run; other code with `--allow-code`.

    max_force: structures with a larger force (eV/Å) are not trained on.
    """

    calculator: str
    arguments: dict[str, object] = Field(default_factory=dict)
    max_force: float = Field(100.0, gt=0)


class StopConfig(Section):
    """After so many rounds, or where failures and new structures of a round are no more than these."""

    rounds: int = option(10, "Rounds at most.", ge=1)
    failure_ratio: float = Field(0.0, ge=0, le=1)
    new_structures: int = Field(0, ge=0)


class ActiveConfig(Section):
    """All that active learning depends on. Files are beside this one. begin: a run to take numbers from."""

    spec: str
    data: list[str] = Field(min_length=1)
    begin: str | None = None
    seed: int = Field(0, ge=0)
    explore: ExploreConfig
    md: MDSettings = Field(default_factory=lambda: MDSettings.model_validate({}))
    select: SelectConfig = Field(default_factory=lambda: SelectConfig.model_validate({}))
    label: LabelConfig
    fit: FitConfig = Field(default_factory=lambda: FitConfig.model_validate({}))
    stop: StopConfig = Field(default_factory=lambda: StopConfig.model_validate({}))

    @field_validator("md")
    @classmethod
    def _not_ours(cls, md: MDSettings) -> MDSettings:
        for name in _OURS:
            if name in md.model_fields_set:
                raise ValueError(f"`{name}` is set by [explore], run by run")
        return md

    def depends_on(self) -> dict[str, object]:
        """The settings that the results of a round depend on: all but limits of rounds, time and memory."""
        found = self.model_dump(mode="json") | {"fit": self.fit.flat()}
        del found["stop"]
        found["md"] = {**self.md.depends_on(), "steps": self.md.steps}
        for name in ("time_limit", "memory_mb"):
            del found["fit"][name]
        return found


def load_active(path: Path, flags: Mapping[str, object] | None = None) -> ActiveConfig:
    """The configuration of a file, with flags (dotted names; None is not given) over it.

    Raises ConfigError: missing-file, bad-toml, unknown-key, bad-value.
    """
    return validated(ActiveConfig, with_flags(read_toml(path), flags), str(path))
