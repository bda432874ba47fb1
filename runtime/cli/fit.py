"""`potentia fit`: from a spec and data to a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...compiler.warnings import warnings_of_fitted
from ..data.config import DataConfig
from ..residuals.config import FitConfig
from . import console, together
from .interruption import INTERRUPTED, keeping, keeping_checkpoint
from .labels import say_labels
from .options import Config, Data, Include, Json, Quiet, Spec
from .setting_options import Given, having, options_of
from .spec_warnings import warn
from .targets import fit_by
from .threads import one_thread_each

if TYPE_CHECKING:
    from ...compiler.diagnostics.diagnostic import Diagnostic
    from ...compiler.program import Program
    from ..data.dataset import TrainingData
    from ..evaluation.errors import ErrorData
    from ..fitting.result import FitResult
    from ..potential.potential import Potential
    from ..runs.lineage import Step


Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the run. [runs/NAME OF THE SPEC]"),
]

Begin = Annotated[
    Path | None, typer.Option("--from", metavar="RUN", help="Run whose parameters are the start values.")
]


Plot = Annotated[bool, typer.Option("--plot", help="A parity plot is saved in the run: parity.png.")]


@having(
    test=options_of(DataConfig, "data", only=["test"]),
    search=options_of(FitConfig),
    labels=options_of(DataConfig, "data", without=["test"]),
)
def command(
    spec: Spec,
    *,
    data: Data,
    test: Given,
    output: Output = None,
    config: Config = None,
    include: Include = None,
    begin: Begin = None,
    search: Given,
    labels: Given,
    resume: Annotated[bool, typer.Option("--resume", help="Resume a fit that was interrupted.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing run.")] = False,
    plot: Plot = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Fit the parameters of a spec to labelled structures and save the run.

    \b
    Examples:
      potentia fit nb.pes --data nb.xyz --test split=test -o runs/nb
      potentia fit nb.pes --data nb.xyz --test 0.1 --seed 3 --starts 8
      potentia fit nb.pes --data a.xyz --data b.xyz --stress-unit GPa --config run.toml
      potentia fit nb.pes --data nb.xyz -o runs/nb --resume
      potentia fit more.pes --data nb.xyz --from runs/nb
    """
    one_thread_each()
    from ...compiler.program import Program
    from ..files.lock import only_writer_of
    from ..residuals.config import load_config
    from .outputs import require_new_run

    settings = load_config(config, {**search, **labels, **test})
    folder = output or Path("runs") / spec.stem
    program = Program.read(spec, include or ())
    # before the data: its faults are told at once
    told = warn(program, json, quiet) if program.named_species else ()
    require_new_run(folder, force, resume)
    keeping_checkpoint(folder, "the fit so far is kept", saves=True)
    with only_writer_of(folder):
        training, potential = _prepared(program, data, settings)
        if not program.named_species:  # it is built once the data have said them
            told = warn(potential.program, json, quiet)
        if begin is not None:
            potential = _begun(potential, begin, quiet)
        if not quiet:
            _introduce(data, training, potential, json)
        fit_by(potential, settings, json, quiet)
        result = _fitted(potential, training, settings, folder, resume, quiet)
        metrics = saved(folder, result, training, settings, f"fitted from {spec}", plot=plot, quiet=quiet)
        _finished(folder, result.reason)
    if not quiet:
        console.report((*result.warnings, *_new_warnings(result.potential, told)), json)
    return _ended(folder, result, metrics, json, quiet)


def _ended(
    folder: Path, result: FitResult, metrics: dict[str, ErrorData | None], json: bool, quiet: bool
) -> int:
    is_cut = "interrupt" in result.reason
    keeping(folder, f"the run is saved in {folder}" + ("; go on with `--resume`" if is_cut else ""))
    ended = "converged" if result.converged else "not converged"
    console.say(f"{ended} ({result.reason}); saved in {folder}", quiet)
    _tell(result.potential, metrics, json)
    return INTERRUPTED if is_cut else 0


def _finished(folder: Path, reason: str) -> None:
    from ..fitting.checkpoint import finish

    finish(folder, reason)


