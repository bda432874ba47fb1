"""`potentia diff`: changes of meaning from one version of a potential to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from . import console
from .options import Include, Json, Quiet, SpeciesOption, species_list

if TYPE_CHECKING:
    from ...compiler.difference.compare import Difference
    from ..comparison.numeric_difference import NumericDifference
    from .comparing import Compared
    from .diff_runs import RunsCompared

TROUBLE = 2  # nothing could be compared; 1 says that there is a difference

Gate = Annotated[
    str | None,
    typer.Option(
        "--gate",
        metavar="KINDS",
        help="Kinds of change that make the exit code 1: formula, numbers, properties; others do not.",
    ),
]
Colour = Annotated[bool | None, typer.Option("--color/--no-color", help="Colours. [on a terminal]")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown, as for a pull request.")]


def command(
    versions: Annotated[
        list[str],
        typer.Argument(
            metavar="A B", show_default=False, help="Versions: specs, runs, REV:FILE; or REV.. FILE."
        ),
    ],
    species: SpeciesOption = None,
    numeric: Annotated[
        bool, typer.Option("--numeric", help="Energies and forces of random structures are compared too.")
    ] = False,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="FILE", help="Labelled structures for the errors of two runs."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="File for a page with all tables and curves."),
    ] = None,
    gate: Gate = None,
    markdown: Markdown = False,
    colour: Colour = None,
    git: Annotated[bool, typer.Option("--git", help="Arguments are those of a diff command of git.")] = False,
    textconv: Annotated[
        bool, typer.Option("--textconv", help="Print the meaning of one spec, for git.")
    ] = False,
    include: Include = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Print the changes of meaning between two versions of a potential; words, order and layout do not count.

    Parameters, errors and properties of two runs are compared too. Exit code 0: proved the same.
    1: different, or not proved the same; with `--gate`, different in that. 2: not comparable.

    \b
    Examples:
      potentia diff nb.pes nb2.pes
      potentia diff HEAD~3:nb.pes nb.pes
      potentia diff v1.2.. nb.pes
      potentia diff v1.2..v1.3 nb.pes --json
      potentia diff runs/nb runs/small --numeric
      potentia diff runs/nb runs/new --data nb.xyz --html changes.html
      potentia diff HEAD^1.. nb.pes --gate formula --markdown
    """
    from ...compiler.diagnostics.diagnostic import UserError

    colour = console.colours_result() if colour is None else colour
    chosen = species_list(species)
    try:
        if textconv or git:
            from .git_driver import shown

            console.result(shown(versions, colour, textconv), coloured=True)
            return 0
        form = _form(json, markdown)
        return _compared(versions, _Asked(chosen, numeric, data, html, gate, form, colour, include, quiet))
    except UserError as error:
        console.report(error.diagnostics, json)
        return TROUBLE


Form = Literal["text", "json", "markdown"]


class _Asked(NamedTuple):
    species: tuple[str, ...] | None
    numeric: bool
    data: list[str] | None
    html: Path | None
    gate: str | None
    form: Form
    colour: bool
    include: list[Path] | None
    quiet: bool

    @property
    def json(self) -> bool:
        return self.form == "json"


def _form(json: bool, markdown: bool) -> Form:
    from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError

    if json and markdown:
        message = "`--json` and `--markdown` are two forms of one answer"
        raise SpecError(Diagnostic("usage", message, help="give one of them"))
    return "json" if json else "markdown" if markdown else "text"


def _compared(words: list[str], asked: _Asked) -> int:
    from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError
    from ..runs.versions import read_versions
    from .comparing import compared
    from .diff_answer import Answer
    from .gate import changes, kinds_of
    from .spec_warnings import report_compared

    if len(words) != 2:
        message = "two versions are compared: `potentia diff A B`"
        raise SpecError(Diagnostic("usage", message, help="`potentia diff --help` lists their forms"))
    kinds = kinds_of(asked.gate)
    found = compared(*read_versions(words, asked.include or ()), asked.species)
    if not asked.quiet:
        report_compared(found, asked.json, asked.species)
    if found.faults and asked.form == "text":
        console.report(found.faults)
    measured = _measured(found.difference) if asked.numeric else None
    runs = _runs(found, asked)
    answer = Answer(found, measured, runs, changes(kinds, found, runs) if kinds else None)
    if asked.json:
        console.result_json(answer.as_dict())
    elif asked.form == "markdown":
        console.result(answer.markdown())
    else:
        console.result(answer.text(asked.colour), coloured=True)
    if asked.html is not None:
        from .diff_runs import save_page

        save_page(asked.html, found, runs, asked.quiet)
    return int(answer.is_refused)


def _runs(found: Compared, asked: _Asked) -> RunsCompared | None:
    """The comparison of two runs beyond their formulas."""
    if asked.data is None and (found.a.run is None or found.b.run is None):
        return None
    from .diff_runs import runs_compared

    return runs_compared(found, asked.data, asked.quiet or asked.form != "text")


def _measured(difference: Difference) -> NumericDifference | None:
    if difference.a is None or difference.b is None:
        return None
    from ..comparison.numeric_difference import sampled

    return sampled(difference)
