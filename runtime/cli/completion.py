"""`potentia completion`: a script with which a shell completes commands and options by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from . import console
from .options import Json


def command(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="Shell.", show_default=False)],
    json: Json = False,
) -> int:
    """Print a script that completes commands, options and files in a shell.

    All words are in the script, so that no process starts at the Tab key. Write it again after an upgrade.

    \b
    Examples:
      potentia completion bash > ~/.local/share/bash-completion/completions/potentia
      potentia completion zsh > ~/.zfunc/_potentia
      potentia completion fish > ~/.config/fish/completions/potentia.fish
    """
    from .command_words import command_words
    from .completion_scripts import SCRIPTS
    from .main import COMMANDS

    if shell not in SCRIPTS:
        raise typer.BadParameter(f"there is no completion for `{shell}`, but for {', '.join(SCRIPTS)}")
    script = SCRIPTS[shell]([command_words(name) for name in COMMANDS])
    if json:
        console.result_json({"shell": shell, "script": script})
    else:
        console.result(script.rstrip("\n"))
    return 0
