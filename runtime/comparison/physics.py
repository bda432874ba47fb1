"""Predictions of two potentials side by side: errors, properties, curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import cast

from ..evaluation.errors import ErrorData, evaluate
from ..potential.potential import Potential
from ..properties.results import PropertyData
from ..properties.stored import PROPERTIES, kept
from ..runs.run_folder import FittedPotential
from ..structures.structure import Structure


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


@dataclass(frozen=True)
class Physics:
    """errors: stored in the runs, or on given structures. comparable: whether they are on the same data.

    incomparable: properties of both that are of other structures by the same names.
    """

    errors: tuple[Errors, ...]
    properties: tuple[Property, ...]
    comparable: bool = True
    incomparable: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        rows = [asdict(p) | {"sigmas": p.sigmas} for p in self.properties]
        return {
            "errors": [asdict(e) for e in self.errors],
            "properties": rows,
            "comparable": self.comparable,
            "incomparable": list(self.incomparable),
        }


def stored(a: FittedPotential, b: FittedPotential) -> Physics:
    """The stored results of the runs: errors of train and test, and properties. Nothing is computed."""
    parts = (
        Errors("train", _stored(a.metadata.train), _stored(b.metadata.train)),
        Errors("test", _stored(a.metadata.test), _stored(b.metadata.test)),
    )
    same = sorted(a.metadata.data.values()) == sorted(b.metadata.data.values())
    common, others = properties(a, b)
    return Physics(tuple(e for e in parts if e.before or e.after), common, same, others)


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


def properties(a: FittedPotential, b: FittedPotential) -> tuple[tuple[Property, ...], tuple[str, ...]]:
    """The properties that both runs keep a value of, and the names of those that are of other structures."""
    first, second = kept(a.folder / PROPERTIES), kept(b.folder / PROPERTIES)
    here, there = first.results, second.results
    common = [n for n in here if n in there and None not in (here[n]["value"], there[n]["value"])]
    others = [n for n in first.of_others(second.structures) if n in common]
    return tuple(_property(here[n], there[n]) for n in common if n not in others), tuple(others)


def _property(one: PropertyData, two: PropertyData) -> Property:
    before, after = one["value"], two["value"]
    assert before is not None and after is not None
    return Property(one["name"], one["unit"], before, one["sigma"], after, two["sigma"])
