"""The strengths of a target as numbers: the parameters of `make_plan`. Figures in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """Bounds up to which a target prefers one way to another.

    rows: components of a value that are kept as rows. terms: products in a sum that is written out.
    products: products in a whole contraction that is written out, by the name of its domain. species: species
    for all of which a product is worked out. stores: whether values are stored at all.
    """

    target: str
    rows: int
    terms: int
    products: Mapping[str, int] = field(hash=False)
    species: int
    stores: bool = True
