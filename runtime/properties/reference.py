"""Reference values of properties, as tables of the configuration."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from ..files.settings import Section


class Reference(Section):
    """The reference of a property."""

    property: str = Field(description="Name of the property.")
    value: float | None = Field(None, description="Reference value.")
    unit: str = Field("", description="Unit of the values.")
    source: str = Field("", description="Where the value is from.")
    tolerance: float | None = Field(
        None, gt=0, description="Difference from the value that is allowed, in `unit`."
    )
    min: float | None = Field(None, description="Least value that is allowed, in `unit`.")
    max: float | None = Field(None, description="Largest value that is allowed, in `unit`.")
    weight: float = Field(1.0, ge=0, description="Share among several references.")
    guard: bool = Field(False, description="Whether a model that breaks it is refused.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.value is None and self.min is None and self.max is None:
            raise ValueError(f"the reference of `{self.property}` has neither `value` nor `min` nor `max`")
        if self.tolerance is not None and self.value is None:
            raise ValueError(f"the reference of `{self.property}` has a `tolerance` and no `value`")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"the reference of `{self.property}` has a `min` above its `max`")
        if self.guard and not self.decides():
            raise ValueError(f"the guard `{self.property}` needs a `tolerance`, `min` or `max`")
        return self

    def decides(self) -> bool:
        """Whether it draws a line between good and bad."""
        return self.tolerance is not None or self.min is not None or self.max is not None

    def scaled(self, factor: float, unit: str) -> Reference:
        """The same in another unit."""
        given = {k: getattr(self, k) for k in ("value", "tolerance", "min", "max")}
        return self.model_copy(
            update={"unit": unit, **{k: None if v is None else v * factor for k, v in given.items()}}
        )
