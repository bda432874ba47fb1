"""The history of a potential: steps, models, data, and the errors after each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ..files.plain_data import ReadData

_ERRORS = ("energy_rmse_ev_per_atom", "forces_rmse_ev_per_ang", "stress_rmse_gpa")


class Step(BaseModel):
    """One step. origin: in words. spec: digest of the formula as it was afterwards. data: digests by file.

    train, test: RMSE in eV/atom, eV/Å and GPa.
    """

    model_config = ConfigDict(extra="forbid")

    origin: str
    created: str = ""
    potentia: str = ""
    n_parameters: int | None = None
    spec: str = ""
    data: dict[str, str] = Field(default_factory=dict)
    train: dict[str, float] | None = None
    test: dict[str, float] | None = None


def errors(metrics: ReadData | None) -> dict[str, float] | None:
    """The RMSE of `Metrics.as_dict`, where there are any. Raises ValueError where one is no number."""
    if metrics is None:
        return None
    found = {key: metrics[key] for key in _ERRORS if metrics.get(key) is not None}
    for key, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{key} is no number")
    return found
