"""`potentia check`: faults and likely mistakes of specs, certificates of runs. Without data and jax."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import Json, SpeciesOption, species_list


def command(
    specs: Annotated[
        list[Path], typer.Argument(metavar="SPEC|RUN...", show_default=False, help="Spec files, or runs.")
    ],
    species: SpeciesOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning makes the exit code 1 too.")] = False,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="Check both sides of specs that git could not merge.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Mend faults in the files where possible.")] = False,
    certificates: Annotated[
        bool, typer.Option("--certificates", help="Prove what holds of a spec with its start values too.")
    ] = False,
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
      potentia check --conflicts nb.pes
      potentia check runs/nb
    """
    if conflicts:
        from .conflicts import check_conflicts

        return check_conflicts(specs, species_list(species), json)
    from ...compiler.diagnostics.diagnostic import Diagnostic, UserError
    from ...compiler.diagnostics.render import as_json
    from .certificates import checked, in_words, is_run
    from .mend import mend
    from .summary import facts, sentence

    found: list[dict[str, object]] = []
    wrong: list[Diagnostic] = []
    warned: list[Diagnostic] = []
    unproved = False
    for path in specs:
        try:
            mended = mend(path, species_list(species)) if fix and not is_run(path) else ()
            for change in mended if not json else ():
                console.say(str(change))
            model, warnings, proved = checked(path, species_list(species), certificates)
        except UserError as error:
            wrong += error.diagnostics
            continue
        warned += warnings
        unproved |= proved is not None and not proved.is_proved
        if json:
            told: dict[str, object] = {"warnings": as_json(warnings)}
            told |= {"fixed": [c.data() for c in mended]} if fix else {}
            told |= {} if proved is None else {"certificates": proved.data()}
            found.append({"run" if is_run(path) else "spec": str(path), **facts(model), **told})
        else:
            console.result(f"{path}: {sentence(model)}")
            if proved is not None:
                console.result(in_words(proved))
    if wrong:
        raise UserError((*wrong, *warned))
    refused = strict and (bool(warned) or unproved)
    if json:
        console.result_json({"ok": not refused, "specs": found})
    else:
        console.report(warned)
    return int(refused)
