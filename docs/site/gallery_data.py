"""What is written by hand about the terms of the library: gallery.toml, and the costs that were measured."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """When a term is used, and its plot: calls of the term by their labels, what is shown, and limits.

    draws: number of curves with random parameters in place of the starts. Distances in Å, energies in eV.
    """

    when: str
    curves: dict[str, str]
    shows: Literal["dimer", "each", "angle", "nothing"]
    limits: tuple[float, float] = (1.0, 5.0)
    energies: tuple[float | None, float | None] = (None, None)
    bond: float = 2.5
    draws: int = 0


@dataclass(frozen=True)
class Cost:
    """Microseconds per atom of energy, forces and virial; number of parameters; of a call of the term."""

    call: str
    microseconds: float
    parameters: int


@dataclass(frozen=True)
class Costs:
    """The costs of terms by name, and the machine and the day that they were measured on."""

    machine: str = ""
    date: str = ""
    terms: dict[str, Cost] = field(default_factory=dict)


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads((HERE / "gallery.toml").read_text("utf-8"))


def papers() -> dict[str, str]:
    """The papers by their DOI."""
    found: dict[str, str] = _content()["papers"]
    return found


def example(name: str) -> Example:
    """The example of a term. Raises KeyError."""
    given = _content()[name]
    return Example(
        given["when"],
        given["curves"],
        given["shows"],
        (given.get("from", 1.0), given.get("to", 5.0)),
        (given.get("below"), given.get("above")),
        given.get("bond", 2.5),
        given.get("draws", 0),
    )


def costs() -> Costs:
    """The costs that `benchmarks/bench_terms.py` measured last."""
    given = json.loads((HERE / "costs.json").read_text("utf-8"))
    return Costs(given["machine"], given["date"], {k: Cost(**v) for k, v in given["terms"].items()})
