"""`potentia check`: is a spec valid, and is it what was meant? Needs no data and starts without jax."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import Json, SpeciesOption, species_list


def command(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...", show_default=False, help="Spec files.")],
    species: SpeciesOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where there is a warning too.")] = False,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="Look at both sides of specs that git could not merge.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="First mend what can be mended, in the files.")] = False,
    json: Json = False,
) -> int:
    """Check names, units and cutoffs of specs, and warn of what is hardly meant. Needs no data.

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
