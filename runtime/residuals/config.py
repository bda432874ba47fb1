"""The configuration of a fit, as a TOML file and as flags; every fault of it is a diagnostic.

seed = 1
[data]
test = "split=test"
stress_unit = "GPa"
[weights]
sigma_energy = 0.001            # eV/atom
config_type = { surface = 4.0 }
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..data.config import DataConfig
from ..files.settings import Section, one_of, option, read_toml, validated, with_flags
from ..optimize.methods import AUTO, method_names


class WeightsConfig(Section):
    """The standard deviations σ of labels, and factors on the weights of config types.

    A residual row has the weight 1/σ².
    """

    sigma_energy: float = Field(0.001, gt=0, description="Standard deviation of an energy, eV/atom.")
    sigma_forces: float = Field(0.1, gt=0, description="Standard deviation of a force, eV/Å.")
    sigma_stress: float = Field(1.5, gt=0, description="Standard deviation of a stress, GPa.")
    config_type: dict[str, float] = Field(
        default_factory=dict, description="Factor on the weights of each config type that is named."
    )


class FitConfig(Section):
    """The configuration of a fit: everything it depends on besides the spec and the data."""

    data: DataConfig = DataConfig()
    weights: WeightsConfig = Field(default_factory=lambda: WeightsConfig.model_validate({}))
    method: Annotated[str, one_of(method_names())] = option(AUTO, f"Optimiser: {', '.join(method_names())}.")
    starts: int = option(1, "Number of starts from drawn values; the best one is kept.", ge=1, le=10_000)
    seed: int = option(0, "Seed of the split and of the starts.", ge=0)
    time_limit: float | None = option(
        None, "Time after which the fit stops, with the best so far.", metavar="SECONDS", gt=0
    )
    max_iterations: int | None = option(None, "Number of iterations after which the fit stops.", ge=1)
    tolerance: float = option(1e-3, "Relative decrease of the loss below which the fit ends.", gt=0, lt=1)
    held_out: float = option(
        0.1, "Share of the structures on which quasi-newton is judged.", metavar="SHARE", ge=0, lt=1
    )
    ridge: float | None = option(
        None,
        "Strength of the prior that draws parameters to 0, in units of their size.",
        shown="0; quasi-newton: 0.1",
        ge=0,
    )
    memory_mb: float = option(
        1000.0, "Memory for a batch and its derivatives.", flag="--memory", metavar="MB", ge=50, le=1e9
    )
    reference_energies: bool = option(
        True, "No reference energy of each species is added.", flag="--no-reference"
    )
    target: Literal["auto", "cpp", "xla"] = option(
        "auto",
        "Who differentiates the model: cpp, xla, or auto (cpp where one compiles).",
        metavar="NAME",
    )
    precision: Literal["float64", "float32"] | None = Field(
        None,
        description="Precision of the kernel; where not given, float32 for trainings alone.",
    )

    def flat(self) -> dict[str, object]:
        """Plain data, for files and fingerprints; without the target where it is left to the machine."""
        return self.model_dump(mode="json", exclude={"target"} if self.target == "auto" else None)


def load_config(path: Path | str | None = None, flags: Mapping[str, object] | None = None) -> FitConfig:
    """The configuration of a TOML file, with flags over it. Flags have dotted names; None is not given.

    Raises ConfigError with one diagnostic for each fault: missing-file, bad-toml, unknown-key, bad-value.
    """
    content = read_toml(Path(path)) if path is not None else {}
    return validated(FitConfig, with_flags(content, flags), str(path) if path is not None else None)
