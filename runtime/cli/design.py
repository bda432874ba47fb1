"""`potentia design`: from a catalogue and data to a front of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..data.config import DataConfig
from ..design.config import Budget
from . import console
from .labels import say_labels
from .options import Data, Json, Quiet
from .setting_options import Given, having, options_of
from .threads import one_thread_each

if TYPE_CHECKING:
    from ..design.config import DesignConfig
    from ..design.front_row import Row
    from ..design.study import Study


@having(
    labels=options_of(DataConfig, "data", without=["test"]),
    test=options_of(DataConfig, "data", only=["test"]),
    budget=options_of(Budget, "budget"),
)
def command(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG.toml", help="Configuration: catalogue, sizes, budget.", show_default=False
        ),
    ],
    *,
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the study.")],
    labels: Given,
    test: Given,
    budget: Given,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Compose potentials of growing size from a catalogue of terms, by their effect on the loss.

    A second call with the same folder resumes the study.

    \b
    Examples:
      potentia design specs/design/metal.toml --data nb.xyz --test split=test -o studies/nb
      potentia design metal.toml --data cu.xyz --test 0.1 --time-limit 3600 --workers 2 -o studies/cu
    """
    one_thread_each()
    from ..design.config import load_design
    from ..design.front import write_front
    from ..design.loop import design
    from ..runs.versions import read_version
    from .interruption import keeping
    from .progress import designing
    from .spec_warnings import report_versions

    settings = load_design(config, {**labels, **test, **budget})
    keeping(output, f"finished trials are kept in {output}; the same command goes on")
    study = _study(settings, config, data, output)
    if not quiet:
        _introduce(study, json)
    with designing(quiet) as report:
        found = design(study, report)
    rows = write_front(study, found.members)
    report_versions([read_version(row["run"]) for row in rows], json, quiet)
    if json:
        console.result_json({"front": rows, "left_out": list(found.left_out)})
    else:
        console.result(_table(rows))
        for reason in found.left_out:
            console.result(f"left out: {reason}")
        console.result(console.saved(console.counted(len(rows), "model"), study.folder / "front"))
    return 0


def _study(settings: DesignConfig, config: Path, data: list[str], output: Path) -> Study:
    from ..data.dataset import read_training_data
    from ..design.study import Study

    training = read_training_data(data, settings.data, settings.weights.config_type, settings.seed)
    return Study(settings, training, output, str(config))


def _introduce(study: Study, json: bool) -> None:
    train, test = study.data.train, study.data.test
    total = console.counted(len(train) + len(test), "structure")
    console.say(f"data    {total}: {len(train)} to train, {len(test)} to test")
    say_labels((*train, *test), study.data.keys, (), json, quiet=False)
    known = study.catalogue.material
    core = study.config.core or "none"
    console.say(f"model   {', '.join(known.species)}; d = {known.length:g} Å; core {core}")
    calls = [entry.term for entry in study.config.catalogue]
    console.say(f"pieces  {console.counted(len(calls), 'term')} in the catalogue")
    for call in set(calls) - set(study.affordable(["", *calls])):
        console.say(
            f"        `{call}` is left out: more than {study.config.most_columns} numbers with the others"
        )
    console.report(study.data.warnings, json)


def _table(rows: list[Row]) -> str:
    """The front; energies in meV/atom, forces in meV/Å."""
    parts = ("cv", "train", "test")
    head = ["parameters", *(f"{p} {kind}" for p in parts for kind in ("E", "F")), "operations/atom"]
    lines = [head]
    for row in rows:
        errors: list[float | None] = [row["cv"]["energy"], row["cv"]["forces"]]
        for found in (row["train"], row["test"]):
            if found is None:
                errors += [None, None]
            else:
                errors += [found.get("energy_rmse_ev_per_atom"), found.get("forces_rmse_ev_per_ang")]
        cells = ["-" if e is None else f"{1e3 * e:.2f}" for e in errors]
        lines.append([str(row["size"]), *cells, f"{row['operations']:.3g}"])
    return console.table(lines)
