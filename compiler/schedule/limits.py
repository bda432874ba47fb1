"""What a target is good at, as numbers: the parameters of `make_plan`. Figures in docs/benchmarks.md."""

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


# Sums over an axis that is not the last are slow in XLA's CPU code, 647 ms against 61 for what a fit of
# three-body terms does most (benchmarks/bench_layout.py), so short ones are written out. On atoms, of which
# there are few, larger ones go to a product of matrices: less to compile.
XLA = Limits(
    target="xla",
    rows=64,
    terms=40,
    products={"site": 16, "pair": 400, "edge": 400, "triple": 400},
    species=8,
)
