"""Fits of many parameters: by the quasi-Newton method, and in first order where there are too many for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..data.splits import split
from ..optimize.adamw import TrainOptions, TrainState, train
from ..optimize.levenberg_marquardt import Prior
from ..optimize.qr_system import solve
from ..optimize.quasi_newton import Ended, Options, State, minimize
from ..potential.potential import Potential
from ..residuals.config import FitConfig
from ..residuals.gradients import train_batch, value_and_gradient
from ..residuals.residuals import Residuals, Sigmas
from ..residuals.stochastic import Training
from ..structures.structure import Structure
from .result import Array, Curve, FitResult, Progress
from .task import FitTask

# iterations between two checkpoints, which hold what the method remembers of its steps
_STORED_EVERY = 20
# where the linear parameters are solved for at the start, what no label decides stays within its usual size
_LEAST_RIDGE = 1e-3


def quasi_newton_fit(task: FitTask) -> FitResult:
    """The potential trained by `quasi_newton`; a share of the structures, `held_out`, decides what is kept.

    Raises FitError not-finite-start.
    """
    potential, config = task.potential, task.config
    trained, others = _held_out(task.structures, config)
    precision = config.precision or "float32"
    sigmas = Sigmas.of(config.weights)
    problem = Training(potential, trained, others, sigmas, config.memory_mb, precision, config.seed)
    prior = _prior(potential, problem.data, config.ridge)
    most = config.max_iterations or Options.max_iterations

    def told(state: State) -> bool | None:
        done = state.iteration / most
        if config.time_limit is not None:
            done = max(done, state.seconds / config.time_limit)
        task.report(Progress("train", state.iteration, state.loss, min(done, 1.0), _standing(state)))
        if state.iteration % _STORED_EVERY == 0 or not len(state.losses):
            task.store.save(state)
        return None

    resumed = task.store.load(State)
    start = potential.theta[problem.data.free] if resumed else _linear_solved(problem.data, potential, prior)
    options = Options(most, config.time_limit, tolerance=min(10 * config.tolerance, 0.5))
    found = minimize(problem, start, options, prior, told, resumed)
    if not found.converged:
        task.store.save(found.state)
    theta = potential.theta.copy()
    theta[problem.data.free] = found.theta
    return FitResult(
        potential.with_theta(theta),
        found.converged,
        found.reason,
        found.state.loss,
        _remarks(found),
        None,
        Curve(_COLUMNS, found.history),
    )


_COLUMNS = (
    *("seconds", "iteration", "loss", "held_out_loss"),
    *("held_out_energy_meV_per_atom", "held_out_forces_meV_per_A"),
    *("train_energy_meV_per_atom", "train_forces_meV_per_A"),
)


def _standing(state: State) -> str:
    """What the judgement last said."""
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


def _prior(potential: Potential, problem: Residuals, ridge: float | None) -> Prior:
    """½ Σ ridge (θ/scale)², scale the usual size of a parameter's start values, or 1."""
    sizes = [np.sqrt(np.mean(np.square(p.start))) or 1.0 for p in potential.model.parameters for _ in p.start]
    scale = np.array(sizes)[problem.free]
    strength = 0.1 if ridge is None else ridge
    # energies of free atoms are no part of a network: nothing draws them to 0
    drawn = np.array([not name.startswith("reference.") for name in problem.names])
    return Prior(np.where(drawn, strength / scale**2, 0.0), np.zeros(len(scale)))


def _linear_solved(problem: Residuals, potential: Potential, prior: Prior) -> Array:
    """Start values with the linear parameters solved for: the energies, above all, are far off without."""
    start = potential.theta[problem.free].copy()
    columns = np.flatnonzero(problem.linear)
    if len(columns):
        weight = np.maximum(prior.weight[columns], _LEAST_RIDGE)
        system = problem.linearize(start, columns)
        system = system.with_diagonal(np.sqrt(weight), np.sqrt(prior.weight[columns]) * start[columns])
        start[columns] += solve(system.jacobian, system.residual, system.noise)
    return np.clip(start, problem.lower, problem.upper)


def _remarks(found: Ended) -> tuple[Diagnostic, ...]:
    if found.converged:
        return ()
    message = f"the fit has not converged ({found.reason}) after {found.state.iteration} iterations"
    more = found.reason in ("iterations", "time", "interrupted")
    help = "raise --max-iterations or --time-limit and --resume" if more else None
    return (Diagnostic("not-converged", message, "warning", help=help),)


def first_order_fit(task: FitTask) -> FitResult:
    """The potential trained by `first_order`. Raises FitError not-finite-start."""
    potential, config = task.potential, task.config
    precision = config.precision or "float32"
    problem = Residuals(
        potential, task.structures, Sigmas.of(config.weights), config.memory_mb, precision=precision
    )
    epochs = config.max_iterations or 200

    def told(state: TrainState) -> bool | None:
        done = len(state.losses)
        task.report(Progress("train", done, float(state.losses[-1, 0]), done / epochs))
        task.store.save(state)
        return None

    options = TrainOptions(
        epochs=epochs,
        seed=config.seed,
        time_limit=config.time_limit,
        weight_decay=config.ridge or 0.0,
        clip=1e3,
    )
    found = train(
        value_and_gradient(problem),
        _linear_solved(problem, potential, _prior(potential, problem, config.ridge)),
        [train_batch(problem, item) for item in problem.batches()],
        options,
        bounds=(problem.lower, problem.upper),
        callback=told,
        resume=task.store.load(TrainState),
    )
    theta = potential.theta.copy()
    theta[problem.free] = np.asarray(found.theta)
    remarks: tuple[Diagnostic, ...] = ()
    if found.reason == "diverged":
        remarks = (Diagnostic("diverged", "training diverged: the best epoch before is kept", "warning"),)
    fitted = potential.with_theta(theta)
    return FitResult(fitted, found.reason == "epochs", found.reason, found.loss, remarks, None)
