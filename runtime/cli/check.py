"""`potentia check`: faults and likely mistakes of specs, certificates of runs. Without data and jax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from ...compiler.diagnostics.files import STDIN, name_of
from . import console
from .options import Include, Json, SpeciesOption, species_list

if TYPE_CHECKING:
    from ...compiler.diagnostics.diagnostic import Diagnostic

Specs = Annotated[
    list[Path],
    typer.Argument(metavar="SPEC|RUN...", show_default=False, help="Spec files, or runs; `-` reads stdin."),
]


def command(
    specs: Specs,
    species: SpeciesOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning makes the exit code 1 too.")] = False,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="Check both sides of specs that git could not merge.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Mend faults in the files where possible.")] = False,
    certificates: Annotated[
        bool, typer.Option("--certificates", help="Prove what holds of a spec with its start values too.")
    ] = False,
    include: Include = None,
    json: Json = False,
) -> int:
    """Check names, units and cutoffs of specs, and warn about likely mistakes. No data is needed.

    Of a run, print its certificates: what is proved of the formula with the fitted parameters.

    \b
    Examples:
      potentia check nb.pes
      potentia check specs/*.pes --json
      potentia check alloy.pes --species Nb,W
      potentia check --fix nb.pes
      cat nb.pes | potentia check -
      potentia check --conflicts nb.pes
      potentia check runs/nb
    """
    if (fix or conflicts) and STDIN in specs:
        raise typer.BadParameter("`--fix` and `--conflicts` are for files, and `-` is standard input")
    if conflicts:
        from .conflicts import check_conflicts

        return check_conflicts(specs, species_list(species), json)
    from ...compiler.diagnostics.diagnostic import UserError

    found: list[dict[str, object]] = []
    wrong: list[Diagnostic] = []
    warned: list[Diagnostic] = []
    proved = True
    for path in specs:
        try:
            own = _check(path, species_list(species), fix, certificates, include, json)
        except UserError as error:
            wrong += error.diagnostics
            continue
        found.append(own.facts)
        warned += own.warnings
        proved = proved and own.proved
    if wrong:
        raise UserError((*wrong, *warned))
    refused = strict and (bool(warned) or not proved)
    if json:
        console.result_json({"ok": not refused, "specs": found})
    else:
        console.report(warned)
    return int(refused)


class _Checked(NamedTuple):
    """A spec or a run that has no faults. proved: its certificates are, where it has any."""

    facts: dict[str, object]
    warnings: tuple[Diagnostic, ...]
    proved: bool


def _check(
    path: Path,
    species: tuple[str, ...] | None,
    fix: bool,
    certificates: bool,
    include: list[Path] | None,
    json: bool,
) -> _Checked:
    """Check one spec or run; print it, unless the answer is JSON. Raises UserError."""
    from ...compiler.diagnostics.render import as_json
    from ..potential.summary import facts, sentence
    from .certificates import checked, in_words, is_run
    from .mend import mend

    mended = mend(path, species, include) if fix and not is_run(path) else ()
    for change in mended if not json else ():
        console.say(str(change))
    model, warnings, made = checked(path, species, certificates, include)
    if not json:
        console.result(f"{name_of(path)}: {sentence(model)}")
        if made is not None:
            console.result(in_words(made))
    about: dict[str, object] = {"run" if is_run(path) else "spec": name_of(path), **facts(model)}
    about["warnings"] = as_json(warnings)
    if fix:
        about["fixed"] = [c.data() for c in mended]
    if made is not None:
        about["certificates"] = made.data()
    return _Checked(about, warnings, made is None or made.is_proved)
