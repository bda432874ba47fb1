"""Options of the functions, with their types, so that a type checker knows them by name.

They are the keys of `run.toml`, whose classes say the meaning, the default and the bounds of each; a test
holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Literal, TypedDict

from ..files.plain_data import Data, ReadData


class FileOptions(TypedDict, total=False):
    """The kind of data files, as `data.config.FileConfig`."""

    format: str | None
    types: str | None


class LabelOptions(FileOptions, total=False):
    """Keys, units and signs of labels, as `data.config.DataConfig`."""

    energy_key: str
    forces_key: str
    use_forces: bool
    stress_key: str
    use_stress: bool
    virial_key: str | None
    stress_unit: str
    stress_sign: Literal["tension", "compression"]
    virial_sign: Literal["minus", "plus"]
    config_type_key: str
    weight_key: str | None
    skip_bad: bool


class DataOptions(LabelOptions, total=False):
    """Labels and the choice of the test structures, as `data.config.DataConfig`."""

    test: str | float | None


class WeightOptions(TypedDict, total=False):
    """Standard deviations of labels in eV/atom, eV/Å and GPa, as `residuals.config.WeightsConfig`."""

    sigma_energy: float
    sigma_forces: float
    sigma_stress: float
    config_type: dict[str, float]


class SearchOptions(TypedDict, total=False):
    """The search of a fit, as `residuals.config.FitConfig`."""

    method: str
    starts: int
    seed: int
    time_limit: float | None
    max_iterations: int | None
    tolerance: float
    held_out: float
    ridge: float | None
    memory_mb: float
    reference_energies: bool
    target: Literal["auto", "cpp", "xla"]
    precision: Literal["float64", "float32"] | None


class FitOptions(DataOptions, SearchOptions, total=False):
    """All options of a fit."""

    weights: WeightOptions


class BudgetOptions(TypedDict, total=False):
    """The budget of a design, as `design.config.Budget`."""

    time_limit: float | None
    fits: int | None
    workers: int


class DesignOptions(DataOptions, BudgetOptions, total=False):
    """All options of a design beside its configuration file."""


_DATA = DataOptions.__optional_keys__


def data_options(options: ReadData) -> Data:
    """The options of labels among these, for `DataConfig`."""
    found = {name: value for name, value in options.items() if name in _DATA}
    if isinstance(found.get("test"), Real):
        found["test"] = repr(float(found["test"]))  # NumPy's numbers have another repr
    return found


def flags(options: ReadData, others: str = "") -> Data:
    """The options under their keys in the configuration: `data.test`. others: the section of the rest."""
    labels = data_options(options)
    rest = {f"{others}{name}": value for name, value in options.items() if name not in labels}
    weights = rest.pop("weights", {}) if not others and isinstance(rest.get("weights"), Mapping) else {}
    within = {f"weights.{name}": value for name, value in weights.items()}
    return {f"data.{name}": value for name, value in labels.items()} | rest | within


def by_name(given: ReadData) -> Data:
    """Flags as options: `data.test` as `test`."""
    return {name.rpartition(".")[2]: value for name, value in given.items()}
