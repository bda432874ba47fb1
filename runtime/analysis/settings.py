"""The settings of an analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from ..files.settings import Section, option, validated


class AnalysisSettings(Section):
    """Times in ps, lengths in Å.

    skip: the time left out at the beginning, in ps; skip_share: the same as a share of the frames. stride:
    one frame of so many is looked at; atoms are followed through all of them. interval: between two frames of
    the file; timestep in fs: of `step` in the file; time_unit: of `time` in the file. core: the share of the
    sum of two covalent radii within which atoms have clustered. lags: where the slope of the MSD is taken; a
    tenth to half of a block where not given.
    """

    skip: float = Field(0.0, ge=0)
    skip_share: float = Field(0.0, ge=0, lt=1)
    stride: int = option(1, "Frames from one that is read to the next: 10 reads every tenth.", ge=1)
    interval: float | None = option(None, "Time between two frames.", metavar="PS", gt=0)
    timestep: float | None = option(None, "Time of a `step` of the file.", metavar="FS", gt=0)
    time_unit: Literal["ps", "fs"] | None = option(
        None, "Unit of `time` in the file: fs or ps.", metavar="UNIT"
    )
    r_max: float = option(8.0, "Largest distance of g(r).", metavar="Å", gt=0.1, le=30)
    width: float = option(0.05, "Width of a bin of g(r).", metavar="Å", gt=0.001, le=0.5)
    core: float = option(
        0.5,
        "Distance below which atoms have clustered, in sums of covalent radii.",
        metavar="SHARE",
        gt=0,
        lt=1,
    )
    blocks: int = option(5, "Number of time blocks for the error of D.", ge=2, le=100)
    windows: int = option(10, "Number of time windows for the cell.", ge=1, le=1000)
    lags: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.interval is not None and self.timestep is not None:
            raise ValueError("either an interval or a time step gives the time, not both")
        if self.lags is not None and not 0 < self.lags[0] < self.lags[1]:
            raise ValueError("the lags of the slope are two times, the first smaller")
        return self


def analysis_settings(given: Mapping[str, object]) -> AnalysisSettings:
    """Settings from the given values; None is not given. Raises ConfigError `bad-value`."""
    return validated(AnalysisSettings, {k: v for k, v in given.items() if v is not None}, None)
