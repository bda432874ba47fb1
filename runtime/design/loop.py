"""The loop of a design: measure the pieces, select, let the selection suggest new pieces, select again, fit.

Every decision is made by cross-validation inside the training structures; the test structures are not looked
at before the front is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from ...compiler import pipeline
from ...compiler.analysis.flops import operations_per_atom
from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ..evaluation.errors import ErrorData
from ..files.plain_data import ReadData
from ..potential.potential import compile
from ..properties.results import PropertyData
from ..ranks.team import Team
from ..structures.arrays import Floats, Indices
from .composition import Pool, earnings
from .config import CHOSEN, Entry
from .factors import KINDS
from .forms import is_choice
from .store import Result, Trial
from .study import Study, fold, measure, refine, select
from .workers import Clock, Workers

_TUNING = 0.4  # of the time limit: what comes after it matters more
_MEASURING = 0.6  # of the time limit: then the first selection is made from the pieces that were measured
_SELECTING = 0.85  # of the time limit: the rest is left for fitting what was selected


@dataclass(frozen=True)
class Progress:
    """The state of a design: the present stage, its share done, trials done so far, seconds."""

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
    coefficients: Floats
    cv: Floats

    @property
    def loss(self) -> float:
        """½ Σ of squares over the left-out rows."""
        return float(self.cv[-1])


@dataclass(frozen=True)
class Member:
    """A model of the front: cross-validated and training errors, operations an atom, what each term earns,
    and its properties, where they are asked for.
    """

    size: int
    spec: str
    cv: dict[str, float]
    train: ErrorData
    operations: float
    terms: list[tuple[str, int, float]]
    properties: list[PropertyData]


@dataclass(frozen=True)
class Front:
    """The members by number of parameters; terms of the catalogue and candidates left out, and why."""

    members: tuple[Member, ...]
    left_out: tuple[str, ...]


OnProgress = Callable[[Progress], None]
Candidates = dict[int, Candidate]


class _Loop:
    def __init__(self, study: Study, workers: Workers, on_progress: OnProgress | None) -> None:
        self.study, self.workers, self.clock = study, workers, Clock(study)
        self.measuring, self.selecting = Clock(study, _MEASURING), Clock(study, _SELECTING)
        self.on_progress = on_progress

    def done(self, stage: str, trials: Sequence[Trial], clock: Clock | None = None) -> bool:
        """Do the trials of a stage; False where the budget of selecting, or of the clock, ended first."""

        def on_share(trial: Trial, share: float) -> None:
            if self.on_progress:
                count = self.study.store.count()
                self.on_progress(
                    Progress(f"{stage} {_what(trial)}".rstrip(), share, count, self.clock.seconds)
                )

        return self.workers.perform(trials, clock or self.selecting, on_share)

    def selections(
        self, pools: Sequence[Sequence[str]], stage: str, of_some: bool = False
    ) -> list[Candidates]:
        """The candidates of each pool by size; none where the budget ended first.

        of_some: where it ends in the measurements, the pieces that are measured have to do.
        """
        known = [self._measured(calls, stage, of_some) for calls in pools]
        paths = {calls: self._paths(calls) for calls in known if calls}
        if not self.done(f"{stage}: folding", [fold(calls) for calls in paths]):
            return [{} for _ in pools]
        self.done(f"{stage}: selecting", [path for group in paths.values() for path in group])
        return [self._selected(calls, paths[calls]) if calls else {} for calls in known]

    def _measured(self, calls: Sequence[str], stage: str, of_some: bool) -> tuple[str, ...]:
        """The calls of a pool whose columns are there; none where the budget ended first."""
        kept = self.study.affordable(calls)
        measured = [measure(c) for c in kept]
        is_whole = self.done(f"{stage}: measuring", measured, self.measuring if of_some else None)
        if not is_whole and not of_some:
            return ()
        known = tuple(c for c, t in zip(kept, measured, strict=True) if self.study.store.result(t))
        if known[:1] == ("",) and len(known) > 1:
            return known
        if not is_whole:
            return ()
        raise FitError(
            Diagnostic(
                "nothing-measured",
                "no term of the catalogue could be measured",
                place=str(self.study.folder),
                help="; ".join(self.study.store.failures().values()),
            )
        )

    def _paths(self, calls: tuple[str, ...]) -> list[Trial]:
        """Selections from a pool: of all structures, and without each fold."""
        config = self.study.config
        sizes = self.study.pool(calls).sizes(config.sizes)
        return [select(calls, sizes, k) for k in (None, *range(config.folds))]

    def _selected(self, calls: tuple[str, ...], paths: Sequence[Trial]) -> Candidates:
        """The candidates of a pool; none where the budget ended first."""
        if self.study.store.unfinished(paths):
            return {}
        results = [self.study.result(p) for p in paths]
        if any(r is None for r in results):
            reasons = self.study.store.failures()
            message = "no composition can be selected from the measured columns"
            help = "; ".join(reasons[p.id] for p in paths if p.id in reasons)
            raise FitError(Diagnostic("nothing-selected", message, place=str(self.study.folder), help=help))
        pool = self.study.pool(calls)
        for path, result in zip(paths, results, strict=True):
            if not all(_is_choice(path, chosen, len(pool.owners)) for chosen in (result or {}).values()):
                raise self.study.changed_result(path)
        found = _candidates(pool, results, self.study.layout.counts)  # type: ignore[arg-type]
        return _of_sizes(found, self.study.config.sizes)

    def tuned(self, entries: list[Entry], best: Candidates) -> tuple[list[Entry], Candidates]:
        """Each entry with its lengths multiplied as suits best; the candidates then."""
        for place, entry in enumerate(entries):
            if self.clock.share > _TUNING:
                return entries, best
            moved = [
                [*entries[:place], entry.scaled(factor), *entries[place + 1 :]]
                for factor in self.study.config.moves
            ]
            self.done("moves: measuring", [measure(m[place].term) for m in moved])
            for changed, found in zip(moved, self.selections([*map(_calls, moved)], "moves"), strict=True):
                if found and _merit(found, best) < 0:
                    entries, best = changed, found
        return entries, best

    def grown(self, entries: list[Entry], best: Candidates) -> tuple[str, ...]:
        """Pieces that the largest selection suggests."""
        largest = best[max(best)]
        found = []
        for entry in entries:
            if entry.grow is None or entry.term not in largest.pool.calls:
                continue
            piece = largest.pool.calls.index(entry.term)
            chosen = largest.pool.components(piece, largest.columns)[: entry.most]
            if chosen:
                found.append(entry.grow.replace(CHOSEN, str(sorted(chosen))))
        return tuple(found)


def _calls(entries: Sequence[Entry]) -> tuple[str, ...]:
    return ("", *dict.fromkeys(e.term for e in entries))


def _merit(found: Candidates, best: Candidates) -> float:
    """The logarithm by which the cross-validated loss changes, on the average over sizes."""
    common = sorted(set(found) & set(best))
    return float(np.mean([np.log(found[s].loss / best[s].loss) for s in common])) if common else 0.0


def _of_sizes(found: Candidates, sizes: Sequence[int]) -> Candidates:
    """Of each size the largest selection whose trained numbers, nonlinear ones included, are no more."""
    chosen = {}
    for size in sizes:
        fitting = [c for c in found.values() if c.pool.total(c.columns, c.coefficients) <= size]
        if fitting:
            best = max(fitting, key=lambda c: c.size)
            chosen[best.size] = best
    return chosen


def _what(trial: Trial) -> str:
    piece = trial.payload.get("piece")
    return f"`{piece}`" if piece else ""


def _is_choice(path: Trial, chosen: ReadData, count: int) -> bool:
    kinds = 0 if path.payload["without"] is None else len(KINDS)
    return is_choice(chosen, count) and len(chosen["squares"]) == kinds


def _candidates(pool: Pool, results: list[Result], counts: Indices) -> Candidates:
    everything, *left_out = results
    found = {}
    for size, chosen in everything.items():
        if all(size in fold for fold in left_out):
            squares = np.sum([fold[size]["squares"] for fold in left_out], axis=0)
            errors = np.sqrt(squares / np.maximum(counts, 1))
            cv = np.append(errors, 0.5 * squares.sum())
            columns = tuple(chosen["columns"])
            found[int(size)] = Candidate(pool, int(size), columns, np.array(chosen["coefficients"]), cv)
    return found


def design(study: Study, on_progress: OnProgress | None = None, team: Team | None = None) -> Front:
    """The front of a study. Goes on from the results in the study's folder.

    Raises FitError: `budget-too-small` where the budget ended before the first selection, nothing-measured,
    nothing-selected, empty-front; ArtifactError `other-study`.
    """
    with Workers(study, team) as workers:
        loop = _Loop(study, workers, on_progress)
        entries = list(study.config.catalogue)
        for call in _calls(entries):
            study.catalogue.piece(call)  # faults of the catalogue are told before anything is kept
        study.store.belongs(study.identity())
        return _front(loop, _found(loop, entries))


def _found(loop: _Loop, entries: list[Entry]) -> list[Candidate]:
    """The best candidate of each size. Raises FitError."""
    (best,) = loop.selections([_calls(entries)], "first", of_some=True)
    if not best:
        message = "the budget ended before anything could be selected"
        help = "raise `budget.time_limit` or `budget.fits`, and run again: measured columns are kept"
        raise FitError(Diagnostic("budget-too-small", message, place=str(loop.study.folder), help=help))
    entries, best = loop.tuned(entries, best)
    more = loop.grown(entries, best)
    (second,) = loop.selections([(*_calls(entries), *more)], "grown") if more else [{}]
    for size, candidate in second.items():
        if size not in best or candidate.loss < best[size].loss:
            best[size] = candidate
    return list(best.values())


def _front(loop: _Loop, candidates: list[Candidate]) -> Front:
    """The candidates fitted, without any that another beats in everything."""
    store, place = loop.study.store, str(loop.study.folder)
    terms = {measure(entry.term).id: entry.term for entry in loop.study.config.catalogue}
    members, left_out = [], [f"{terms[id]}: {why}" for id, why in store.failures().items() if id in terms]
    candidates = sorted(candidates, key=lambda c: c.size)
    trials = [refine(c.pool.calls, c.columns, c.coefficients.tolist()) for c in candidates]
    loop.done("fitting", trials, loop.clock)
    for candidate, trial in zip(candidates, trials, strict=True):
        result = loop.study.result(trial)
        if result is None:
            reason = store.failures().get(trial.id, "the budget ended before it was fitted; run again")
            left_out.append(f"{candidate.size} numbers: {reason}")
        else:
            members.append(_member(loop.study, candidate, result))
    if not members:
        message = "no model could be fitted"
        raise FitError(Diagnostic("empty-front", message, place=place, help="; ".join(left_out)))
    beaten = [m for m in members if any(_beats(o, m) for o in members)]
    left_out += [f"{m.size} numbers: another model is no worse in anything" for m in beaten]
    return Front(tuple(m for m in members if m not in beaten), tuple(left_out))


def _member(study: Study, candidate: Candidate, result: Result) -> Member:
    spec = result["spec"]
    sigmas = study.config.weights
    units = dict(zip(KINDS, (sigmas.sigma_energy, sigmas.sigma_forces, sigmas.sigma_stress), strict=True))
    cv = {kind: float(e) * units[kind] for kind, e in zip(KINDS, candidate.cv, strict=False)}
    density = 2**0.5 / study.catalogue.material.length**3
    operations = operations_per_atom(pipeline.optimize(compile(spec).model), density)
    factors = study.read_factors(candidate.pool.calls)
    terms = earnings(candidate.pool, factors, candidate.columns, candidate.coefficients)
    return Member(result["parameters"], spec, cv, result["train"], operations, terms, result["properties"])


def _beats(a: Member, b: Member) -> bool:
    """Whether a is better than b in something and worse in nothing."""
    mine, other = _objectives(a), _objectives(b)
    return mine != other and all(mine[name] <= other[name] for name in mine)


def _objectives(member: Member) -> dict[str, float]:
    """The quantities to minimise: also the distance of each property from its reference."""
    errors = {"energy": member.cv["energy"], "forces": member.cv["forces"]}
    aims = {
        p["name"]: inf if p["difference"] is None else abs(p["difference"])
        for p in member.properties
        if p["reference"] and p["reference"]["value"] is not None
    }
    return {"size": member.size, "operations": member.operations, **errors, **aims}
