"""`potentia compile`: a spec at each stage of the compiler."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .options import Include, Json, Spec, SpeciesOption, species_list

if TYPE_CHECKING:
    from ...compiler.program import Program


def command(
    spec: Spec,
    emit: Annotated[
        str | None,
        typer.Option("--emit", metavar="STAGE", help="Stage to print: ast, ir, ir@PASS, plan, jaxpr or hlo."),
    ] = None,
    species: SpeciesOption = None,
    include: Include = None,
    json: Json = False,
) -> int:
    """Compile a spec and show its parameters, or any stage of the compiler.

    \b
    Stages: ast, ir (as built), ir@PASS (after a pass; `ir@help` lists them),
    plan (how the kernel evaluates it), jaxpr, hlo (a small cell).

    \b
    Examples:
      potentia compile nb.pes
      potentia compile nb.pes --emit ir
      potentia compile nb.pes --emit ir@differentiate
      potentia compile alloy.pes --species Nb,W --emit hlo
    """
    from ..potential.summary import compiled_facts
    from .spec_warnings import warn
    from .stages import emitted
    from .summary import read_program

    names = species_list(species)
    if emit is not None:
        text = emitted(emit, spec, names, json, include)
        if json:
            console.result_json({"spec": str(spec), "stage": emit, "text": text})
        else:
            console.result(text.rstrip("\n"))
        return 0
    program = read_program(spec, names, include)
    warn(program, json, quiet=False)
    if json:
        console.result_json(compiled_facts(program, str(spec)))
    else:
        _show(spec, program)
    return 0


def _show(spec: Path, program: Program) -> None:
    from ..potential.summary import lists, parameter_table, sentence

    model = program.model
    console.result(f"{spec}: {sentence(model)}")
    if model.parameters:
        console.result("\n" + parameter_table(model))
    console.result("\nneighbour lists of the kernel")
    for entry in lists(program):
        kind = "each pair once" if entry["layout"] == "pair" else "all neighbours of each atom"
        console.result(f"  {kind} within {entry['cutoff_ang']:g} Å")
