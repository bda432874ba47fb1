"""`potentia fit`: from a spec and data to a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ..api.options import by_name
from ..data.config import DataConfig
from ..residuals.config import FitConfig
from . import console, recording, together
from .interruption import INTERRUPTED, keeping
from .observing import ConsoleObserver
from .options import Config, Data, Include, Json, Quiet, Spec, Verbose
from .setting_options import Given, having, options_of
from .threads import one_thread_each

if TYPE_CHECKING:
    from ..api.fit import Fit
    from ..api.options import FitOptions


Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the run. [runs/NAME OF THE SPEC]"),
]

Begin = Annotated[
    Path | None, typer.Option("--from", metavar="RUN", help="Run whose parameters are the start values.")
]


Plot = Annotated[
    bool, typer.Option("--plot", help="Plots of errors and learning are saved in the run: parity.png, …")
]


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
    verbose: Verbose = False,
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
    from ..api.fit import fit

    folder = output or Path("runs") / spec.stem
    recording.begin_fit(folder, resume, verbose)
    found = fit(
        spec,
        data,
        output=folder,
        config=config,
        include=include or (),
        start=begin,
        resume=resume,
        force=force,
        parity=plot,
        observer=ConsoleObserver(json, quiet),
        team=together.team(),
        **cast("FitOptions", by_name({**search, **labels, **test})),
    )
    return _ended(folder, found, json, quiet)


def _ended(folder: Path, found: Fit, json: bool, quiet: bool) -> int:
    from .errors import error_table

    is_cut = "interrupt" in found.reason
    keeping(folder, f"the run is saved in {folder}" + ("; go on with `--resume`" if is_cut else ""))
    ended = "converged" if found.converged else "not converged"
    console.say(f"{ended} ({found.reason}); saved in {folder}", quiet)
    if json:
        console.result_json(found.to_dict())
    else:
        console.result(f"{console.counted(found.potential.n_parameters, 'trained parameter')}")
        console.result(error_table(found.errors))
    recording.saved()
    return INTERRUPTED if is_cut else 0
