"""`potentia active`: dynamics, labels for unknown environments, a fit, and again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..active.config import StopConfig
from . import console
from .labels import say_labels
from .options import Json, Quiet
from .setting_options import Given, having, options_of
from .spec_warnings import warn
from .threads import one_thread_each

if TYPE_CHECKING:
    from ..active.loop import Learned, Round
    from ..active.study import Study

_ENDS = {
    "converged": "converged: failures and new structures are few enough",
    "nothing new": "stopped: trajectories fail, and none of their frames is new",
    "no frames": "stopped: trajectories fail before a physical frame is written: make `write_every` less",
    "rounds": "stopped at the number of rounds; run again with more to go on",
}


@having(stop=options_of(StopConfig, "stop"))
def command(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG.toml", help="Configuration: spec, data, dynamics, labels.", show_default=False
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the study.")],
    *,
    stop: Given,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Run code that the configuration names as its calculator.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Explore by dynamics, label unknown structures and fit, until no run fails and no structure is new.

    A second call with the same folder resumes the study. FOLDER/model is the last run.

    \b
    Examples:
      potentia active llzo.toml -o studies/llzo
      potentia active llzo.toml -o studies/llzo --rounds 20
    """
    one_thread_each()
    from ..active.config import load_active
    from ..active.coverage import save_coverage, save_rounds
    from ..active.loop import learn
    from ..active.study import agreement, study_of
    from ..files.lock import only_writer_within
    from .interruption import keeping
    from .progress import staging

    settings = load_active(config, stop)
    keeping(output, f"finished work is kept in {output}; the same command goes on")
    with only_writer_within(output):
        with staging("active", quiet) as report:
            study = study_of(settings, config, output, report, allow_code=allow_code)
            warn(study.potential.program, json, quiet)
            if not quiet:
                _introduce(study, json)
            remarks = agreement(study)
            if not quiet:
                console.report(remarks, json)
            learned = learn(study)
        save_coverage(study, learned.rounds, output / "coverage.png")
        save_rounds(learned, output / "rounds.png")
    _tell(study, learned, json)
    return 0


def _introduce(study: Study, json: bool) -> None:
    train, test, explored = study.data.train, study.data.test, study.config.explore
    console.say(f"data    {console.counted(len(train), 'structure')} to begin with, {len(test)} to test")
    console.say(f"model   {', '.join(study.potential.species)}; {study.potential.n_parameters} parameters")
    hot = ", ".join(f"{t:g}" for t in explored.temperatures)
    console.say(f"explore {console.counted(explored.runs, 'run')} each at {hot} K")
    console.say(f"labeller {study.config.label.calculator}")
    say_labels((*train, *test), study.data.keys, study.data.warnings, json, quiet=False)


def _tell(study: Study, learned: Learned, json: bool) -> None:
    model = str(learned.model)
    if json:
        rounds = [r.as_dict() for r in learned.rounds]
        found = {"reason": learned.reason, "structures": learned.structures, "model": model}
        console.result_json({"rounds": rounds, **found})
        return
    console.result(round_table(learned.rounds))
    for r in learned.rounds:
        for place, reason in r.refused.items():
            console.result(f"not labelled: {place}: {reason}")
    console.result(_ENDS[learned.reason])
    count = console.counted(learned.structures, "structure")
    console.result(f"pictures: {study.folder / 'coverage.png'}, rounds.png")
    console.result(console.saved(count, model))


def round_table(rounds: tuple[Round, ...]) -> str:
    """A row a round; errors in meV/atom and meV/Å."""
    head = ["round", "structures", "failed", "ratio", "frames", "uncertain", "new", "labelled"]
    rows = [[*head, "test E", "test F", "new E", "new F"]]
    rows.append([*("" for _ in head), *(("meV/atom", "meV/Å") * 2)])
    for r in rounds:
        failed = f"{r.failures}/{len(r.outcomes)}"
        seen = [str(r.selection.frames), str(r.selection.uncertain), str(r.new), str(r.labelled)]
        cells = [str(r.number), str(r.trained), failed, f"{100 * r.failure_ratio:.0f} %", *seen]
        rows.append([*cells, *_errors(r.test), *_errors(r.surprise)])
    return console.table(rows)


def _errors(found: dict[str, float] | None) -> list[str]:
    keys = ("energy_rmse_ev_per_atom", "forces_rmse_ev_per_ang")
    return [f"{1e3 * found[k]:.2f}" if found and k in found else "-" for k in keys]
