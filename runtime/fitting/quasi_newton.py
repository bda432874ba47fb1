"""A fit of thousands of parameters by the quasi-Newton method, judged by structures that are held out."""

from __future__ import annotations

from collections.abc import Sequence

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..data.splits import split
from ..optimize.methods import QUASI_NEWTON
from ..optimize.quasi_newton import Options, Solution, State, minimize
from ..residuals.config import FitConfig
from ..residuals.residuals import Sigmas
from ..residuals.stochastic import StochasticProblem
from ..structures.structure import Structure
from .endings import not_converged
from .methods import method
from .prior import linear_solved, prior_of
from .result import Curve, FitResult, Progress
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
    precision = config.precision or "float32"
    sigmas = Sigmas.of(config.weights)
    given = config.memory_mb, precision, config.seed, config.target, task.team
    problem = StochasticProblem(potential, trained, others, sigmas, *given)
    problem.set_deadline(task.deadline)
    prior = prior_of(potential, problem.data, config.ridge)
    most = config.max_iterations or Options.max_iterations

    def callback(state: State) -> bool | None:
        done = max(state.iteration / most, task.deadline.share)
        task.on_progress(Progress("train", state.iteration, state.loss, min(done, 1.0), _remark(state)))
        if state.iteration % _STORED_EVERY == 0 or not len(state.losses):
            task.store.save(state)
        return None

    resumed = task.store.load(State)
    start = potential.theta[problem.data.free] if resumed else linear_solved(problem.data, potential, prior)
    options = Options(most, task.deadline, tolerance=min(10 * config.tolerance, 0.5))
    found = minimize(problem, start, options, prior, callback, resumed)
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
        Curve(_COLUMNS, found.history),
    )


_COLUMNS = (
    *("seconds", "iteration", "loss", "held_out_loss"),
    *("held_out_energy_meV_per_atom", "held_out_forces_meV_per_A"),
    *("train_energy_meV_per_atom", "train_forces_meV_per_A"),
)


def _remark(state: State) -> str:
    """The last judgement, in words."""
    if not len(state.history):
        return ""
    energy, forces = state.history[-1, 4:6]
    return f"held out {energy:.3g} meV/atom, {forces:.4g} meV/Å"


def _held_out(
    structures: Sequence[Structure], config: FitConfig
) -> tuple[Sequence[Structure], Sequence[Structure]]:
    """Structures to train on and to judge by: none of the latter where there are fewer than five in all."""
    if not config.held_out or len(structures) < 5:
        return structures, ()
    return split(structures, str(config.held_out), config.seed)


def _remarks(found: Solution, task: FitTask, before: int) -> tuple[Diagnostic, ...]:
    """before: the iterations before this call."""
    if found.converged:
        return ()
    iterations = found.state.iteration
    return (not_converged(task, found.reason, iterations, iterations - before),)
