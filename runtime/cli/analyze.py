"""`potentia analyze`: structure, clustering, diffusion and cell of trajectories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..analysis.settings import AnalysisSettings
from ..data.config import FileConfig
from . import console
from .options import Json, Quiet
from .setting_options import Given, having, options_of

if TYPE_CHECKING:
    from ..analysis.analysis import Analysis
    from ..analysis.ensemble import Ensemble


@having(given=options_of(AnalysisSettings), files=options_of(FileConfig))
def command(
    trajectory: Annotated[
        list[str],
        typer.Argument(
            metavar="TRAJ…", help="Trajectories: extended XYZ, or any format of ASE.", show_default=False
        ),
    ],
    *,
    skip: Annotated[
        str | None,
        typer.Option("--skip", metavar="PS", help="Time left out at the beginning: 5, or 20%. [0]"),
    ] = None,
    given: Given,
    files: Given,
    lags: Annotated[
        str | None,
        typer.Option("--lags", metavar="PS:PS", help="Lags between which the slope of the MSD is taken."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FOLDER", help="Folder for plots of g(r), MSD, distances, cell."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.json", help="File for all results and curves."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """g(r), smallest distances, clustering, diffusivity ± error and lattice parameters of trajectories.

    Several trajectories are runs of one material from different seeds; means and spreads are printed too.

    \b
    Examples:
      potentia analyze md.xyz --skip 10
      potentia analyze a.xyz b.xyz c.xyz --skip 20% --plot plots
      potentia analyze XDATCAR --interval 0.01 --json
      potentia analyze md.xyz --lags 2:10 --blocks 4 -o md.json
    """
    from ..analysis.analysis import analyze
    from ..analysis.ensemble import ensemble
    from ..analysis.settings import analysis_settings
    from .progress import passing

    settings = analysis_settings({**given, **_skipped(skip), **_lags(lags)})
    kind = FileConfig(**files).kind()
    _require(output, plot, trajectory)
    _require_different(trajectory)
    found = []
    for where in trajectory:
        with passing(Path(where).name, quiet) as report:
            found.append(analyze(where, settings, report, kind))
        if not quiet:
            console.report(found[-1].warnings, json)
    together = ensemble(found) if len(found) > 1 else None
    _write(found, together, output, plot, json, quiet)
    return 0


def _counted(found: list[Analysis]) -> str:
    return f"{len(found)} trajector{'y' if len(found) == 1 else 'ies'}"


def _require(output: Path | None, plot: Path | None, trajectories: list[str]) -> None:
    from ..api.outputs import JSON, require_result, require_writable

    if output is not None:
        require_result(output, JSON, trajectories)
    if plot is not None:
        require_writable(plot / "rdf.png")


def _require_different(trajectories: list[str]) -> None:
    from ..data.names import given_twice

    twice = given_twice(trajectories)
    if twice is not None:
        message = f"the trajectory `{twice}` is given twice"
        help = "means and spreads are of runs that differ: name each once"
        raise DataError(Diagnostic("bad-value", message, help=help))


def _bad(option: str, value: str, help: str) -> DataError:
    return DataError(Diagnostic("bad-value", f"`{option}` is `{value}`", help=help))


def _skipped(text: str | None) -> dict[str, float]:
    """`5`: ps; `20%`: a share of the frames."""
    if text is None:
        return {}
    number, percent = text.strip().removesuffix("ps").strip(), text.strip().endswith("%")
    try:
        value = float(number.removesuffix("%"))
    except ValueError:
        raise _bad("--skip", text, "write a time in ps, or a share of the frames: 20%") from None
    if percent and not 0 <= value < 100:
        raise _bad("--skip", text, "a share of the frames is at least 0% and less than 100%")
    return {"skip_share": value / 100} if percent else {"skip": value}


def _lags(text: str | None) -> dict[str, tuple[float, float]]:
    if text is None:
        return {}
    parts = text.split(":")
    try:
        low, high = map(float, parts)
    except ValueError:
        raise _bad("--lags", text, "write two times in ps: 2:10") from None
    return {"lags": (low, high)}


def _write(
    found: list[Analysis],
    together: Ensemble | None,
    output: Path | None,
    plot: Path | None,
    json: bool,
    quiet: bool,
) -> None:
    from json import dumps

    from ..analysis.tables import analysis_data, ensemble_data
    from ..files.atomic import write_atomic
    from .analysis_text import analysis_text, ensemble_text

    data = {
        "trajectories": [analysis_data(a) for a in found],
        "together": ensemble_data(together) if together else None,
    }
    if output is not None:
        write_atomic(output, dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
        console.say(console.saved(_counted(found), output), quiet)
    if plot is not None:
        from ..analysis.plots import save_plots

        for path in save_plots(plot, found):
            console.say(f"plot: {path}", quiet)
    if json:
        console.result_json(data)
        return
    console.result("\n\n".join(map(analysis_text, found)))
    if together is not None:
        console.result("\n" + ensemble_text(together))
