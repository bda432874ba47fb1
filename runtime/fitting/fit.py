"""The fit of a potential to data: choice of the method, progress, checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from ...compiler.analysis.linearity import linear_parameters
from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ..files.lock import only_writer_of
from ..files.states import checkpoint_of
from ..optimize.deadline import Deadline
from ..optimize.methods import AUTO, METHODS, Method, automatic
from ..potential.potential import Potential
from ..ranks.team import Team
from ..residuals.config import FitConfig
from ..structures.structure import Structure
from .checkpoint import FitCheckpoint, depends_on
from .learning_curve import FILE, LearningCurve
from .methods import fit_by
from .result import FitResult, OnProgress
from .task import FitTask


def fit(
    potential: Potential,
    structures: Sequence[Structure],
    config: FitConfig,
    *,
    folder: Path | None = None,
    resume: bool = False,
    on_progress: OnProgress | None = None,
    team: Team | None = None,
) -> FitResult:
    """The potential with its free parameters fitted to energies, forces and stress of the structures.

    structures: with labels in eV, eV/Å and eV/Å³.
    folder: the folder of the run, for checkpoints; `checkpoint.finish` removes them once the run is saved.
    The learning curve lies beside it, `learning_curve.csv`, and grows with each iteration.
    resume: start from the checkpoint in the folder; the result is that of a fit without interruption.
    on_progress: called with a `Progress` after each iteration or pass.
    team: the processes that share the work; None: this one alone.
    `config.time_limit` counts from this call on, also of a fit that is resumed. It and Ctrl-C end with the
    best parameters so far. Raises FitError, bad-weight where all weights are 0; ArtifactError, in-use where
    another process writes to the folder; TimeIsUp where the time is over before the linear parameters,
    reference energies among them, are solved for.
    """
    deadline = Deadline(config.time_limit)
    callback = on_progress or (lambda progress: None)
    free = potential.n_parameters
    if free == 0:
        return FitResult(potential, True, "nothing to fit", 0.0, (), None)
    if structures and not any(s.weight for s in structures):
        message = "every structure to train on has the weight 0"
        help = "look at `config_type` of `[weights]`, and at --weight-key"
        raise FitError(Diagnostic("bad-weight", message, help=help))
    with nullcontext() if folder is None else only_writer_of(folder):
        store = FitCheckpoint(folder, resume, depends_on(potential, structures, config))
        path = None if folder is None else checkpoint_of(folder).with_name(FILE)
        curve = LearningCurve(path)
        task = FitTask(potential, structures, config, store, callback, team or Team(), deadline, curve)
        return replace(fit_by(method_of(potential, config))(task), curve=curve.curve)


def method_of(potential: Potential, config: FitConfig) -> Method:
    """The method of the configuration, or the one that suits the potential."""
    if config.method != AUTO:
        return METHODS[config.method]
    linear = linear_parameters(potential.model)
    trained = (c.parameter.name for c in potential.model.vector.trained)
    return automatic(potential.n_parameters, all(name in linear for name in trained))
