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
from ..files.settings import Section, one_of, read_toml, validated, with_flags
from ..optimize.methods import AUTO, method_names


class WeightsConfig(Section):
    """What counts as an error of one, of each kind of label; factors on the weight of config types.

    sigma_energy in eV/atom, sigma_forces in eV/Å, sigma_stress in GPa. A row's weight is 1/σ².
    """

    sigma_energy: float = Field(0.001, gt=0)
    sigma_forces: float = Field(0.1, gt=0)
    sigma_stress: float = Field(1.5, gt=0)
    config_type: dict[str, float] = Field(default_factory=dict)


class FitConfig(Section):
    """All that a fit depends on besides the spec and the data."""

    data: DataConfig = DataConfig()
    weights: WeightsConfig = Field(default_factory=lambda: WeightsConfig.model_validate({}))
    method: Annotated[str, one_of(method_names())] = AUTO
    max_iterations: int | None = Field(None, ge=1)
    time_limit: float | None = Field(None, gt=0)  # seconds
    tolerance: float = Field(1e-3, gt=0, lt=1)  # a step that lowers the loss by a smaller share is the last
    starts: int = Field(1, ge=1)
    seed: int = Field(0, ge=0)
    memory_mb: float = Field(1000.0, ge=50)  # what batches and their derivatives may take
    precision: Literal["float64", "float32"] | None = None  # float64 of least squares, float32 of trainings
    # on parameters in units of their size; none given: 0.1 of the quasi-Newton method, else 0
    ridge: float | None = Field(None, ge=0)
    held_out: float = Field(0.1, ge=0, lt=1)  # share of the structures that judges the quasi-Newton method
    reference_energies: bool = True  # one energy a species, added to the formula where it has none

    def flat(self) -> dict[str, object]:
        """Plain data, for files and fingerprints."""
        return self.model_dump(mode="json")


def load_config(path: Path | str | None = None, flags: Mapping[str, object] | None = None) -> FitConfig:
    """The configuration of a TOML file, with flags over it. Flags have dotted names; None is not given.

    Raises ConfigError with one diagnostic for each fault: missing-file, bad-toml, unknown-key, bad-value.
    """
    content = read_toml(Path(path)) if path is not None else {}
    return validated(FitConfig, with_flags(content, flags), str(path) if path is not None else None)
