"""The fit of a spec to data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.program import Program
from ...compiler.warnings import require_sound, warnings_of, warnings_of_fitted
from ..data.dataset import TrainingData, potential_for, potential_of_named, require_data_of
from ..files.lock import only_writer_of
from ..files.plain_data import Data
from ..potential.potential import Potential, read_spec
from ..presentation import html
from ..residuals.config import FitConfig, load_config
from ..runs.run_folder import FittedPotential, as_run, save
from ..runs.warm_start import name_of, require_tables, warm_start
from .errors import Errors, Judged, Parts, error_lines, error_table, errors_of, predictions
from .models import Model, potential_of
from .observer import SILENT, Observer, observer_of
from .options import FitOptions, flags
from .outputs import require_new_run
from .read_data import Dataset, Files, require_unread, training_data
from .targets import compile_fit, compiled_ahead, evaluate_by

if TYPE_CHECKING:
    from ..evaluation.labelled import Part
    from ..fitting.result import FitResult
    from ..potential.calculator import PotentiaCalculator
    from ..ranks.team import Team
    from ..runs.lineage import Step


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Judged):
    """A fitted potential with its errors on the structures of the fit and on those to test on.

    potential: loaded from `folder`, or in memory alone where folder is None.
    errors: `train` and `test`, RMSE and MAE in eV/atom, eV/Å and GPa; None where no structure is.
    converged, reason: the end of the search. loss: ½ Σ r² with the prior's part.
    config: all options, with their defaults. folder: the run; None where the fit is in memory alone.
    warnings: of the data, the spec and the fit.
    predicted: the structures of each part with their predictions.
    """

    potential: Potential
    errors: Errors
    converged: bool
    reason: str
    loss: float
    config: FitConfig
    folder: Path | None
    warnings: tuple[Diagnostic, ...] = ()
    predicted: Parts = field(default_factory=dict)

    def calculator(self, **options: Any) -> PotentiaCalculator:
        """An ASE calculator, as `Potential.calculator`."""
        return self.potential.calculator(**options)

    def lines(self) -> list[str]:
        ended = "converged" if self.converged else "not converged"
        where = "in memory" if self.folder is None else f"saved in {self.folder}"
        first = f"Fit: {self.potential.n_parameters} trained parameters; {ended} ({self.reason}); {where}"
        return [first, self.potential.lines()[1], *error_lines(self.errors)]

    def parts(self) -> list[str]:
        head = html.heading(self.lines()[0])
        return [head, error_table(self.errors), *self.potential.parts()]

    def to_dict(self) -> Data:
        """Plain data, as `potentia fit --json` prints it."""
        return {"n_parameters": self.potential.n_parameters, **self.errors}


def fit(
    spec: str | Path,
    data: Dataset | Files,
    *,
    output: str | Path | None = None,
    config: str | Path | None = None,
    include: Iterable[Path] = (),
    start: Model | None = None,
    resume: bool = False,
    force: bool = False,
    parity: bool = False,
    observer: Observer | None = None,
    team: Team | None = None,
    **options: Unpack[FitOptions],
) -> Fit:
    """The parameters of a spec fitted to labelled structures.

    spec: the text, or the path of a `.pes` file. data: from `read_data`, or files.
    output: the folder of the run; without one the fit is kept in memory, and has no checkpoint.
    config: a `run.toml`; options are over it. include: folders that imports may be read from.
    start: a model whose parameters are the start values of those that have the same names.
    resume: go on with an interrupted fit to `output`. force: replace a run that is there.
    parity: pictures of predictions, of errors by config type and of the learning curve are saved in the run.
    observer: is given warnings and progress; without one warnings become warnings of Python.
    team: the processes that share the work; this one alone by default.
    options: keys of `run.toml`, those of labels included where `data` are files; `weights` is a dict.
    Ctrl-C ends with the best parameters so far.
    Raises SpecError, DataError, FitError, ToolError; ConfigError for options; ArtifactError: run-exists,
    unwritable, in-use. The methods, with their sources, are described in docs/training.md.
    """
    seen, given = observer_of(observer), dict(options)
    require_unread(data, given)
    settings = _settings(config, given, data)
    program = Program.of(read_spec(spec, include))
    # before the data: its faults are told at once
    told = _warned(program, seen) if program.named_species else ()
    folder = None if output is None else Path(output)
    if folder is not None:
        require_new_run(folder, force, resume)
        seen.checkpoint_kept(folder, "the fit so far is kept", saves=True)
    with nullcontext() if folder is None else only_writer_of(folder):
        named = potential_of_named(program, settings.reference_energies) if program.named_species else None
        with compiled_ahead(named, settings):
            read, names = _read(data, settings, seen)
            if named is not None:
                require_data_of(program, read.species)
        potential = named or potential_for(program, read.species, settings.reference_energies)
        if named is None:  # it is built once the data have said its species
            told = _warned(potential.program, seen)
        potential = _started(potential, start, seen)
        seen.fit_prepared(names, read, potential)
        compile_fit(potential, settings, seen)
        result = _fitted(potential, read, settings, folder, resume, seen, team)
        origin = f"fitted from {_name(spec)}"
        found, errors, predicted = _judged(result, read, settings, folder, origin, parity, seen)
    warnings = (*result.warnings, *_new_warnings(found, told))
    seen.warned(warnings)
    ended = (result.converged, result.reason, result.loss)
    return Fit(found, errors, *ended, settings, folder, (*read.warnings, *warnings), predicted)


def _judged(
    result: FitResult,
    read: TrainingData,
    settings: FitConfig,
    folder: Path | None,
    origin: str,
    parity: bool,
    observer: Observer,
) -> tuple[Potential, Errors, Parts]:
    """The potential as it is saved, where there is a folder; its errors and predictions."""
    if folder is not None and "interrupt" in result.reason:  # before its errors are worked out
        save_fit(folder, result, errors_of({}), read, settings, origin, certified=False)
        observer.kept(folder, f"the run is saved in {folder}; go on with `--resume`")
    predicted = predicted_of(result.potential, read, observer)
    errors = errors_of(predicted)
    if folder is None:
        return result.potential, errors, predicted
    found = save_fit(folder, result, errors, read, settings, origin)
    _finish(folder, result, predicted, parity, observer)
    return found, errors, predicted


def _read(data: Dataset | Files, config: FitConfig, observer: Observer) -> tuple[TrainingData, list[str]]:
    with observer.working("reading"):
        return training_data(data, config)


def _settings(config: str | Path | None, options: Data, data: Dataset | Files) -> FitConfig:
    found = load_config(config, flags(options))
    if not isinstance(data, Dataset):
        return found
    seed = {} if "seed" in found.model_fields_set else {"seed": data.seed}
    return found.model_copy(update={"data": data.config, **seed})


def _name(spec: str | Path) -> str:
    """The spec in the history of a run."""
    return str(spec) if isinstance(spec, Path) or spec.endswith(".pes") else "a text"


def _warned(program: Program, observer: Observer) -> tuple[Diagnostic, ...]:
    """The warnings, heard. Raises SpecError where a likely mistake is an error."""
    found = require_sound(warnings_of(program.checked, program.model))
    observer.warned(found)
    return found


def _started(potential: Potential, start: Model | None, observer: Observer) -> Potential:
    if start is not None:
        run = potential_of(start, SILENT)
        potential, count = warm_start(potential, run)
        observer.remarked(f"start   {count} of {len(potential.theta)} numbers from {name_of(run)}")
    require_tables(potential)
    return potential


def _fitted(
    potential: Potential,
    read: TrainingData,
    config: FitConfig,
    folder: Path | None,
    resume: bool,
    observer: Observer,
    team: Team | None,
) -> FitResult:
    from ..fitting.fit import fit as search

    with observer.fitting() as report:
        return search(
            potential, read.train, config, folder=folder, resume=resume, on_progress=report, team=team
        )


def _finish(folder: Path, result: FitResult, predicted: Parts, parity: bool, observer: Observer) -> None:
    from ..evaluation.pictures import save_errors
    from ..fitting.checkpoint import finish
    from ..fitting.curve_plot import save_learning_curve

    if parity:
        for path in save_errors(folder / "parity.png", predicted):
            observer.remarked(f"plot: {path}")
        if result.curve is not None and len(result.curve.rows) > 1:  # a linear fit has one
            save_learning_curve(folder / "learning_curve.png", result.curve)
            observer.remarked(f"plot: {folder / 'learning_curve.png'}")
    finish(folder, result.reason)


def _new_warnings(fitted: Potential, told: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """The warnings about the fitted parameters of kinds that were not told before."""
    before = {d.code for d in told}
    found = warnings_of_fitted(fitted.program.checked, fitted.model, fitted.theta)
    return [d for d in found if d.code not in before]


# --- its run -----------------------------------------------------------------------------------


def predicted_of(potential: Potential, read: TrainingData, observer: Observer) -> dict[str, Part]:
    """The structures of both parts with their predictions."""
    with observer.working("compiling"):
        evaluator = evaluate_by(potential, "auto", SILENT)
    return predictions(potential.theta, evaluator, {"train": read.train, "test": read.test}, observer)


def save_fit(
    folder: Path,
    result: FitResult,
    errors: Errors,
    read: TrainingData,
    config: FitConfig,
    origin: str,
    lineage: Sequence[Step] = (),
    certified: bool = True,
) -> FittedPotential:
    """Write the run of a fit, in place of one that is there. certified: as `save` has it."""
    metadata = save(
        folder,
        result.potential,
        covariance=result.covariance,
        root=result.root,
        training=None if result.curve is None else result.curve.csv(),
        replace=True,
        certified=certified,
        train=errors["train"],
        test=errors["test"],
        config=config.flat(),
        data=read.digests,
        labels=read.keys.echo(),
        warnings=[d.message for d in (*read.warnings, *result.warnings)],
        converged=result.converged,
        reason=result.reason,
        origin=origin,
        lineage=list(lineage),
    )
    return as_run(result.potential, folder, metadata)
