"""`potentia check`: is a spec valid? Needs no data and starts without jax."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import Json, SpeciesOption, species_list


def command(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...", show_default=False, help="Spec files.")],
    species: SpeciesOption = None,
    json: Json = False,
) -> int:
    """Check names, units and cutoffs of specs. Needs no data.

    \b
    Examples:
      potentia check nb.pes
      potentia check specs/*.pes --json
      potentia check alloy.pes --species Nb,W
    """
    from ...compiler.diagnostics import Diagnostic, UserError
    from .summary import built, facts, sentence

    found: list[dict[str, object]] = []
    wrong: list[Diagnostic] = []
    for spec in specs:
        try:
            model = built(spec, species_list(species))
        except UserError as error:
            wrong += error.diagnostics
            continue
        if json:
            found.append({"spec": str(spec), **facts(model)})
        else:
            console.result(f"{spec}: {sentence(model)}")
    if wrong:
        raise UserError(wrong)
    if json:
        console.result_json({"ok": True, "specs": found})
    return 0
