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
    """The dynamics of a round. Seeds and structures change from run to run and from round to round."""

    structures: list[str] = Field(
        default_factory=list,
        description="Files of structures that dynamics begin with; the first data, where not given.",
    )
    temperatures: list[float] = Field(min_length=1, description="Temperatures, K.")
    runs: int = Field(2, ge=1, le=1000, description="Number of runs at each temperature.")

    @field_validator("temperatures")
    @classmethod
    def _warm(cls, temperatures: list[float]) -> list[float]:
        if min(temperatures) <= 0:
            raise ValueError("a temperature is above 0 K")
        return temperatures


class SelectConfig(Section):
    """The selection of structures to label. `docs/active.md` defines grade and distance."""

    by: Literal["auto", "fisher", "d-optimality"] = Field("auto", description="Measure of novelty.")
    most: int = Field(10, ge=1, description="Number of structures labelled in a round.")
    grade: float = Field(1.5, gt=0, description="Grade above which a frame is uncertain.")
    distance: float = Field(
        0.5,
        ge=0,
        description="Typical distances from all structures trained on at which a frame is new.",
    )
    core: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Share of the sum of covalent radii below which a structure is unphysical.",
    )
    pool: int = Field(500, ge=1, description="Number of frames looked at in a round.")


class LabelConfig(Section):
    """The calculator that labels."""

    calculator: str = Field(
        description="Calculator of ASE (`emt`), `module:Class` of a package, or folder of a run."
    )
    arguments: dict[str, object] = Field(default_factory=dict, description="Arguments of the calculator.")
    max_force: float = Field(
        100.0, gt=0, description="Force above which a structure is not trained on, eV/Å."
    )


class StopConfig(Section):
    """After so many rounds, or where failures and new structures of a round are no more than these."""

    rounds: int = option(10, "Rounds at most.", ge=1)
    failure_ratio: float = Field(
        0.0, ge=0, le=1, description="Share of failed trajectories that is no reason to go on."
    )
    new_structures: int = Field(0, ge=0, description="Number of new structures that is no reason to go on.")


class ActiveConfig(Section):
    """All that active learning depends on. Files are beside this one."""

    spec: str = Field(description="Spec file.")
    data: list[str] = Field(min_length=1, description="Files of labelled structures to begin with.")
    begin: str | None = Field(None, description="Run whose parameters the first fit begins with.")
    seed: int = Field(0, ge=0, description="Seed of all that is drawn.")
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
