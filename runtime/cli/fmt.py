"""`potentia fmt`: the one canonical layout of specs. Starts without jax."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer

from ...compiler.diagnostics.plain import plain
from . import console
from .spec_files import replace_text


def command(
    specs: Annotated[
        list[str], typer.Argument(metavar="SPEC...", show_default=False, help="Spec files; `-` reads stdin.")
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help="Files stay as they are; the exit code is 1 where one would change."),
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Files stay as they are; print the changes.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Write specs in the canonical layout. Words and comments are kept.

    \b
    Examples:
      potentia fmt nb.pes
      potentia fmt --check specs/*.pes
      potentia fmt --diff nb.pes
      cat nb.pes | potentia fmt -
    """
    from ...compiler.diagnostics.diagnostic import Diagnostic, UserError
    from ...compiler.diagnostics.files import read_source
    from ...compiler.syntax.formatter import format_source

    changed: list[str] = []
    wrong: list[Diagnostic] = []
    for spec in specs:
        try:
            source = read_source(Path(spec))
            old = source.text
            new = format_source(old, source.name)
        except UserError as error:
            wrong += error.diagnostics
            continue
        if new != old:
            changed.append(spec)
        if diff:
            lines = difflib.unified_diff(
                old.splitlines(), new.splitlines(), spec, f"{spec} (formatted)", lineterm=""
            )
            for line in lines:
                console.result(line)
        elif not check:
            _write(spec, new, new != old)
    if wrong:
        raise UserError(wrong)
    _tell(changed, specs, check or diff, json)
    return int(bool(changed)) if check else 0


def _write(spec: str, text: str, changed: bool) -> None:
    """The new text in place of the old, whole or not at all."""
    if spec == "-":
        sys.stdout.write(plain(text) if sys.stdout.isatty() else text)
        return
    if not changed:
        return
    replace_text(Path(spec), text)


def _tell(changed: list[str], specs: list[str], only_looked: bool, json: bool) -> None:
    if json:
        console.result_json({"changed": changed})
    elif only_looked:
        for spec in changed:
            console.say(f"{spec} is not in canonical layout")
    elif changed and specs != ["-"]:
        console.say(f"formatted {', '.join(s for s in changed if s != '-')}")
