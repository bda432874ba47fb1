"""Several runs of the same material, from different seeds: means, and how far the runs scatter.

Runs that began differently are independent, so that their scatter needs no assumption about memory; beside
the errors of the runs it shows whether those are too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..structures.arrays import Floats
from .analysis import Analysis
from .cell import COLUMNS


@dataclass(frozen=True)
class Spread:
    """The mean of n runs, their standard deviation, and the standard error of the mean."""

    mean: float
    deviation: float
    error: float
    runs: int


@dataclass(frozen=True, eq=False)
class PairEnsemble:
    """g (bins,) over r (bins,), its deviation between runs; neighbours as in `Shell`; closest: the smallest
    distance of all runs; near: pairs within 1 Å in a frame.
    """

    name: str
    r: Floats
    g: Floats
    deviation: Floats
    neighbours: Spread | None
    closest: float | None
    near: float


@dataclass(frozen=True, eq=False)
class Ensemble:
    """clustered: how many of the runs. cell: a spread for each of `cell.COLUMNS`; diffusion by species."""

    runs: int
    clustered: int
    pairs: tuple[PairEnsemble, ...]
    diffusion: dict[str, Spread]
    cell: dict[str, Spread]


def ensemble(analyses: Sequence[Analysis]) -> Ensemble:
    """Two runs or more of one composition. Raises DataError `different-atoms`."""
    first = analyses[0]
    for other in analyses[1:]:
        if _formula(other) != _formula(first):
            message = f"{other.where} holds {_formula(other)}, and {first.where} {_formula(first)}"
            help = "runs are averaged that are of one material; analyse the others on their own"
            raise DataError(Diagnostic("different-atoms", message, help=help))
    cells = np.array([[mean for mean, _ in a.mean_cell.parameters] for a in analyses])
    return Ensemble(
        len(analyses),
        sum(a.clustered for a in analyses),
        tuple(_pair(analyses, k) for k in range(len(first.pairs))),
        _diffusion(analyses),
        {name: _spread(cells[:, k]) for k, name in enumerate(COLUMNS)},
    )


def _formula(analysis: Analysis) -> str:
    """Shares of species, so that cells of different sizes are one material: `Li 7 La 3 Zr 2 O 12`."""
    common = gcd(*analysis.atoms.values())
    return " ".join(f"{species} {n // common}" for species, n in analysis.atoms.items())


def _spread(values: Floats | Sequence[float]) -> Spread:
    found = np.asarray(values, dtype=np.float64)
    deviation = float(found.std(ddof=1)) if len(found) > 1 else 0.0
    return Spread(float(found.mean()), deviation, deviation / len(found) ** 0.5, len(found))


def _pair(analyses: Sequence[Analysis], k: int) -> PairEnsemble:
    own = [a.pairs[k] for a in analyses]
    g = np.array([p.g for p in own])
    counted = [p.shell.neighbours[0] for p in own if p.shell and p.shell.neighbours]
    closest = [p.closest.distance for p in own if p.closest]
    return PairEnsemble(
        own[0].name,
        own[0].r,
        g.mean(axis=0),
        g.std(axis=0, ddof=1),
        _spread(counted) if len(counted) == len(own) else None,
        min(closest, default=None),
        float(np.mean([p.near for p in own])),
    )


def _diffusion(analyses: Sequence[Analysis]) -> dict[str, Spread]:
    """Of the runs that have one."""
    known = [a for a in analyses if a.diffusion]
    if len(known) < 2:
        return {}
    names = [d.species for d in known[0].diffusion]
    return {name: _spread([a.diffusion[k].value for a in known]) for k, name in enumerate(names)}
