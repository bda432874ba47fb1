"""`potentia import`: a potential of another program as a spec and a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..formats.registry import read, readable
from . import console
from .options import Json, Quiet
from .spec_warnings import report_fitted

_KINDS = " or ".join(f.file for f in readable().values())


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help=f"A {_KINDS}.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PLACE",
            help="Folder of the run, or a .pes file with the run beside it.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Read a potential of another program as a short spec and a run with its parameters.

    \b
    Examples:
      potentia import nep.txt -o nep.pes
      potentia import nep.txt -o runs/nep
    """
    from ..api.outputs import require_new_file, require_new_run
    from ..files.atomic import write_atomic
    from ..runs.run_folder import save

    place = output or Path("runs") / file.name.partition(".")[0]
    spec = place if place.suffix == ".pes" else None
    folder = place.with_suffix("") if spec else place
    imported = read(file)
    potential = imported.potential
    report_fitted(potential, json, quiet)
    require_new_run(folder, force, resume=False)
    if spec is not None:
        require_new_file(spec, force)
    save(folder, potential, replace=force, origin=f"import of {file.name}")
    if spec is not None:
        write_atomic(spec, potential.text)
    console.say(f"read {imported.sentence}", quiet)
    if json:
        content = {
            "run": str(folder),
            "spec": str(spec) if spec else None,
            "species": list(potential.species),
        }
        console.result_json(content | {"n_parameters": potential.n_parameters})
    else:
        where = f"{spec}, and its numbers in {folder}" if spec else f"{folder}"
        console.result(f"{console.counted(potential.n_parameters, 'trained parameter')}: {where}")
    return 0
