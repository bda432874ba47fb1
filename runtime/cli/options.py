"""Options that several commands have, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ...compiler.chemistry.elements import symbols
from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError


def _matching(files: list[str] | None) -> list[str] | None:
    """Files, and those that match a pattern. Raises DataError: missing-file."""
    from ..data.names import matching

    return matching(files) if files else files


Form = Literal["text", "json", "markdown"]
Spec = Annotated[Path, typer.Argument(metavar="SPEC", help="Spec file, .pes.", show_default=False)]
Run = Annotated[
    Path, typer.Argument(metavar="RUN", help="Run: a folder that `fit` wrote.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object; errors are JSON on stderr.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown, as for a pull request.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No messages and no progress.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="A line for each iteration; --quiet is stronger.")
]
SpeciesOption = Annotated[
    str | None, typer.Option("--species", metavar="Nb,W", help="Species, for a spec that names none.")
]
Include = Annotated[
    list[Path] | None,
    typer.Option("--include", metavar="DIR", help="Folder that imports may be read from, beside the spec's."),
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="run.toml", help="Configuration file; flags override it.")
]
Data = Annotated[
    list[str],
    typer.Option(
        "--data",
        metavar="FILE",
        callback=_matching,
        help="Labelled structures; `FILE@:10` takes ten; a pattern in quotes: 'calc/*/OUTCAR'.",
    ),
]
MovedData = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="FILE", callback=_matching, help="Data of the fit, where they have moved."
    ),
]
AllowDataChange = Annotated[
    bool, typer.Option("--allow-data-change", help="Data that differ from those of the fit are a warning.")
]
Target = Annotated[
    str,
    typer.Option(
        "--target",
        metavar="NAME",
        help="Who evaluates the model: cpp, xla, reference, or auto (cpp where a compiler works, else xla).",
    ),
]


def species_list(text: str | None) -> tuple[str, ...] | None:
    """`Nb,W` as names."""
    return symbols(text) or None


def form_of(json: bool, markdown: bool) -> Form:
    """The form of an answer. Raises SpecError where two are asked for."""
    if json and markdown:
        message = "`--json` and `--markdown` are two forms of one answer"
        raise SpecError(Diagnostic("usage", message, help="give one of them"))
    return "json" if json else "markdown" if markdown else "text"
