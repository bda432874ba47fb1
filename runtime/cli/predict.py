"""`potentia predict`: energies, forces and stress of structures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..data.config import FileConfig
from . import console
from .options import Json, Quiet, Run, Target
from .setting_options import Given, having, options_of
from .spec_warnings import opened

if TYPE_CHECKING:
    from ..potential.evaluators import Predicted
    from ..structures.structure import Structure


@having(files=options_of(FileConfig))
def command(
    run: Run,
    structures: Annotated[
        str, typer.Option("--structures", "--data", metavar="FILE", help="Structures, in any format of ASE.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.xyz", help="Extended XYZ file to write.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="KEY=VALUE", help="Structures to take, such as split=test."),
    ] = None,
    target: Target = "auto",
    *,
    files: Given,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Predict energies (eV), forces (eV/Å) and stress (eV/Å³) of structures, which need no labels.

    The output keeps every column and info of the file; its own labels become given_energy, given_forces, …

    \b
    Examples:
      potentia predict runs/nb --structures new.xyz -o labelled.xyz
      potentia predict runs/nb --structures POSCAR
      potentia predict runs/nb --structures new.xyz@-1 --json
    """
    from ..data.readers import read
    from ..data.splits import select
    from ..evaluation.predictions import require_finite, write_predictions
    from .progress import COMPILING, counting
    from .targets import evaluate_by

    kind = FileConfig(**files).kind()
    potential = opened(run, json, quiet)
    if output is not None:
        from ..api.outputs import XYZ, require_result

        require_result(output, XYZ, [structures])
    found = list(read(structures, labels=False, keep=output is not None, kind=kind).structures)
    found = select(found, only) if only else found
    evaluator = evaluate_by(potential, target, json, quiet)
    with counting("predicting", len(found), quiet, COMPILING) as progress:
        predicted = evaluator.predict(potential.theta, found, progress)
    require_finite(found, predicted)
    if output is not None:
        renamed = write_predictions(output, found, predicted)
        console.say(console.saved(console.counted(len(found), "structure"), output), quiet)
        for line in _fate(renamed):
            console.say(line, quiet)
    if json:
        console.result_json({"structures": [_data(s, p) for s, p in zip(found, predicted, strict=True)]})
    elif output is None:
        rows = [["structure", "atoms", "energy eV", "eV/atom", "largest force eV/Å"]]
        rows += [_row(s, p) for s, p in zip(found, predicted, strict=True)]
        console.result(console.table(rows, indent=0))
    return 0


def _fate(renamed: Mapping[str, str | None]) -> Iterator[str]:
    """What became of the labels of the file."""
    kept = sorted(name for name in renamed.values() if name is not None)
    gone = sorted(name for name, new in renamed.items() if new is None)
    if kept:
        yield f"labels of the file are kept as {', '.join(kept)}"
    if gone:
        yield f"earlier predictions of the file are replaced: {', '.join(gone)}"


def _data(s: Structure, p: Predicted) -> dict[str, object]:
    return {
        "structure": s.place,
        "energy_ev": p.energy,
        "forces_ev_per_ang": p.forces.tolist(),
        "stress_ev_per_ang3": None if p.stress is None else p.stress.tolist(),
    }


def _row(s: Structure, p: Predicted) -> list[str]:
    largest = float((p.forces**2).sum(axis=1).max()) ** 0.5
    return [s.place, str(s.n_atoms), f"{p.energy:.6f}", f"{p.energy / s.n_atoms:.6f}", f"{largest:.6f}"]
