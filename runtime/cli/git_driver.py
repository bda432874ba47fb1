"""What git shows of a spec: its own `diff` and `log` call these, as `potentia git-setup` tells them to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError, UserError
from ...compiler.diagnostics.files import read_source
from ...compiler.diagnostics.plain import plain
from ...compiler.diagnostics.render import as_text as diagnostics_text
from ...compiler.diagnostics.source import Source
from ...compiler.difference.listing import listing
from ...compiler.difference.sides import build_side, species_of
from ...compiler.program import Program
from ..comparison.comparing import compared
from ..comparison.difference_text import painter
from ..runs.versions import Version

_NOTHING = "/dev/null"


def changed_file(arguments: Sequence[str], colour: bool) -> str:
    """Changes in one file, from the arguments that git gives to an external diff command: path, old
    file, its digest and mode, new file, its digest and mode, and for a renamed file the new path and what
    else git says of it. For a file with conflicts the path alone.
    """
    if len(arguments) not in (1, 7, 9):
        message = f"git gives 7 arguments to a diff command, not {len(arguments)}"
        raise SpecError(Diagnostic("usage", message, help="`potentia git-setup` sets git up to call this"))
    path = arguments[0]
    if len(arguments) == 1:
        return plain(f"{path}: has conflicts; `potentia check --conflicts {path}` looks at both sides")
    new_path = arguments[7] if len(arguments) == 9 else path
    old, new = arguments[1], arguments[4]
    head = plain(f"potentia diff a/{path} b/{new_path}")
    if _NOTHING in (old, new):
        what, kept = ("new", (new, new_path)) if old == _NOTHING else ("removed", (old, path))
        mark = "+" if what == "new" else "-"
        listed = _listing(_named(*kept)).splitlines()
        lines = [f"  {painter(colour)(mark, mark)} {plain(line)}" for line in listed]
        return "\n".join([f"{head}: {what}", *lines])
    versions = Version(f"a/{path}", _named(old, path)), Version(f"b/{new_path}", _named(new, new_path))
    found = compared(*versions)
    parts = [head, *([diagnostics_text(found.faults)] if found.faults else [])]
    return "\n".join([*parts, found.text(colour)])


def shown(arguments: Sequence[str], colour: bool, textconv: bool) -> str:
    """The output for git; errors too, for git gives up where a command of its own fails."""
    try:
        return plain(listed(arguments)) if textconv else changed_file(arguments, colour)
    except UserError as error:
        return diagnostics_text(error.diagnostics)


def listed(arguments: Sequence[str]) -> str:
    """The meaning of a spec, a fact a line; the text itself where it is not valid."""
    if len(arguments) != 1:
        message = f"git gives one file to be listed, not {len(arguments)}"
        raise SpecError(Diagnostic("usage", message, help="`potentia git-setup` sets git up to call this"))
    return _listing(read_source(Path(arguments[0]))).rstrip("\n")


def _named(file: str, path: str) -> Source:
    """The text that git lays into a file of its own, under the name that it has in the repository: what it
    imports is read from there, at whose top git calls.
    """
    return replace(read_source(Path(file)), name=path, include=(Path(),))


def _listing(source: Source) -> str:
    try:
        checked = Program.of(source).checked
        return listing(build_side(checked, species_of(checked, None)))
    except SpecError:
        return source.text
