"""`potentia export`: a potential in the file of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import Json, Quiet, Run

_TARGETS = ("nep",)


def command(
    run: Run,
    to: Annotated[str, typer.Option("--to", metavar="nep", help="The kind of file: nep.txt of GPUMD.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write a potential as nep.txt, where its formula is a NEP: a sum of `nep`, ZBL and reference energies.

    \b
    Examples:
      potentia export runs/nep --to nep -o nep.txt
    """
    from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
    from ..files.atomic import write_atomic
    from ..formats.nep.exporting import nep_of
    from ..formats.nep.importing import sentence
    from ..formats.nep.nep_file import text_of
    from ..runs.run_folder import load
    from .outputs import require_new_file

    if to not in _TARGETS:
        help = f"known: {', '.join(_TARGETS)}"
        raise ArtifactError(Diagnostic("unknown-target", f"there is no export to `{to}`", help=help))
    nep = nep_of(load(run))
    require_new_file(output, force)
    write_atomic(output, text_of(nep))
    console.say(f"wrote {sentence(nep.header)}", quiet)
    if json:
        console.result_json({"file": str(output), "version": nep.header.version, "numbers": nep.header.size})
    else:
        console.result(str(output))
    return 0
