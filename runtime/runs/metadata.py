"""The metadata of a run: all of it but the formula and the parameters."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from .formats import FORMAT, SPEC
from .lineage import Step, errors
from ..files.plain_data import Data


class ParameterEntry(BaseModel):
    """A parameter: its unit, start, bounds, and the coefficients that were trained."""

    model_config = ConfigDict(extra="forbid")

    name: str
    unit: str
    size: int
    lower: list[float | None]
    upper: list[float | None]
    free: list[bool]


class ScaleEntry(BaseModel):
    """As `ScaleData` of a calibration."""

    model_config = ConfigDict(extra="forbid")

    floor: float
    factor: float
    errors: int


class CalibrationEntry(BaseModel):
    """Of predicted deviations, as `Calibration.as_dict` has it."""

    model_config = ConfigDict(extra="forbid")

    energy: ScaleEntry
    forces: ScaleEntry


class Metadata(BaseModel):
    """All of a run but its formula and parameters. Errors have the form of `Metrics.as_dict`."""

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    language: int = Field(1, ge=1)  # of the spec; runs before they said it are of the first
    potentia: str
    created: str
    species: list[str]
    n_parameters: int
    parameters: list[ParameterEntry]
    digests: dict[str, str]
    train: dict[str, object] | None = None
    test: dict[str, object] | None = None
    config: Data = Field(default_factory=dict)
    data: dict[str, str] = Field(default_factory=dict)
    labels: str = ""
    warnings: list[str] = Field(default_factory=list)
    converged: bool | None = None
    reason: str = ""
    origin: str = ""
    lineage: list[Step] = Field(
        default_factory=list
    )  # of the models that this one was made from, oldest first
    calibration: CalibrationEntry | None = None

    @field_validator("train", "test")
    @classmethod
    def _are_numbers(cls, metrics: dict[str, object] | None) -> dict[str, object] | None:
        errors(metrics)
        return metrics

    @property
    def history(self) -> list[Step]:
        """The lineage and this run's own step, the last."""
        own = Step(
            origin=self.origin,
            created=self.created,
            potentia=self.potentia,
            n_parameters=self.n_parameters,
            spec=self.digests.get(SPEC, ""),
            data=self.data,
            train=errors(self.train),
            test=errors(self.test),
        )
        return [*self.lineage, own]
