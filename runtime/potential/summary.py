"""The summary of a model: terms, parameters, lists. Without numpy and jax."""

from __future__ import annotations

import re

from ...compiler.ir.graph import Model
from ...compiler.ir.types import PER
from ...compiler.program import Program
from ...compiler.syntax import tree as syntax
from ...compiler.syntax.mathml import equation
from ..files.plain_data import Data
from ..presentation.text import counted, table

_EQUATIONS = 12  # that are typeset
_COMMENT = re.compile(r"#[^\n]*")


def cutoffs(model: Model) -> list[float]:
    """The different cutoffs of the terms, Å."""
    return sorted({d.rc for d in model.lists() if d.rc is not None})


def sentence(model: Model) -> str:
    """`3 terms, 93 trainable parameters, cutoffs 1.8 and 5 Å, species Nb`."""
    reach = [f"{rc:g}" for rc in cutoffs(model)]
    parts = [
        counted(len(model.terms), "term"),
        counted(model.vector.n_trained, "trainable parameter"),
    ]
    if reach:
        joined = " and ".join([", ".join(reach[:-1]), reach[-1]] if reach[1:] else reach)
        parts.append(f"cutoff{'s' if reach[1:] else ''} {joined} Å")
    if model.open_species:
        return ", ".join(parts) + ", for each species of the data (the spec names none)"
    return ", ".join([*parts, f"species {' '.join(model.species)}"])


def facts(model: Model) -> Data:
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
    return table(rows)


def lists(program: Program) -> list[Data]:
    """The neighbour lists of the kernel."""
    return [{"layout": d.name, "cutoff_ang": d.rc} for d in program.optimized.lists()]


def compiled_facts(program: Program, name: str) -> Data:
    """The JSON of `potentia compile`."""
    return {"spec": name, **facts(program.model), "lists": lists(program)}


def energy_text(program: Program) -> str:
    """The energy of the spec in one line, as it is written there."""
    energy = program.checked.energy
    return "" if energy is None else " ".join(_COMMENT.sub("", energy.span.text).split())


def equations(program: Program) -> list[str]:
    """The energy, and the definitions of the spec's own terms, typeset: `<math>` elements."""
    found, energy = program.checked.file, program.checked.energy
    whole = [] if energy is None else [syntax.Definition("E", None, energy.value, energy.span, energy.span)]
    terms = [item for item in found.items if isinstance(item, syntax.Term)]
    own = [m for term in terms for m in term.members if isinstance(m, syntax.Definition)]
    return [equation(definition) for definition in (*whole, *own)[:_EQUATIONS]]