def _new_warnings(fitted: Potential, told: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """The warnings about the fitted parameters of kinds that were not told before."""
    before = {d.code for d in told}
    found = warnings_of_fitted(fitted.program.checked, fitted.model, fitted.theta)
    return [d for d in found if d.code not in before]


def _begun(potential: Potential, run: Path, quiet: bool) -> Potential:
    from ..runs.run_folder import load
    from ..runs.warm_start import warm_start

    started, count = warm_start(potential, load(run))
    console.say(f"start   {count} of {len(started.theta)} numbers from {run}", quiet)
    return started


def _prepared(program: Program, data: list[str], config: FitConfig) -> tuple[TrainingData, Potential]:
    """Data and potential that fit together. Raises UserError."""
    from ..data.dataset import potential_for, read_training_data

    training = read_training_data(data, config.data, config.weights.config_type, config.seed)
    return training, potential_for(program, training.species, config.reference_energies)


def _introduce(data: list[str], training: TrainingData, potential: Potential, json: bool) -> None:
    """The data that were read, and the model that is fitted."""
    from .summary import sentence

    train, test = training.train, training.test
    atoms = sum(s.n_atoms for s in (*train, *test))
    total = console.counted(len(train) + len(test), "structure")
    console.say(
        f"data    {', '.join(data)}: {total}, {atoms} atoms; {len(train)} to train, {len(test)} to test"
    )
    say_labels((*train, *test), training.keys, (), json, quiet=False)
    console.say(f"model   {sentence(potential.model)}")
    together.introduce()
    console.report(training.warnings, json)


def _fitted(
    potential: Potential, training: TrainingData, config: FitConfig, folder: Path, resume: bool, quiet: bool
) -> FitResult:
    from ..fitting.fit import fit
    from .progress import fitting

    with fitting(quiet) as report:
        return fit(
            potential,
            training.train,
            config,
            folder=folder,
            resume=resume,
            on_progress=report,
            team=together.team(),
        )


def saved(
    folder: Path,
    result: FitResult,
    training: TrainingData,
    config: FitConfig,
    origin: str,
    lineage: Sequence[Step] = (),
    *,
    plot: bool = False,
    quiet: bool = False,
) -> dict[str, ErrorData | None]:
    """The errors on train and test; the run is written."""
    from ..evaluation.errors import compare
    from ..evaluation.parity import save_parity
    from ..runs.run_folder import save
    from .progress import counting
    from .targets import evaluate_by

    parts = {name: part for name, part in (("train", training.train), ("test", training.test)) if part}
    predicted = {}
    evaluator = evaluate_by(result.potential, "auto", json=False, quiet=True)
    for name, structures in parts.items():
        with counting(f"errors on {name}", len(structures), quiet) as progress:
            predicted[name] = evaluator.predict(result.potential.theta, structures, progress)
    metrics: dict[str, ErrorData | None] = {"train": None, "test": None}
    metrics |= {name: compare(parts[name], predicted[name]).as_dict() for name in parts}
    save(
        folder,
        result.potential,
        covariance=result.covariance,
        root=result.root,
        training=None if result.curve is None else result.curve.csv(),
        replace=True,
        train=metrics["train"],
        test=metrics["test"],
        config=config.flat(),
        data=training.digests,
        labels=training.keys.echo(),
        warnings=[d.message for d in (*training.warnings, *result.warnings)],
        converged=result.converged,
        reason=result.reason,
        origin=origin,
        lineage=list(lineage),
    )
    if plot:
        save_parity(folder / "parity.png", {name: (parts[name], predicted[name]) for name in parts})
        console.say(f"parity plot: {folder / 'parity.png'}", quiet)
    return metrics


def _tell(potential: Potential, metrics: dict[str, ErrorData | None], json: bool) -> None:
    from .errors import error_table

    if json:
        console.result_json({"n_parameters": potential.n_parameters, **metrics})
    else:
        console.result(f"{console.counted(potential.n_parameters, 'trained parameter')}")
        console.result(error_table(metrics))
