"""A fit in first order, by AdamW on batches: of more parameters than the quasi-Newton method has room for."""

from __future__ import annotations

import numpy as np

from ...compiler.backends.xla.start import start
from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ..optimize.adamw import TrainOptions, TrainState, Vector, train
from ..optimize.methods import FIRST_ORDER
from ..residuals.gradients import of_batch
from ..residuals.outputs import outputs_of
from ..residuals.residuals import Residuals, Sigmas
from .endings import not_converged
from .methods import method
from .prior import linear_solved, prior_of
from .result import FitResult, Progress
from .task import FitTask


@method(FIRST_ORDER)
def first_order_fit(task: FitTask) -> FitResult:
    """The potential trained by `adamw`; the loss of all structures after each epoch says which parameters are
    kept. Raises FitError: not-finite-start, one-process."""
    potential, config = task.potential, task.config
    if task.team.size > 1:
        message = f"the method first-order runs in one process, and {task.team.size} were started"
        raise FitError(
            Diagnostic("one-process", message, help="start it without mpirun, or take another --method")
        )
    start()  # a training beside generated C++ is in double precision too
    by = outputs_of(potential, config.target, config.precision, in_reverse=True)
    problem = Residuals(potential, task.structures, Sigmas.of(config.weights), config.memory_mb, outputs=by)
    problem.deadline = task.deadline
    epochs = config.max_iterations or 200
    resumed = task.store.load(TrainState)

    task.curve.begin(None if resumed is None else resumed.seconds)

    def loss_at(theta: Vector) -> float:
        return problem.loss(np.asarray(theta, dtype=np.float64))

    def callback(state: TrainState) -> bool | None:
        done, loss = len(state.losses), float(state.losses[-1, 1])
        errors = problem.errors_at(np.asarray(state.theta, dtype=np.float64))
        task.curve.add(done, state.seconds, loss, errors)
        about = done, loss, max(done / epochs, task.deadline.share), errors
        task.on_progress(Progress("train", *about, left=task.deadline.left, is_step=True))
        task.store.save(state)
        return None

    options = TrainOptions(
        epochs=epochs,
        seed=config.seed,
        deadline=task.deadline,
        weight_decay=config.ridge or 0.0,
        clip=1e3,
    )
    found = train(
        lambda theta, item: of_batch(problem, np.asarray(theta, np.float64), item),
        linear_solved(problem, potential, prior_of(potential, problem, config.ridge)),
        list(problem.batches()),
        options,
        validate=loss_at,
        bounds=(problem.lower, problem.upper),
        callback=callback,
        resume=resumed,
    )
    if found.reason in ("time", "interrupted"):  # within an epoch too
        task.store.save(found.state)
    theta = potential.theta.copy()
    theta[problem.free] = np.asarray(found.theta)
    remarks: tuple[Diagnostic, ...] = ()
    if found.reason == "diverged":
        remarks = (Diagnostic("diverged", "training diverged: the best epoch before is kept", "warning"),)
    if found.reason in ("time", "interrupted"):
        done, before = len(found.state.losses), len(resumed.losses) if resumed else 0
        remarks = (not_converged(task, found.reason, done, done - before),)
    fitted = potential.with_theta(theta)
    return FitResult(fitted, found.reason == "epochs", found.reason, found.loss, remarks, None)
