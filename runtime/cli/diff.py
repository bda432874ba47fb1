"""`potentia diff`: what changed from one version of a potential to another, in meaning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from . import console
from .options import Json, Quiet, SpeciesOption, species_list

if TYPE_CHECKING:
    from ...compiler.diagnostics import Diagnostic
    from ...compiler.difference.compare import Difference
    from ...compiler.difference.effect import Effect
    from ..versions import Version
    from .diff_runs import RunsCompared

SCHEMA = 1  # of the JSON; raised when a field changes its meaning or goes
TROUBLE = 2  # nothing could be compared; 1 says that there is a difference


def command(
    versions: Annotated[
        list[str],
        typer.Argument(metavar="A B", show_default=False, help="Specs, runs, REV:FILE; or REV.. FILE."),
    ],
    species: SpeciesOption = None,
    numeric: Annotated[
        bool, typer.Option("--numeric", help="Compare energies and forces of random structures too.")
    ] = False,
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="FILE", help="Errors of two runs on structures.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Save a page: all tables, and curves of two runs."),
    ] = None,
    colour: Annotated[
        bool | None, typer.Option("--color/--no-color", help="Colours; by default on a terminal.")
    ] = None,
    git: Annotated[
        bool, typer.Option("--git", help="Called by git, with what it gives to a diff command.")
    ] = False,
    textconv: Annotated[
        bool, typer.Option("--textconv", help="Called by git: list what one spec means.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Say what changed between two versions of a potential, in meaning: not in words, order or layout.

    Of two runs also their numbers, errors and properties. Exit code 0: the same, proved. 1: different, or not
    proved the same. 2: nothing could be compared.

    \b
    Examples:
      potentia diff nb.pes nb2.pes
      potentia diff HEAD~3:nb.pes nb.pes
      potentia diff v1.2.. nb.pes
      potentia diff v1.2..v1.3 nb.pes --json
      potentia diff runs/nb runs/small --numeric
      potentia diff runs/nb runs/new --data nb.xyz --html changes.html
    """
    from ...compiler.diagnostics import UserError

    colour = console.colours_result() if colour is None else colour
    chosen = species_list(species)
    try:
        if textconv or git:
            from .git_driver import shown

            console.result(shown(versions, colour, textconv))
            return 0
        return _compared(versions, _Asked(chosen, numeric, data, html, colour, json, quiet))
    except UserError as error:
        console.report(error.diagnostics, json)
        return TROUBLE


class _Asked(NamedTuple):
    species: tuple[str, ...] | None
    numeric: bool
    data: list[str] | None
    html: Path | None
    colour: bool
    json: bool
    quiet: bool


def _compared(words: list[str], asked: _Asked) -> int:
    from ...compiler.diagnostics import Diagnostic, SpecError
    from ..versions import read_versions

    if len(words) != 2:
        message = "two versions are compared: `potentia diff A B`"
        raise SpecError(Diagnostic("usage", message, help="`potentia diff --help` shows what they can be"))
    versions = read_versions(words)
    difference, effects, faults = differing(*versions, asked.species)
    if faults and not asked.json:
        console.report(faults)
    measured = _measured(difference, asked.json) if asked.numeric else None
    runs = _runs(versions, difference, asked)
    if asked.json:
        known = {"numbers": None, "physics": None} if runs is None else runs.as_dict()
        console.result_json(as_data(versions, difference, effects, faults, measured) | known)
    else:
        _tell(versions, difference, effects, measured, runs, asked.colour)
    if asked.html is not None:
        _save(asked.html, versions, difference, effects, runs, asked.quiet)
    return int(difference.verdict != "same" or (runs is not None and runs.differs))


def _runs(versions: tuple[Version, Version], difference: Difference, asked: _Asked) -> RunsCompared | None:
    """What two runs say beyond their formulas."""
    if asked.data is None and any(v.run is None for v in versions):
        return None
    from .diff_runs import runs_compared

    return runs_compared(versions, difference, asked.data, asked.quiet or asked.json)


def _tell(
    versions: tuple[Version, Version],
    difference: Difference,
    effects: tuple[Effect, Effect] | None,
    measured: Any,
    runs: RunsCompared | None,
    colour: bool,
) -> None:
    from .difference_text import as_text, painter

    names = versions[0].name, versions[1].name
    console.result(as_text(difference, names, effects, painter(colour)))
    if measured is not None:
        console.result(measured.sentence())
    if runs is not None:
        from .diff_runs import text

        console.result("\n" + text(runs))


def _save(
    path: Path,
    versions: tuple[Version, Version],
    difference: Difference,
    effects: tuple[Effect, Effect] | None,
    runs: RunsCompared | None,
    quiet: bool,
) -> None:
    from .diff_runs import save_page
    from .difference_text import as_text, painter

    names = versions[0].name, versions[1].name
    formula = as_text(difference, names, effects, painter(False))
    save_page(path, " → ".join(names), formula, versions, runs, quiet)
    console.say(f"page: {path}", quiet)


def differing(
    a: Version, b: Version, species: tuple[str, ...] | None
) -> tuple[Difference, tuple[Effect, Effect] | None, tuple[Any, ...]]:
    """The difference, what it costs, and the faults of specs that are not valid."""
    from ...compiler import pipeline
    from ...compiler.diagnostics import SpecError
    from ...compiler.difference.compare import compare
    from ...compiler.difference.effect import effect
    from ...compiler.difference.words import compare_words

    try:
        checked = [pipeline.check(pipeline.parse(v.source)) for v in (a, b)]
        difference = compare(checked[0], checked[1], species)
    except (SpecError, RecursionError):  # what is wrong is told of both
        faults = [fault for v in (a, b) for fault in _faults(v, species)]
        if not faults:
            raise
        return compare_words(a.source, b.source), None, tuple(faults)
    if difference.verdict == "same" or difference.a is None or difference.b is None:
        return difference, None, ()
    return difference, (effect(difference.a), effect(difference.b)), ()


def _faults(version: Version, species: tuple[str, ...] | None) -> tuple[Diagnostic, ...]:
    """What is wrong with a spec; nothing where it is valid."""
    from ...compiler import pipeline
    from ...compiler.diagnostics import SpecError

    try:
        pipeline.build(pipeline.check(pipeline.parse(version.source)), species)
    except SpecError as error:
        return error.diagnostics
    return ()


def _measured(difference: Difference, json: bool) -> Any:
    if difference.a is None or difference.b is None:
        return None
    from ..numeric_difference import sampled

    return sampled(difference)


def as_data(
    versions: tuple[Version, Version],
    difference: Difference,
    effects: tuple[Effect, Effect] | None,
    faults: tuple[Any, ...],
    measured: Any,
) -> dict[str, Any]:
    """The JSON, as docs/diffing.md has it."""
    from dataclasses import asdict

    from ...compiler.difference.effect import DENSITY
    from ...compiler.report import as_json

    effect = None
    if effects is not None:
        effect = {"density_per_ang3": DENSITY, "before": asdict(effects[0]), "after": asdict(effects[1])}
    return {
        "schema": SCHEMA,
        "a": versions[0].name,
        "b": versions[1].name,
        "verdict": difference.verdict,
        "level": difference.level,
        "operations": [operation.as_dict() for operation in difference.operations],
        "effect": effect,
        "numeric": None if measured is None else measured.as_dict(),
        "diagnostics": as_json(faults),
    }
