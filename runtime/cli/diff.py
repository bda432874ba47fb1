"""`potentia diff`: changes of meaning from one version of a potential to another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from . import console
from .observing import ConsoleObserver
from .options import Form, Include, Json, Markdown, Quiet, SpeciesOption, form_of, species_list

if TYPE_CHECKING:
    from ...compiler.diagnostics.diagnostic import Diagnostic
    from ..data.labels import LabelKeys
    from ..structures.structure import Structure

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
        form = form_of(json, markdown)
        return _compared(versions, _Asked(chosen, numeric, data, html, gate, form, colour, include, quiet))
    except UserError as error:
        console.report(error.diagnostics, json)
        return TROUBLE


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


def _compared(words: list[str], asked: _Asked) -> int:
    from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError
    from ..api.diff import diff

    if len(words) != 2:
        message = "two versions are compared: `potentia diff A B`"
        raise SpecError(Diagnostic("usage", message, help="`potentia diff --help` lists their forms"))
    found = diff(
        *words,
        species=asked.species,
        numeric=asked.numeric,
        data=asked.data,
        html=asked.html,
        gate=asked.gate,
        include=asked.include or (),
        observer=_Heard(asked.form, asked.quiet),
    )
    if asked.json:
        console.result_json(found.to_dict())
    elif asked.form == "markdown":
        console.result(found.answer.markdown())
    else:
        console.result(found.answer.text(asked.colour), coloured=True)
    return int(found.is_refused)


class _Heard(ConsoleObserver):
    """An answer in another form than text has labels and faults in itself."""

    def __init__(self, form: Form, quiet: bool) -> None:
        super().__init__(form == "json", quiet)
        self.form = form

    def labels_read(
        self, structures: Sequence[Structure], keys: LabelKeys, remarks: Sequence[Diagnostic]
    ) -> None:
        if self.form == "text":
            super().labels_read(structures, keys, remarks)

    def refused(self, faults: Sequence[Diagnostic]) -> None:
        if self.form == "text":
            console.report(faults)
