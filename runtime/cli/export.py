"""`potentia export`: a potential in the file of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..formats.registry import format_of, formats
from . import console
from .options import Json, Quiet, Run

_KINDS = "; ".join(f"{f.name}: {f.file}, for {f.holds}" for f in formats().values())


def command(
    run: Run,
    to: Annotated[str, typer.Option("--to", metavar="|".join(formats()), help=f"{_KINDS}.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write a potential as the file of another program, where its format has that formula.

    \b
    Examples:
      potentia export runs/nep --to nep -o nep.txt
    """
    from ..files.atomic import write_atomic
    from ..runs.run_folder import load
    from .outputs import require_new_file

    target = format_of(to)
    exported = target.write(load(run))
    require_new_file(output, force)
    write_atomic(output, exported.text)
    console.say(f"wrote {exported.sentence}", quiet)
    if json:
        console.result_json({"file": str(output), **exported.facts})
    else:
        console.result(str(output))
    return 0
