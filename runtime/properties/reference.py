"""Reference values of properties, as tables of the configuration."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from ..files.settings import Section


class Reference(Section):
    """The reference of a property. tolerance, min and max are in `unit`; `guard` makes them a guard.

    weight: its share among several, for who optimises.
    """

    property: str
    value: float | None = None
    unit: str = ""
    source: str = ""
    tolerance: float | None = Field(None, gt=0)
    min: float | None = None
    max: float | None = None
    weight: float = Field(1.0, ge=0)
    guard: bool = False

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
