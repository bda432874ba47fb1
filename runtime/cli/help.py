"""`potentia help`: the help of a command, as `potentia COMMAND --help` has it."""

from __future__ import annotations

from typing import Annotated

import typer

from . import console
from .options import Json


def command(
    name: Annotated[
        str | None, typer.Argument(metavar="[COMMAND]", show_default=False, help="Command; else all of them.")
    ] = None,
    json: Json = False,
) -> int:
    """Print the help of a command, or the list of all.

    \b
    Examples:
      potentia help
      potentia help fit
      potentia help fit --json
    """
    from .command_words import command_words, require_known
    from .main import COMMANDS, main

    names = COMMANDS if name is None else (name,)
    for wanted in names:
        require_known(wanted)
    if json:
        console.result_json({"commands": [command_words(wanted).as_dict() for wanted in names]})
        return 0
    return main(["--help"] if name is None else [name, "--help"])
