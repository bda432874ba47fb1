"""The strengths of XLA on CPUs. Imports no jax: a plan is made without it."""

from __future__ import annotations

from ...schedule.limits import Limits

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
