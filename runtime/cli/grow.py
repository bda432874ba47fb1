"""`potentia grow`: candidate terms for a fitted model, by the gain that its data predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .labels import say_training
from .options import AllowDataChange, Data, Json, Quiet, Run
from .spec_warnings import report_fitted
from .threads import one_thread_each

if TYPE_CHECKING:
    from ...compiler.reduction.extensions import Score


def command(
    run: Run,
    data: Data,
    candidate: Annotated[
        list[str],
        typer.Option("--candidate", metavar="TERM", help="Term to try; the option may be repeated."),
    ],
    allow_data_change: AllowDataChange = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Rank candidate terms by the decrease of the loss that each alone would bring, without a fit.

    The training structures are those of the fit. Nonlinear parameters of a candidate are held at their start.

    \b
    Examples:
      potentia grow runs/nb --data nb.xyz --candidate 'eam(rc=5)'
      potentia grow runs/nb --data nb.xyz --candidate 'pair(bessel4, rc=6)' --candidate 'morse(rc=5)'
      potentia grow runs/nb --data nb.xyz --candidate 'eam(rc=5)' --json
    """
    one_thread_each()
    from ..information.growth import ranked
    from ..runs.with_data import fitted_run_of
    from .progress import passing

    training = fitted_run_of(run, data, allow_data_change)
    report_fitted(training.potential, json, quiet)
    say_training(training, json, quiet)
    with passing("candidates", quiet) as progress:
        scores = ranked(training.potential, training.structures, training.config, candidate, progress)
    if json:
        console.result_json(
            {"run": str(run), "loss": scores[0].loss, "candidates": [_data(s) for s in scores]}
        )
    else:
        rows = [["term", "numbers", "gain: ΔL", "of L", "ΔBIC"], *map(_row, scores)]
        console.result(console.table(rows, indent=0))
    return 0


def _data(score: Score) -> dict[str, object]:
    return {
        "term": score.candidate.call,
        "numbers": score.numbers,
        "gain": score.gain,
        "delta_bic": score.delta_bic,
    }


def _row(score: Score) -> list[str]:
    share = f"{100 * score.gain / score.loss:.3g} %" if score.loss > 0 else "-"
    bic = "-" if score.delta_bic is None else f"{score.delta_bic:+.4g}"
    return [score.candidate.call, str(score.numbers), f"{score.gain:.4g}", share, bic]
