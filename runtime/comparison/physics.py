"""Predictions of two potentials side by side: errors, properties, curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict, cast

from ..evaluation.errors import ErrorData, evaluate
from ..potential.potential import Potential
from ..properties.results import PropertyData
from ..properties.stored import PROPERTIES, kept
from ..runs.run_folder import FittedPotential
from ..structures.structure import Structure
from .numbers import BEYOND, ROUNDING


@dataclass(frozen=True)
class Errors:
    """Errors on a set of structures as `Metrics.as_dict` has them; None where a run does not know them."""

    name: str
    before: ErrorData | None
    after: ErrorData | None


@dataclass(frozen=True)
class Property:
    """A property of both runs, ± σ where the covariance of the fit gave one."""

    name: str
    unit: str
    before: float
    sigma_before: float | None
    after: float
    sigma_after: float | None

    @property
    def sigmas(self) -> float | None:
        """The change in joint standard deviations."""
        joint = ((self.sigma_before or 0.0) ** 2 + (self.sigma_after or 0.0) ** 2) ** 0.5
        return abs(self.after - self.before) / joint if joint > 0 else None

    @property
    def has_changed(self) -> bool:
        """Whether by more than `BEYOND` joint standard deviations, or at all where none is known."""
        if self.sigmas is not None:
            return self.sigmas > BEYOND
        return abs(self.after - self.before) > ROUNDING * max(abs(self.before), abs(self.after))


@dataclass(frozen=True)
class Physics:
    """errors: stored in the runs, or on given structures. comparable: whether they are on the same data.

    incomparable: properties of both that are of other structures by the same names. of_one: properties that
    only one of the runs keeps a value of.
    """

    errors: tuple[Errors, ...]
    properties: tuple[Property, ...]
    comparable: bool = True
    incomparable: tuple[str, ...] = ()
    of_one: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        rows = [asdict(p) | {"sigmas": p.sigmas} for p in self.properties]
        return {
            "errors": [asdict(e) for e in self.errors],
            "properties": rows,
            "comparable": self.comparable,
            "incomparable": list(self.incomparable),
            "of_one": list(self.of_one),
        }


def stored(a: FittedPotential, b: FittedPotential) -> Physics:
    """The stored results of the runs: errors of train and test, and properties. Nothing is computed."""
    parts = (
        Errors("train", _stored(a.metadata.train), _stored(b.metadata.train)),
        Errors("test", _stored(a.metadata.test), _stored(b.metadata.test)),
    )
    same = sorted(a.metadata.data.values()) == sorted(b.metadata.data.values())
    return Physics(tuple(e for e in parts if e.before or e.after), comparable=same, **_properties(a, b))


def _stored(errors: Mapping[str, object] | None) -> ErrorData | None:
    return cast(ErrorData | None, errors)


def measured(
    name: str,
    a: Potential,
    b: Potential,
    structures: Sequence[Structure],
    on_progress: Callable[[int], None] | None = None,
) -> Errors:
    """Errors of both on the same structures."""
    count = len(structures)
    before = evaluate(a, structures, on_progress)
    after = evaluate(b, structures, None if on_progress is None else lambda done: on_progress(count + done))
    return Errors(name, before.as_dict(), after.as_dict())


class _Properties(TypedDict):
    properties: tuple[Property, ...]
    incomparable: tuple[str, ...]
    of_one: tuple[str, ...]


def _properties(a: FittedPotential, b: FittedPotential) -> _Properties:
    """The properties that both runs keep a value of; names of those of other structures, and of one run."""
    first, second = kept(a.folder / PROPERTIES), kept(b.folder / PROPERTIES)
    here, there = ({n: r for n, r in k.results.items() if r["value"] is not None} for k in (first, second))
    common = [n for n in here if n in there]
    others = [n for n in first.of_others(second.structures) if n in common]
    found = tuple(_property(here[n], there[n]) for n in common if n not in others)
    alone = tuple(n for n in dict.fromkeys((*here, *there)) if n not in common)
    return {"properties": found, "incomparable": tuple(others), "of_one": alone}


def _property(one: PropertyData, two: PropertyData) -> Property:
    before, after = one["value"], two["value"]
    assert before is not None and after is not None
    return Property(one["name"], one["unit"], before, one["sigma"], after, two["sigma"])
