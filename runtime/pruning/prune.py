"""Pruning a fitted potential: rewrites chosen by the data, refitted, accepted or undone.

A step takes several rewrites that the quadratic model calls cheap, begins from its prediction, and fits
again. What it predicted and what came of it are both in the history. Nothing is compiled for a refit: numbers
that are gone are held in the kernel of the whole model; the new spec gets a kernel of its own at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from math import log
from pathlib import Path
from typing import Literal

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ...compiler.reduction.candidates import Choice, Protected, candidates, greedy, pinned, protected
from ...compiler.reduction.constraints import ReducedParameters
from ...compiler.reduction.parameter_transfer import transfer_parameters
from ...compiler.reduction.quadratic_model import QuadraticModel, Restriction
from ...compiler.reduction.spec_rewriter import Rewritable, closed, dropped, rewritten
from ..evaluation.timing import microseconds_per_atom
from ..files.lock import only_writer_of
from ..fitting.fit import fit
from ..fitting.result import FitResult, Progress
from ..information.fisher_information import not_at_optimum, require_trained
from ..information.folds import Folds, folds_of
from ..optimize.deadline import Deadline, TimeIsUp
from ..potential.potential import Potential, compile
from ..residuals.config import FitConfig
from ..residuals.outputs import outputs_of
from ..residuals.residuals import Residuals, Sigmas
from ..runs.run_folder import FittedPotential
from ..structures.arrays import Floats
from ..structures.structure import Structure
from .guards import PropertyStatus
from .refit import Refit, Restricted, linearized_at, refit
from .state import PruneState, PruneStore, Step, depends_on

Criterion = Literal["bic", "aic", "cv"]
CRITERIA = ("bic", "aic", "cv")
OnProgress = Callable[[Progress], None]
Guard = Callable[[Potential], PropertyStatus]

# a step takes away at most this share of the numbers that are left, so that a refit can speak up
_SHARE = 0.25
_ITERATIONS = 15  # of a refit, which begins near its end
_FOLDS = 5
_STEPS = 0.85  # of the time limit: the rest is for the last fit
_IN_A_ROW = 6  # so many rewrites refused after their refit, one after another, are the end


@dataclass(frozen=True)
class Goal:
    """The end of a pruning.

    target: the number of trained parameters to stop at.
    max_increase: the share by which the loss may be larger than at the start.
    criterion: a step has to lower it; BIC without target and max_increase.
    """

    target: int | None = None
    max_increase: float | None = None
    criterion: Criterion | None = None

    @property
    def judged_by(self) -> Criterion | None:
        return self.criterion or ("bic" if self.target is None and self.max_increase is None else None)


@dataclass(frozen=True, eq=False)
class Pruned:
    """The potential that is left, fitted; its history, the start first; numbers left alone, with reasons.

    is_cut: whether the time ended before the steps did.
    """

    result: FitResult
    history: tuple[Step, ...]
    kept: tuple[Protected, ...]
    warnings: tuple[Diagnostic, ...]
    is_cut: bool = False

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {"history": [asdict(s) for s in self.history], "kept": [asdict(k) for k in self.kept]}


def prune(
    potential: Potential,
    structures: Sequence[Structure],
    config: FitConfig,
    goal: Goal,
    *,
    folder: Path | None = None,
    resume: bool = False,
    on_progress: OnProgress | None = None,
    measure_cost: bool = True,
    guard: Guard | None = None,
    time_limit: float | None = None,
) -> Pruned:
    """The potential without terms and numbers that the structures do not need, fitted again.

    folder: of the run; the checkpoint is beside it until `states.remove_checkpoint`, and resume goes on from
    that. guard: a step that breaks a property which was met at the start is undone, and the misfit of
    properties counts as rows of the data do. time_limit: seconds from now, also of a pruning that is resumed;
    the steps so far are kept. config: its time limit, that of an earlier fit, has no effect. Raises FitError:
    nothing-trained, no-information, nothing-to-prune, target-too-small, time-is-up where that is before the
    first step, and as `fit`; ArtifactError in-use.
    """
    require_trained(potential)
    config = config.model_copy(update={"time_limit": None})
    deadline = Deadline(time_limit)
    pruning = Pruning(potential, structures, config, goal, on_progress, measure_cost, guard, deadline)
    store = PruneStore(folder, depends_on(potential, structures, config, asdict(goal)))
    with nullcontext() if folder is None else only_writer_of(folder):
        state = store.load() if resume else pruning.begin()
        store.save(state)
        is_cut = True
        with suppress(TimeIsUp):
            while (following := pruning.step(state)) is not None:
                state = following
                store.save(state)
            is_cut = False
        return pruning.end(state, is_cut)


class Pruning:
    """A pruning: the data that stay the same from step to step."""

    def __init__(
        self,
        potential: Potential,
        structures: Sequence[Structure],
        config: FitConfig,
        goal: Goal,
        on_progress: OnProgress | None = None,
        measure_cost: bool = False,
        guard: Guard | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        self.program = Rewritable(potential.program)
        self.potential, self.structures, self.config, self.goal = potential, structures, config, goal
        self.deadline = deadline or Deadline()
        self._check_formula()
        self.on_progress, self.measure_cost, self.guard = on_progress, measure_cost, guard
        self._place = Progress("information", 0, float("nan"), 0.0)
        sigmas = Sigmas.of(config.weights)
        outputs = outputs_of(potential, config.target)
        self.problem = Residuals(potential, structures, sigmas, config.memory_mb, self._told, outputs)
        self.problem.deadline = self.deadline.within(_STEPS)
        self.size = len(self.problem.free)
        self.first = linearized_at(self.problem, Restriction(), potential.theta[self.problem.free])
        self.kept = protected(self.program, self.first.quadratic_model)
        self._now: tuple[PruneState, Refit] | None = None
        self._check_target()
        self._start = guard(potential) if guard else PropertyStatus()

    def _told(self, share: float) -> None:
        if self.on_progress is not None:
            self.on_progress(replace(self._place, fraction=share))

    def _check_formula(self) -> None:
        """Raise FitError `nothing-to-prune` where that needs no data to be known."""
        size, target = self.potential.n_parameters, self.goal.target
        if target is not None and target >= size:
            message = f"the run has {size} trained parameters, no more than the {target} asked for"
            raise FitError(Diagnostic("nothing-to-prune", message))
        if len(pinned(self.program)) == size:
            message = "all terms with trained parameters are pinned"
            raise FitError(Diagnostic("nothing-to-prune", message, help="take `pin` away from a term"))

    def _check_target(self) -> None:
        """Raise FitError where nothing can be done: nothing-to-prune, target-too-small."""
        alone = sum(len(p.numbers) for p in self.kept)
        target = self.goal.target
        if not candidates(self.program, self.first.theta, self.kept):
            message = "there is no term, component or number that could be left out"
            raise FitError(Diagnostic("nothing-to-prune", message))
        if target is not None and target < alone:
            names = ", ".join(dict.fromkeys(f"`{p.name}`" for p in self.kept))
            message = f"{alone} parameters are pinned or reached by no data: {target} are too few"
            raise FitError(Diagnostic("target-too-small", message, help=f"they are those of {names}"))

    # --- steps -----------------------------------------------------------------------------------

    def begin(self) -> PruneState:
        """The state before the first step."""
        step = self._described((), Restriction(), self.first, 0.0, 0.0, self._start.misfit)
        state = PruneState(Restriction(), self.first.theta, (step,))
        self._now = state, self.first
        return state

    def step(self, state: PruneState) -> PruneState | None:
        """The state after the next step that is good; None at the end."""
        self.problem.deadline.require()
        now = self._linearized(state)
        choices = self._chosen(state, now)
        while choices:
            last = choices[-1]
            whole = closed(self.program, last.restriction, now.theta)
            table, constant = last.restriction.map(self.size)
            self._place = Progress("refit", len(state.history), last.after.loss, 0.0)
            after = refit(self.problem, whole, table @ last.after.theta + constant, self.config, _ITERATIONS)
            predicted, actual = last.after.loss - now.loss, after.loss - now.loss
            words = tuple(c.rewrite.description for c in choices)
            held_out = self._held_out(whole, after)
            status = PropertyStatus(misfit=state.history[-1].misfit)
            good = self._is_good(after.quadratic_model, now.quadratic_model, held_out, state, status)
            if good and self.guard is not None:
                status = self.guard(self.made(whole, after.theta))
                good = self._is_good(after.quadratic_model, now.quadratic_model, held_out, state, status)
            if good:
                step = self._described(words, whole, after, predicted, actual, status.misfit)
                found = PruneState(whole, after.theta, (*state.history, step), state.refused)
                self._now = found, after
                return found
            if len(choices) > 1:
                choices = choices[: len(choices) // 2]
                continue
            state = replace(state, refused=(*state.refused, words[0]), in_a_row=state.in_a_row + 1)
            choices = self._chosen(state, now)
        return None

    def _linearized(self, state: PruneState) -> Refit:
        if self._now is None or self._now[0] is not state:
            self._now = state, linearized_at(self.problem, state.restriction, state.theta)
        return self._now[1]

    def _chosen(self, state: PruneState, now: Refit) -> list[Choice]:
        """Rewrites of the next step, by the quadratic model alone."""
        if self._reached(now.quadratic_model) or state.in_a_row >= _IN_A_ROW:
            return []
        rewrites = [
            r for r in candidates(self.program, now.theta, self.kept) if r.description not in state.refused
        ]
        most = max(1, int(_SHARE * now.quadratic_model.size))
        folds = self._folds(state.restriction, now) if self.goal.judged_by == "cv" else None
        left = ReducedParameters.of(state.restriction, self.size)
        chosen: list[Choice] = []
        value = [folds.loss() if folds else None]

        def accept(choice: Choice) -> bool:
            before = chosen[-1].after if chosen else now.quadratic_model
            if chosen and now.quadratic_model.size - choice.after.size > most:
                return False
            held_out = folds.loss(left.within(choice.restriction)) if folds else None
            if not self._better(choice.after, before, held_out, value[0]):
                return False
            value[0] = held_out
            return True

        for choice in greedy(now.quadratic_model, state.restriction, self.size, rewrites, accept):
            chosen.append(choice)
            if self._reached(choice.after):
                break
        return chosen

    def _reached(self, quadratic_model: QuadraticModel) -> bool:
        return self.goal.target is not None and quadratic_model.size <= self.goal.target

    def _is_good(
        self,
        after: QuadraticModel,
        before: QuadraticModel,
        held_out: float | None,
        state: PruneState,
        status: PropertyStatus,
    ) -> bool:
        last = state.history[-1]
        misfits = status.misfit, last.misfit
        return status.broken <= self._start.broken and self._better(
            after, before, held_out, last.held_out, misfits
        )

    def _better(
        self,
        after: QuadraticModel,
        before: QuadraticModel,
        held_out: float | None,
        old: float | None,
        misfits: tuple[float, float] = (0.0, 0.0),
    ) -> bool:
        """Whether the goal allows to go from one to the other, with these misfits after and before."""
        increase, judged_by = self.goal.max_increase, self.goal.judged_by
        if not np.isfinite(after.loss + misfits[0]):
            return False
        start = self.first.loss + self._start.misfit
        if increase is not None and after.loss + misfits[0] > (1.0 + increase) * start:
            return False
        worse = misfits[0] - misfits[1]
        if held_out is not None and old is not None:
            return held_out + worse <= old
        if judged_by is None:
            return True
        return criterion(after, judged_by) + 2.0 * worse < criterion(before, judged_by)

    # --- description -----------------------------------------------------------------------------

    def _folds(self, restriction: Restriction, now: Refit) -> Folds:
        count = min(_FOLDS, len(self.structures))
        fold_of = folds_of(len(self.structures), count, self.config.seed)
        restricted = Restricted(self.problem, restriction)
        phi = restricted.of(now.theta)
        return Folds(restricted.folds(phi, fold_of), phi)

    def _held_out(self, restriction: Restriction, now: Refit) -> float | None:
        return self._folds(restriction, now).loss() if self.goal.judged_by == "cv" else None

    def _described(
        self,
        words: tuple[str, ...],
        restriction: Restriction,
        now: Refit,
        predicted: float,
        actual: float,
        misfit: float,
    ) -> Step:
        energy, forces = errors(self.problem, now.theta)
        cost = None
        if self.measure_cost:
            made = self.made(restriction, now.theta)
            cost = microseconds_per_atom(made, self.structures)
        known = now.quadratic_model
        return Step(
            rewrites=words,
            parameters=known.size,
            predicted=predicted,
            actual=actual,
            loss=known.loss,
            bic=criterion(known, "bic"),
            aic=criterion(known, "aic"),
            held_out=self._held_out(restriction, now),
            energy_rmse=energy,
            forces_rmse=forces,
            cost=cost,
            misfit=misfit,
        )

    def made(self, restriction: Restriction, theta: Floats) -> Potential:
        """The potential of the rewritten spec, with the trained numbers theta (F,) of the whole model."""
        made = compile(rewritten(self.program, restriction), self.potential.species)
        gone = [name for operand in dropped(self.program, restriction) for name in operand.terms]
        full = self.potential.scatter(theta)
        return made.with_theta(transfer_parameters(self.program.model, full, made.model, gone))

    def end(self, state: PruneState, is_cut: bool = False) -> Pruned:
        """The rewritten spec, fitted to the end, or as far as time allows."""
        made = self.made(state.restriction, state.theta)
        result = self._last_fit(made, state)
        if "interrupt" in result.reason:  # the checkpoint stays
            raise KeyboardInterrupt
        start = self.potential
        unfinished = isinstance(start, FittedPotential) and not start.metadata.converged
        warnings = [not_at_optimum(self.first.quadratic_model)] if unfinished else []
        target = self.goal.target
        if target is not None and made.n_parameters > target:
            message = f"{made.n_parameters} parameters are left: no rewrite that is allowed comes to {target}"
            warnings.append(Diagnostic("target-not-reached", message, "warning"))
        if is_cut:
            steps = len(state.history) - 1
            message = f"the time limit ended the pruning after {steps} step{'' if steps == 1 else 's'}"
            warnings.append(Diagnostic("not-converged", message, "warning", help="go on with --resume"))
        return Pruned(result, state.history, self.kept, tuple(warnings), is_cut)

    def _last_fit(self, made: Potential, state: PruneState) -> FitResult:
        """The fit of the rewritten spec; its parameters are those of the last refit where no time is left."""
        settings = self.config.model_copy(update={"starts": 1, "time_limit": self.deadline.left})
        with suppress(TimeIsUp):
            self.deadline.require()
            return fit(made, self.structures, settings, on_progress=self.on_progress)
        return FitResult(made, False, "time", state.history[-1].loss, (), None)


def criterion(known: QuadraticModel, name: Criterion) -> float:
    """n ln(2L/n) + k·ln n (BIC) or + 2k (AIC), of n rows of unknown common variance and k numbers."""
    n, k = known.n_rows, known.size
    return n * log(max(2.0 * known.loss / n, 1e-300)) + k * (log(n) if name == "bic" else 2.0)


def errors(problem: Residuals, theta: Floats) -> tuple[float | None, float | None]:
    """RMSE of energies (eV/atom) and forces (eV/Å) at the trained numbers theta (F,)."""
    squares, counts = np.zeros(3), np.zeros(3)
    weight = np.array([s.weight for s in problem.structures])
    for rows in problem.rows(theta, np.zeros(0, dtype=np.intp)):
        plain = rows.residual**2 / weight[rows.structure]
        squares += np.bincount(rows.quantity, plain, 3)
        counts += np.bincount(rows.quantity, minlength=3)
    sigmas = (problem.sigmas.energy, problem.sigmas.forces)
    found = [s * (q / n) ** 0.5 if n else None for s, q, n in zip(sigmas, squares, counts, strict=False)]
    return found[0], found[1]
