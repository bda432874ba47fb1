"""`potentia git-setup`: git shows the changes of meaning of specs."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import Json

ATTRIBUTE = "*.pes diff=potentia"


def command(
    folder: Annotated[
        Path,
        typer.Argument(metavar="[FOLDER]", help="Folder in the repository to set up.", show_default=False),
    ] = Path(),
    json: Json = False,
) -> int:
    """Make git show the changes of meaning in the spec files of a repository.

    Two lines are written into the configuration of the repository and one into .gitattributes.

    \b
    Examples:
      potentia git-setup
      potentia git-setup ../potentials
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    program = _program()
    settings = {
        "diff.potentia.command": f"{program} diff --git",
        "diff.potentia.textconv": f"{program} diff --textconv",
    }
    for name, value in settings.items():
        _git(top, "config", "--replace-all", name, value)
    added = _attributes(top / ".gitattributes")
    if json:
        console.result_json({"repository": str(top), "config": settings, "attributes_added": added})
        return 0
    for name, value in settings.items():
        console.result(f"git config {name} = {value}")
    console.result(f"{top / '.gitattributes'}: {ATTRIBUTE}{'' if added else ' (was there)'}")
    console.result("`git diff` and `git log -p --ext-diff` show changes; `git log -p` alone lists of facts")
    return 0


def _program() -> str:
    """The call of this program by git: by name where it is on the path."""
    if shutil.which("potentia"):
        return "potentia"
    return f"{shlex.quote(sys.executable)} -m potentia.runtime.cli.start"


def _attributes(path: Path) -> bool:
    """Add the line to .gitattributes unless it is there; whether it was added."""
    from ..files.atomic import write_atomic

    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if ATTRIBUTE in (line.strip() for line in text.splitlines()):
        return False
    start = text if text.endswith("\n") or not text else text + "\n"
    write_atomic(path, f"{start}{ATTRIBUTE}\n")
    return True


def _git(folder: Path, *arguments: str) -> str:
    """The output of git. Raises SpecError: not-a-repository, no-git, git-failed."""
    from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError

    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        what = "git is not installed, or not found" if folder.is_dir() else f"there is no folder `{folder}`"
        raise SpecError(Diagnostic("no-git", what)) from None
    if done.returncode == 0:
        return done.stdout
    if arguments[0] == "rev-parse":
        message = f"{folder.resolve()} is in no git repository"
        raise SpecError(Diagnostic("not-a-repository", message, help="`git init` makes one"))
    raise SpecError(Diagnostic("git-failed", f"git {arguments[0]} failed: {done.stderr.strip()}"))
