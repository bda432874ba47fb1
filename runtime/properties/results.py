"""The results of measurements, and their comparison with references."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypedDict

from jaxtyping import Float

from ..files.plain_data import Data
from ..structures.arrays import Floats, Theta
from .reference import Reference


class Unmeasured(Exception):
    """A property has no value here; the text is the reason. It becomes a failed result, never a crash."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number with its derivatives with respect to all parameters; None where nobody asked for them.

    note: what σ leaves out, in words.
    error: what steps, grids and cells leave of it at most; σ holds it too.
    """

    value: float
    gradient: Theta | None = None
    note: str = ""
    error: float = 0.0

    def __add__(self, other: Estimate) -> Estimate:
        gradient, error = _sum(self.gradient, other.gradient), self.error + other.error
        return Estimate(self.value + other.value, gradient, self.note or other.note, error)

    def __sub__(self, other: Estimate) -> Estimate:
        return self + other * -1.0

    def __mul__(self, factor: float) -> Estimate:
        gradient = None if self.gradient is None else factor * self.gradient
        return Estimate(factor * self.value, gradient, self.note, abs(factor) * self.error)

    def off(self, error: float) -> Estimate:
        """The same with so much more error."""
        return replace(self, error=self.error + abs(error))

    def over(self, other: Estimate) -> Estimate:
        """The quotient."""
        value = self.value / other.value
        part = (self + other * -value) * (1.0 / other.value)  # d(a/b) = (da − a/b db)/b
        return Estimate(value, part.gradient, part.note, part.error)


def _sum(a: Floats | None, b: Floats | None) -> Floats | None:
    return None if a is None or b is None else a + b


def broken_guards(results: Iterable[PropertyResult]) -> list[str]:
    """Names of the musts that are not met."""
    return [r.name for r in results if r.broken_guard]


def misfit(results: Iterable[PropertyResult]) -> float:
    """½ Σ ((value − reference) / tolerance)² of the properties that have all three."""
    total = 0.0
    for r in results:
        if r.difference is not None and r.reference is not None and r.reference.tolerance:
            total += 0.5 * (r.difference / r.reference.tolerance) ** 2
    return total


class PropertyData(TypedDict):
    """`PropertyResult` as plain data."""

    name: str
    value: float | None
    sigma: float | None
    unit: str
    reference: Data | None  # as `Reference` has it
    difference: float | None
    within: bool | None
    status: str
    reason: str


@dataclass(frozen=True)
class PropertyResult:
    """One property: `value` in `unit`, ± `sigma` where the covariance of the fit is known.

    status `failed` has no value and says why in `reason`; of an `ok` result `reason` is a remark.
    The reference, where there is one, is in the same unit.
    """

    name: str
    value: float | None
    unit: str
    sigma: float | None = None
    reference: Reference | None = None
    status: Literal["ok", "failed"] = "ok"
    reason: str = ""

    @property
    def difference(self) -> float | None:
        """value − reference."""
        wanted = self.reference.value if self.reference else None
        return None if self.value is None or wanted is None else self.value - wanted

    @property
    def within(self) -> bool | None:
        """Whether the value is within the tolerance and bounds of its reference; None where none is set.

        A property that failed is not within.
        """
        r = self.reference
        if r is None or not r.decides():
            return None
        if self.value is None:
            return False
        near = r.value is None or r.tolerance is None or abs(self.value - r.value) <= r.tolerance
        above = r.min is None or self.value >= r.min
        return near and above and (r.max is None or self.value <= r.max)

    @property
    def broken_guard(self) -> bool:
        """Whether this is a must that is not met."""
        return self.reference is not None and self.reference.guard and self.within is False

    def as_dict(self) -> PropertyData:
        """Plain data for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "sigma": self.sigma,
            "unit": self.unit,
            "reference": None if self.reference is None else self.reference.model_dump(mode="json"),
            "difference": self.difference,
            "within": self.within,
            "status": self.status,
            "reason": self.reason,
        }


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of a plot: y over x, in the units of the labels."""

    kind: str  # the name of the family
    name: str
    x: Float[Floats, " n"]
    y: Float[Floats, " n"] | Float[Floats, "n branches"]
    sigma: Float[Floats, " n"] | None = None  # of y, where it is known
    ticks: tuple[tuple[float, str], ...] = ()  # places on the x axis and their names


@dataclass(frozen=True)
class Survey:
    """All results of a measurement, and the curves behind them. structures: digests by name."""

    results: tuple[PropertyResult, ...]
    curves: tuple[Curve, ...] = field(default=())
    structures: dict[str, str] = field(default_factory=dict)
