"""`potentia diff`: changes of meaning from one version of a potential to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from . import console
from .options import Include, Json, Quiet, SpeciesOption, species_list

if TYPE_CHECKING:
    from ...compiler.difference.compare import Difference
    from ..comparison.numeric_difference import NumericDifference
    from .comparing import Compared
    from .diff_runs import RunsCompared

SCHEMA = 1  # of the JSON; raised when a field changes its meaning or goes
TROUBLE = 2  # nothing could be compared; 1 says that there is a difference


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
    colour: Annotated[
        bool | None, typer.Option("--color/--no-color", help="Colours. [on a terminal]")
    ] = None,
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
    1: different, or not proved the same. 2: not comparable.

    \b
    Examples:
      potentia diff nb.pes nb2.pes
      potentia diff HEAD~3:nb.pes nb.pes
      potentia diff v1.2.. nb.pes
      potentia diff v1.2..v1.3 nb.pes --json
      potentia diff runs/nb runs/small --numeric
      potentia diff runs/nb runs/new --data nb.xyz --html changes.html
    """
    from ...compiler.diagnostics.diagnostic import UserError

    colour = console.colours_result() if colour is None else colour
    chosen = species_list(species)
    try:
        if textconv or git:
            from .git_driver import shown

            console.result(shown(versions, colour, textconv), coloured=True)
            return 0
        return _compared(versions, _Asked(chosen, numeric, data, html, colour, include, json, quiet))
    except UserError as error:
        console.report(error.diagnostics, json)
        return TROUBLE


class _Asked(NamedTuple):
    species: tuple[str, ...] | None
    numeric: bool
    data: list[str] | None
    html: Path | None
    colour: bool
    include: list[Path] | None
    json: bool
    quiet: bool


def _compared(words: list[str], asked: _Asked) -> int:
    from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError
    from ..runs.versions import read_versions
    from .comparing import compared
    from .spec_warnings import report_versions

    if len(words) != 2:
        message = "two versions are compared: `potentia diff A B`"
        raise SpecError(Diagnostic("usage", message, help="`potentia diff --help` lists their forms"))
    versions = read_versions(words, asked.include or ())
    found = compared(*versions, asked.species)
    report_versions(versions, asked.json, asked.quiet, asked.species)
    if found.faults and not asked.json:
        console.report(found.faults)
    measured = _measured(found.difference) if asked.numeric else None
    runs = _runs(found, asked)
    if asked.json:
        console.result_json(as_data(found, measured, runs))
    else:
        _tell(found, measured, runs, asked.colour)
    if asked.html is not None:
        from .diff_runs import save_page

        save_page(asked.html, found, runs, asked.quiet)
    return int(not found.is_same or (runs is not None and runs.differs))


def _runs(found: Compared, asked: _Asked) -> RunsCompared | None:
    """The comparison of two runs beyond their formulas."""
    if asked.data is None and (found.a.run is None or found.b.run is None):
        return None
    from .diff_runs import runs_compared

    return runs_compared(found, asked.data, asked.quiet or asked.json)


def _tell(
    found: Compared, measured: NumericDifference | None, runs: RunsCompared | None, colour: bool
) -> None:
    console.result(found.text(colour), coloured=True)
    if measured is not None:
        console.result(measured.sentence())
    if runs is not None:
        from .diff_runs import text

        console.result("\n" + text(runs))


def _measured(difference: Difference) -> NumericDifference | None:
    if difference.a is None or difference.b is None:
        return None
    from ..comparison.numeric_difference import sampled

    return sampled(difference)


def as_data(
    found: Compared, measured: NumericDifference | None, runs: RunsCompared | None
) -> dict[str, object]:
    """The JSON, as docs/diffing.md has it."""
    from dataclasses import asdict

    from ...compiler.diagnostics.render import as_json
    from ...compiler.difference.effect import DENSITY

    effect = None
    if found.effects is not None:
        before, after = map(asdict, found.effects)
        effect = {"density_per_ang3": DENSITY, "before": before, "after": after}
    return {
        "schema": SCHEMA,
        **found.as_dict(),
        "effect": effect,
        "numeric": None if measured is None else measured.as_dict(),
        "diagnostics": as_json(found.faults),
        **({"numbers": None, "physics": None} if runs is None else runs.as_dict()),
    }
