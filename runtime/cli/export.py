"""`potentia export`: a potential in the form of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..formats.registry import formats
from . import console
from .observing import ConsoleObserver
from .options import Json, Quiet, Run

_KINDS = "; ".join(f"{f.name}: {f.file}, for {f.holds}" for f in formats().values())
_STYLES = ", ".join(f"{s} of {f.name}" for f in formats().values() for s in f.styles)


def command(
    run: Run,
    to: Annotated[str, typer.Option("--to", metavar="|".join(formats()), help=f"{_KINDS}.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PLACE", help="File or folder to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file or folder.")] = False,
    style: Annotated[
        str | None, typer.Option("--style", metavar="NAME", help=f"Another way to write: {_STYLES}.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write a potential in the form of another program: a file, where that has room for it, or a folder.

    \b
    Examples:
      potentia export runs/nep --to nep -o nep.txt
      potentia export runs/nb --to lammps -o nb-lammps
      potentia export runs/nb --to lammps --style native -o nb-eam
      potentia export runs/nb --to stablehlo -o nb-stablehlo
    """
    from ..api.export import export

    found = export(run, to, output, style=style, force=force, observer=ConsoleObserver(json, quiet))
    if json:
        console.result_json(found.to_dict())
    else:
        console.result(str(output))
    return 0
