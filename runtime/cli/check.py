"""`potentia check`: faults and likely mistakes of specs. No data and no jax are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import Json, SpeciesOption, species_list


def command(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...", show_default=False, help="Spec files.")],
    species: SpeciesOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning makes the exit code 1 too.")] = False,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="Check both sides of specs that git could not merge.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Mend faults in the files where possible.")] = False,
    json: Json = False,
) -> int:
    """Check names, units and cutoffs of specs, and warn about likely mistakes. No data is needed.

    \b
    Examples:
      potentia check nb.pes
      potentia check specs/*.pes --json
      potentia check alloy.pes --species Nb,W
      potentia check --fix nb.pes
      potentia check --conflicts nb.pes
    """
    if conflicts:
        from .conflicts import check_conflicts

        return check_conflicts(specs, species_list(species), json)
    from ...compiler.diagnostics.diagnostic import Diagnostic, UserError
    from ...compiler.diagnostics.render import as_json
    from .mend import mend
    from .summary import facts, sentence, with_warnings

    found: list[dict[str, object]] = []
    wrong: list[Diagnostic] = []
    warned: list[Diagnostic] = []
    for spec in specs:
        try:
            mended = mend(spec, species_list(species)) if fix else ()
            for change in mended if not json else ():
                console.say(str(change))
            model, warnings = with_warnings(spec, species_list(species))
        except UserError as error:
            wrong += error.diagnostics
            continue
        warned += warnings
        if json:
            told = {"warnings": as_json(warnings)} | ({"fixed": [c.data() for c in mended]} if fix else {})
            found.append({"spec": str(spec), **facts(model), **told})
        else:
            console.result(f"{spec}: {sentence(model)}")
    if wrong:
        raise UserError((*wrong, *warned))
    if json:
        console.result_json({"ok": not (strict and warned), "specs": found})
    else:
        console.report(warned)
    return int(strict and bool(warned))
