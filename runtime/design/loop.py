"""The loop of a design: measure the pieces, select, let the selection suggest new pieces, select again, fit.

Every decision is made by cross-validation inside the training structures; the test structures are not looked
at before the front is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...compiler import pipeline
from ...compiler.cost import operations_per_atom
from ...compiler.diagnostics import Diagnostic, FitError
from ..potential import compile
from .composition import Pool, earnings
from .config import CHOSEN
from .factors import KINDS
from .store import Trial
from .study import Study, fold, measure, refine, select
from .workers import Clock, perform

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Progress:
    """Where a design stands: what is done now, its share, trials done so far, seconds."""

    stage: str
    share: float
    trials: int
    seconds: float


@dataclass(frozen=True)
class Candidate:
    """A selection: cv holds the errors that cross-validation found, by kind of label, in units of sigma."""

    pool: Pool
    size: int
    columns: tuple[int, ...]
    coefficients: Array
    cv: Array

    @property
    def loss(self) -> float:
        """½ Σ of squares over the left-out rows."""
        return float(self.cv[-1])


@dataclass(frozen=True)
class Member:
    """A model of the front: cross-validated and training errors, operations an atom, what each term earns."""

    size: int
    spec: str
    cv: dict[str, float]
    train: dict[str, Any]
    operations: float
    terms: list[tuple[str, int, float]]


Report = Callable[[Progress], None]


class _Loop:
    def __init__(self, study: Study, report: Report | None) -> None:
        self.study, self.clock = study, Clock(study)
        self.report = report

    def done(self, stage: str, trials: Sequence[Trial]) -> bool:
        """Do the trials of a stage; False where the budget ended first."""

        def told(trial: Trial, share: float) -> None:
            if self.report:
                count = self.study.store.count()
                self.report(Progress(f"{stage} {_what(trial)}", share, count, self.clock.seconds))

        return perform(self.study, trials, self.clock, told)

    def selections(self, calls: tuple[str, ...], stage: str) -> dict[int, Candidate]:
        """The candidates of a pool by size; none where the budget ended first."""
        config = self.study.config
        measured = [measure(c) for c in calls]
        if not self.done(f"{stage}: measuring", measured):
            return {}
        calls = tuple(c for c, t in zip(calls, measured, strict=True) if self.study.store.result(t))
        paths = [select(calls, config.sizes, k) for k in (None, *range(config.folds))]
        if not self.done(f"{stage}: folding", [fold(calls)]) or not self.done(f"{stage}: selecting", paths):
            return {}
        results = [self.study.store.result(p) for p in paths]
        if any(r is None for r in results):
            return {}
        counts = self.study.read_factors(calls).counts
        return _candidates(Pool(self.study, calls), results, counts)  # type: ignore[arg-type]

    def grown(self, candidates: dict[int, Candidate]) -> tuple[str, ...]:
        """Pieces that the largest selection suggests."""
        best = candidates[max(candidates)]
        found = []
        for entry in self.study.config.catalogue:
            if entry.grow is None or entry.term not in best.pool.calls:
                continue
            chosen = best.pool.components(best.pool.calls.index(entry.term), best.columns)[: entry.most]
            if chosen:
                found.append(entry.grow.replace(CHOSEN, str(sorted(chosen))))
        return tuple(found)


def _what(trial: Trial) -> str:
    piece = trial.payload.get("piece")
    return f"`{piece}`" if piece else ""


def _candidates(pool: Pool, results: list[dict[str, Any]], counts: NDArray[np.intp]) -> dict[int, Candidate]:
    everything, *left_out = results
    found = {}
    for size, chosen in everything.items():
        if all(size in fold for fold in left_out):
            squares = np.sum([fold[size]["squares"] for fold in left_out], axis=0)
            errors = np.sqrt(squares / np.maximum(counts.sum(axis=0), 1))
            cv = np.append(errors, 0.5 * squares.sum())
            columns = tuple(chosen["columns"])
            found[int(size)] = Candidate(pool, int(size), columns, np.array(chosen["coefficients"]), cv)
    return found


def design(study: Study, report: Report | None = None) -> list[Member]:
    """The front of a study, by number of parameters. Goes on from what the study's folder has already.

    Raises FitError `budget-too-small` where the budget ended before the first selection.
    """
    loop = _Loop(study, report)
    calls = ("", *dict.fromkeys(e.term for e in study.config.catalogue))
    for call in calls:
        study.piece(call)  # faults of the catalogue are told before anything is measured
    best = loop.selections(calls, "first")
    if not best:
        message = "the budget ended before anything could be selected"
        help = "raise `budget.time_limit` or `budget.fits`, and run again: what was measured is kept"
        raise FitError(Diagnostic("budget-too-small", message, place=str(study.folder), help=help))
    more = loop.grown(best)
    second = loop.selections((*best[max(best)].pool.calls, *more), "grown") if more else {}
    for size, candidate in second.items():
        if size not in best or candidate.loss < best[size].loss:
            best[size] = candidate
    return _front(loop, list(best.values()))


def _front(loop: _Loop, candidates: list[Candidate]) -> list[Member]:
    """The candidates fitted, without those that another beats in everything."""
    members = []
    specs = {c.size: c.pool.spec(c.columns, c.coefficients) for c in candidates}
    for candidate in sorted(candidates, key=lambda c: c.size):
        spec = specs[candidate.size]
        loop.done(f"fitting {candidate.size} numbers", [refine(spec)])
        result = loop.study.store.result(refine(spec))
        if result is not None:
            members.append(_member(loop.study, candidate, spec, result))
    return [m for m in members if not any(_beats(o, m) for o in members)]


def _member(study: Study, candidate: Candidate, spec: str, result: dict[str, Any]) -> Member:
    sigmas = study.config.weights
    units = dict(zip(KINDS, (sigmas.sigma_energy, sigmas.sigma_forces, sigmas.sigma_stress), strict=True))
    cv = {kind: float(e) * units[kind] for kind, e in zip(KINDS, candidate.cv, strict=False)}
    density = 2**0.5 / study.material.length**3
    operations = operations_per_atom(pipeline.optimize(compile(spec).model), density)
    factors = study.read_factors(candidate.pool.calls)
    terms = earnings(candidate.pool, factors, candidate.columns, candidate.coefficients)
    return Member(result["parameters"], spec, cv, result["train"], operations, terms)


def _beats(a: Member, b: Member) -> bool:
    """Whether a is better than b in something and worse in nothing."""
    mine = (a.size, a.operations, a.cv["energy"], a.cv["forces"])
    other = (b.size, b.operations, b.cv["energy"], b.cv["forces"])
    return mine != other and all(x <= y for x, y in zip(mine, other, strict=True))
