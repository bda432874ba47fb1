"""`potentia log`: where a potential comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .options import Json

if TYPE_CHECKING:
    from ..lineage import Step

_ERRORS = (
    ("energy_rmse_ev_per_atom", "E", "meV/atom", 1000.0, "{:.2f}"),
    ("forces_rmse_ev_per_ang", "F", "meV/Å", 1000.0, "{:.1f}"),
    ("stress_rmse_gpa", "S", "GPa", 1.0, "{:.3f}"),
)
_SHOWN = 12  # digits of a digest


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", show_default=False, help="A run, or its spec.")],
    json: Json = False,
) -> int:
    """Say what a model was made from: fits, prunings and designs, their data and errors; the latest first.

    \b
    Examples:
      potentia log runs/nb
      potentia log studies/nb/front/030.pes
      potentia log runs/small --json
    """
    from ..artifact import SPEC, read_metadata

    beside = run.with_suffix("") if run.suffix == ".pes" else run  # as a design lays them
    folder = run.parent if run.name == SPEC else beside
    steps = read_metadata(folder).history
    if json:
        console.result_json({"run": str(folder), "history": [s.model_dump() for s in steps]})
    else:
        console.result("\n\n".join(_told(step) for step in reversed(steps)))
    return 0


def _told(step: Step) -> str:
    lines = [step.origin or "of unknown origin"]
    if step.n_parameters is not None:
        lines.append(
            f"model   {console.counted(step.n_parameters, 'trained parameter')}, {_digest(step.spec)}"
        )
    lines += [
        f"{part:<8}{_errors(errors)}"
        for part, errors in (("train", step.train), ("test", step.test))
        if errors
    ]
    lines += [f"data    {name}, {_digest(digest)}" for name, digest in step.data.items()]
    if step.created:
        lines.append(f"made    {step.created} by potentia {step.potentia}")
    return "\n  ".join(lines)


def _digest(digest: str) -> str:
    kind, _, digits = digest.partition(":")
    return f"{kind}:{digits[:_SHOWN]}"


def _errors(errors: dict[str, float]) -> str:
    shown: Sequence[str] = [
        f"{name} {form.format(factor * errors[key])} {unit}"
        for key, name, unit, factor, form in _ERRORS
        if key in errors
    ]
    return ", ".join(shown)
