"""Fit a potential to data: the method chosen, starts, progress, checkpoints, and what the data could not
tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.diagnostics import Diagnostic, FitError
from ..compiler.linearity import linear_parameters
from ..compiler.sensitivities import Sensitivities
from .checkpoint import checkpoint_of, fingerprint, load_state, save_state
from .config import FitConfig
from .first_order import TrainOptions, TrainState, train
from .gradients import loss_gradients
from .information import of_system
from .least_squares import Fit, Options, Prior, State
from .normal import solve
from .potential import Potential
from .residuals import Residuals, Sigmas
from .starts import StartsState, minimize_from_starts
from .structures import Structure
from .training_data import check_rows

Array = NDArray[np.float64]

# more parameters than this and a step of least squares costs more than it brings: first-order training
_MOST_ITERATED = 1500
# where all parameters are linear one step is the whole fit
_MOST_LINEAR = 5000
# settings that a resumed fit may change
_MAY_CHANGE = ("max_iterations", "time_limit", "memory_mb")


@dataclass(frozen=True)
class Progress:
    """Where a fit stands. fraction: of the present pass over the data, or of the whole training; 0 to 1."""

    stage: str
    iteration: int
    loss: float
    fraction: float


@dataclass(frozen=True, eq=False)
class FitResult:
    """A fitted potential. sensitivities: what the data say at its end, None of first-order fits; history
    (iterations, …): the optimiser's own rows.
    """

    potential: Potential
    converged: bool
    reason: str
    loss: float
    warnings: tuple[Diagnostic, ...]
    sensitivities: Sensitivities | None
    history: Array

    @property
    def covariance(self) -> Array | None:
        """s² (JᵀJ)⁺ (P_free, P_free), s² = 2·loss/(rows − P_free), where that is known."""
        known = self.sensitivities
        return known.covariance if known and known.freedom > 0 else None

    @property
    def root(self) -> Array | None:
        """A (P_free, P_free) with A Aᵀ the covariance, undetermined directions in it, where that is known."""
        known = self.sensitivities
        return known.spread if known and known.freedom > 0 else None


Report = Callable[[Progress], None]


def fit(
    potential: Potential,
    structures: Sequence[Structure],
    config: FitConfig,
    *,
    folder: Path | None = None,
    resume: bool = False,
    report: Report | None = None,
) -> FitResult:
    """The potential with its free parameters fitted to energies, forces and stress of the structures.

    folder: where checkpoints go, beside what the run will hold; resume goes on from the one that is there,
    to the same result as without the interruption. Ctrl-C ends with the best so far. Raises FitError,
    ArtifactError.
    """
    told = report or (lambda progress: None)
    free = potential.n_parameters
    if free == 0:
        return FitResult(potential, True, "nothing to fit", 0.0, (), None, np.zeros((0, 4)))
    check_rows(potential.model, structures)
    store = _Store(folder, resume, _depends_on(potential, structures, config))
    method = config.method
    if method == "auto":
        method = "least-squares" if free <= _most_least_squares(potential) else "first-order"
    result = (_least_squares if method == "least-squares" else _first_order)(
        potential, structures, config, store, told
    )
    store.finish(result.reason)
    return result


def _most_least_squares(potential: Potential) -> int:
    linear = linear_parameters(potential.model)
    trained = (p.name for p in potential.model.parameters if any(p.free))
    return _MOST_LINEAR if all(name in linear for name in trained) else _MOST_ITERATED


class _Store:
    """The checkpoint of a fit."""

    def __init__(self, folder: Path | None, resume: bool, depends_on: dict[str, str]) -> None:
        self.path = None if folder is None else checkpoint_of(folder)
        self.depends_on = depends_on
        self.resume = resume

    def load(self, kind: type[Any]) -> Any:
        """The state to go on from, None for a fit from the start."""
        if not self.resume:
            return None
        if self.path is None or not self.path.exists():
            message = "there is no interrupted fit to resume"
            raise FitError(
                Diagnostic("nothing-to-resume", message, place=str(self.path), help="run without --resume")
            )
        return load_state(self.path, kind, self.depends_on)

    def save(self, state: object) -> None:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            save_state(self.path, state, self.depends_on)

    def finish(self, reason: str) -> None:
        """A fit that came to its end leaves no checkpoint; one that was cut off keeps it."""
        if (
            self.path is not None
            and self.path.exists()
            and reason not in ("interrupted", "time", "iterations", "stopped")
        ):
            self.path.unlink()
            if not any(self.path.parent.iterdir()):
                self.path.parent.rmdir()


def _depends_on(potential: Potential, structures: Sequence[Structure], config: FitConfig) -> dict[str, str]:
    settings = {k: v for k, v in config.flat().items() if k not in _MAY_CHANGE}
    return fingerprint(spec=potential.text, config=settings, data=digest_of(structures))


def digest_of(structures: Sequence[Structure]) -> bytes:
    """What the fit sees of the data."""
    state = sha256()
    for s in structures:
        for part in (s.numbers, s.positions, s.cell, s.pbc, s.energy, s.forces, s.stress, s.weight):
            state.update(np.asarray(part if part is not None else np.nan).tobytes())
    return state.digest()


# --- least squares -----------------------------------------------------------------------------


def _least_squares(
    potential: Potential, structures: Sequence[Structure], config: FitConfig, store: _Store, report: Report
) -> FitResult:
    seen = [0, float("nan")]
    problem = Residuals(
        potential,
        structures,
        Sigmas.of(config.weights),
        config.memory_mb,
        lambda part: report(Progress("fit", int(seen[0]), seen[1], part)),
    )

    def told(state: StartsState) -> bool | None:
        current = state.current or state.best
        if isinstance(current, State):
            seen[:] = [current.iteration, current.loss]
        store.save(state)
        return None

    options = Options(
        max_iterations=config.max_iterations or 100,
        time_limit=config.time_limit,
        decrease_tolerance=config.tolerance,
    )
    start = potential.theta[problem.free]
    found = minimize_from_starts(
        problem,
        start,
        config.starts,
        config.seed,
        options=options,
        prior=prior_of(config, start),
        callback=told,
        resume=store.load(StartsState),
    )
    theta = potential.theta.copy()
    theta[problem.free] = found.theta
    known = of_system(found.system, problem.names, found.theta) if found.system.finite else None
    return FitResult(
        potential.with_theta(theta),
        found.converged,
        found.reason,
        found.loss,
        _remarks(found, problem),
        known,
        found.history,
    )


def prior_of(config: FitConfig, start: Array) -> Prior | None:
    """Ridge: ½ Σ ridge (θ/scale)², scale the size of the start value, or 1."""
    if not config.ridge:
        return None
    scale = np.where(start != 0, np.abs(start), 1.0)
    return Prior(config.ridge / scale**2, np.zeros_like(start))


def _remarks(found: Fit, problem: Residuals) -> tuple[Diagnostic, ...]:
    remarks = list(found.undetermined.diagnostics())
    if not found.converged:
        message = f"the fit has not converged ({found.reason}) after {found.state.iteration} iterations"
        help = (
            "raise --max-iterations or --time-limit and --resume"
            if found.reason in ("iterations", "time")
            else None
        )
        remarks.append(Diagnostic("not-converged", message, "warning", help=help))
    at_bound = [
        name
        for name, x, low, high in zip(problem.names, found.theta, problem.lower, problem.upper, strict=True)
        if x in (low, high)
    ]
    if at_bound:
        names = ", ".join(f"`{n}`" for n in at_bound[:8])
        remarks.append(
            Diagnostic("at-bound", f"at the end of their range: {names}", "warning", help="widen the bounds")
        )
    return tuple(remarks)


# --- first order -------------------------------------------------------------------------------


def _first_order(
    potential: Potential, structures: Sequence[Structure], config: FitConfig, store: _Store, report: Report
) -> FitResult:
    problem = Residuals(potential, structures, Sigmas.of(config.weights), config.memory_mb)
    value_and_gradient, batches = loss_gradients(problem)
    epochs = config.max_iterations or 200

    def told(state: TrainState) -> bool | None:
        done = len(state.losses)
        report(Progress("train", done, float(state.losses[-1, 0]), done / epochs))
        store.save(state)
        return None

    options = TrainOptions(
        epochs=epochs, seed=config.seed, time_limit=config.time_limit, weight_decay=config.ridge, clip=1e3
    )
    start = _energies_set(problem, potential)
    found = train(
        value_and_gradient,
        start,
        batches,
        options,
        bounds=(problem.lower, problem.upper),
        callback=told,
        resume=store.load(TrainState),
    )
    theta = potential.theta.copy()
    theta[problem.free] = np.asarray(found.theta)
    remarks: tuple[Diagnostic, ...] = ()
    if found.reason == "diverged":
        remarks = (Diagnostic("diverged", "training diverged: the best epoch before is kept", "warning"),)
    fitted = potential.with_theta(theta)
    return FitResult(
        fitted, found.reason == "epochs", found.reason, found.loss, remarks, None, found.state.losses
    )


def _energies_set(problem: Residuals, potential: Potential) -> Array:
    """Start values with the reference energies solved for: first-order training would take long to find
    them.
    """
    start = potential.theta[problem.free].copy()
    columns = np.array([k for k, n in enumerate(problem.names) if n.startswith("reference.")], dtype=np.intp)
    if len(columns):
        system = problem.linearize(start, columns)
        start[columns] -= solve(system.jacobian, system.residual, system.noise)
    return start
