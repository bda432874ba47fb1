"""A fit of thousands of parameters by the quasi-Newton method, judged by structures that are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..data.splits import split
from ..optimize.methods import QUASI_NEWTON
from ..optimize.quasi_newton import Options, Solution, State, minimize
from ..residuals.config import FitConfig
from ..residuals.label_errors import Rmse
from ..residuals.residuals import Sigmas
from ..residuals.stochastic import StochasticProblem
from ..structures.structure import Structure
from .endings import not_converged
from .methods import method
from .prior import linear_solved, prior_of
from .result import FitResult, Progress
from .task import FitTask

# iterations between two checkpoints, which hold what the method remembers of its steps
_STORED_EVERY = 20


@method(QUASI_NEWTON)
def quasi_newton_fit(task: FitTask) -> FitResult:
    """The potential trained by `quasi_newton`.

    A share of the structures, `held_out`, decides which parameters are kept.
    Raises FitError not-finite-start.
    """
    potential, config = task.potential, task.config
    trained, others = _held_out(task.structures, config)
    sigmas = Sigmas.of(config.weights)
    given = config.memory_mb, config.precision, config.seed, config.target, task.team
    problem = StochasticProblem(potential, trained, others, sigmas, *given)
    problem.set_deadline(task.deadline)
    prior = prior_of(potential, problem.data, config.ridge)
    most = config.max_iterations or Options.max_iterations

    seen: tuple[Rmse | None, Rmse | None] = None, None

    def callback(state: State) -> bool | None:
        nonlocal seen
        train, held_out = _errors(state, bool(others))
        task.curve.add(state.iteration, state.seconds, state.loss, train, held_out)
        seen = train or seen[0], held_out or seen[1]
        done = min(max(state.iteration / most, task.deadline.share), 1.0)
        about = state.iteration, state.loss, done, *seen
        task.on_progress(Progress("train", *about, left=task.deadline.left, is_step=True))
        if state.iteration % _STORED_EVERY == 0 or not len(state.losses):
            task.store.save(state)
        return None

    resumed = _as_now(task.store.load(State))
    task.curve.begin(None if resumed is None else resumed.seconds)
    start = potential.theta[problem.data.free] if resumed else linear_solved(problem.data, potential, prior)
    options = Options(most, task.deadline, tolerance=min(10 * config.tolerance, 0.5))
    found = minimize(problem, start, options, prior, callback, resumed)
    last = replace(found.state, history=found.history)
    if last.iteration:
        task.curve.add(last.iteration, last.seconds, last.loss, *_errors(last, bool(others)))
    if not found.converged:
        task.store.save(found.state)
    theta = potential.theta.copy()
    theta[problem.data.free] = found.theta
    return FitResult(
        potential.with_theta(theta),
        found.converged,
        found.reason,
        found.state.loss,
        _remarks(found, task, resumed.iteration if resumed else 0),
        None,
    )


# columns: seconds, iteration, loss; the loss and the errors of those held out; the errors of the others
_HISTORY = 10


def _as_now(state: State | None) -> State | None:
    """A state of before the stress was in the history, without that."""
    if state is None or not state.history.size or state.history.shape[1] == _HISTORY:
        return state
    return replace(state, history=np.zeros((0, 0)))


def _errors(state: State, is_held_out: bool) -> tuple[Rmse | None, Rmse | None]:
    """Of the structures trained on and of those held out, where this iteration was judged."""
    if not len(state.history) or state.history[-1, 1] != state.iteration:
        return None, None
    row = state.history[-1].tolist()
    return Rmse(*row[7:10]), Rmse(*row[4:7]) if is_held_out else None


def _held_out(
    structures: Sequence[Structure], config: FitConfig
) -> tuple[Sequence[Structure], Sequence[Structure]]:
    """Structures to train on and to judge by: none of the latter where fewer than five have a weight."""
    weighty = [s for s in structures if s.weight]
    if not config.held_out or len(weighty) < 5:
        return structures, ()
    return split(weighty, str(config.held_out), config.seed)


def _remarks(found: Solution, task: FitTask, before: int) -> tuple[Diagnostic, ...]:
    """before: the iterations before this call."""
    if found.converged:
        return ()
    iterations = found.state.iteration
    return (not_converged(task, found.reason, iterations, iterations - before),)
