"""`potentia explain`: the page of a diagnostic's code, from `docs/errors`. Starts without jax."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated

import typer

from ...compiler.diagnostics.diagnostic import Diagnostic, UserError, did_you_mean
from . import console
from .options import Json


def command(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]", show_default=False, help="Code of a diagnostic, as in `error[CODE]`."
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Explain the code of an error or a warning, with a wrong and a right example; or list all codes.

    \b
    Examples:
      potentia explain wrong-unit
      potentia explain
      potentia explain cutoff-discontinuity --json
    """
    if code is None:
        found = {name: _summary(page(name)) for name in codes()}
        if json:
            console.result_json({"codes": [{"code": n, "summary": s} for n, s in found.items()]})
        else:
            width = max(map(len, found))
            console.result("\n".join(f"{name:<{width}}  {summary}" for name, summary in found.items()))
        return 0
    text = page(code.strip().removeprefix("error[").removeprefix("warning[").removesuffix("]"))
    if json:
        console.result_json({"code": code, "summary": _summary(text), "page": text})
    else:
        console.result(_plain(text))
    return 0


def _folder() -> Traversable:
    return resources.files(__package__.partition(".runtime")[0]).joinpath("docs", "errors")


@cache
def codes() -> tuple[str, ...]:
    """All codes that have a page."""
    return tuple(sorted(f.name.removesuffix(".md") for f in _folder().iterdir() if f.name.endswith(".md")))


def page(code: str) -> str:
    """The page of a code, as Markdown. Raises UserError `unknown-code`."""
    if code not in codes():
        help = did_you_mean(code, codes()) or "`potentia explain` lists all codes"
        raise UserError(Diagnostic("unknown-code", f"there is no code `{code}`", help=help))
    return _folder().joinpath(f"{code}.md").read_text("utf-8")


def _summary(text: str) -> str:
    """The first sentence of a page."""
    body = " ".join(text.split("\n\n")[1].split())
    return re.split(r"(?<=[.:;])\s", body)[0].rstrip(".:;")


def _plain(text: str) -> str:
    """A page for the terminal: examples are indented, and the marks of Markdown gone."""
    lines, inside = [], False
    for line in text.rstrip().splitlines():
        if line.startswith("```"):
            inside = not inside
        else:
            lines.append("    " + line if inside and line else line.removeprefix("# "))
    return "\n".join(lines)
