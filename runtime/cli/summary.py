"""The summary of a model: terms, parameters, lists. Without numpy and jax."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError, did_you_mean
from ...compiler.ir.graph import Model
from ...compiler.ir.types import PER
from ...compiler.program import Program
from ...compiler.warnings import warnings_of
from . import console


def read_program(
    path: Path, species: tuple[str, ...] | None = None, include: Sequence[Path] | None = None
) -> Program:
    """The program of a spec file for some species. include: as `read_source` has it. Raises SpecError."""
    for name in species or ():
        if name not in ELEMENTS:
            help = did_you_mean(name, ELEMENTS)
            raise SpecError(Diagnostic("unknown-species", f"there is no element `{name}`", help=help))
    return Program.read(path, include or ()).for_species(species or ())


def with_warnings(path: Path, species: tuple[str, ...] | None = None) -> tuple[Model, tuple[Diagnostic, ...]]:
    """The model of a spec file, and the warnings about it. Raises SpecError."""
    program = read_program(path, species)
    return program.model, warnings_of(program.checked, program.model)


def cutoffs(model: Model) -> list[float]:
    """The different cutoffs of the terms, Å."""
    return sorted({d.rc for d in model.lists() if d.rc is not None})


def sentence(model: Model) -> str:
    """`3 terms, 93 trainable parameters, cutoffs 1.8 and 5 Å, species Nb`."""
    reach = [f"{rc:g}" for rc in cutoffs(model)]
    parts = [
        console.counted(len(model.terms), "term"),
        console.counted(model.vector.n_trained, "trainable parameter"),
    ]
    if reach:
        joined = " and ".join([", ".join(reach[:-1]), reach[-1]] if reach[1:] else reach)
        parts.append(f"cutoff{'s' if reach[1:] else ''} {joined} Å")
    if model.open_species:
        return ", ".join(parts) + ", for each species of the data (the spec names none)"
    return ", ".join([*parts, f"species {' '.join(model.species)}"])


def facts(model: Model) -> dict[str, object]:
    """The same as plain data."""
    return {
        "terms": [{"name": t.name, "term": t.called, "pinned": t.pinned} for t in model.terms],
        "species": [] if model.open_species else list(model.species),
        "n_parameters": model.vector.n_trained,
        "cutoffs_ang": cutoffs(model),
        "parameters": [
            {
                "name": p.name,
                "unit": str(p.kind.unit),
                "per": p.kind.domain.name,
                "numbers": len(p.start),
                "trainable": sum(p.free),
                "start": list(p.start),
                "lower": [v if abs(v) != float("inf") else None for v in p.lower],
                "upper": [v if abs(v) != float("inf") else None for v in p.upper],
            }
            for p in model.parameters
        ],
    }


def parameter_table(model: Model) -> str:
    """A row a parameter: how many numbers, for what, in what unit, from where, within what."""
    rows = [["parameter", "numbers", "trained", "per", "unit", "start", "bounds"]]
    for p in model.parameters:
        low, high = min(p.lower), max(p.upper)
        bounds = "" if abs(low) == abs(high) == float("inf") else f"({low:g}, {high:g})"
        start = f"{p.start[0]:g}" if len(set(p.start)) == 1 else "…"
        counts = [str(len(p.start)), str(sum(p.free))]
        rows.append([p.name, *counts, PER[p.kind.domain.name], str(p.kind.unit), start, bounds])
    return console.table(rows)
