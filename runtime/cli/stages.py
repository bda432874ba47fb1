"""The stages of the compiler as text: `--emit`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler import pipeline
from ...compiler.diagnostics.diagnostic import Diagnostic, UserError, did_you_mean
from ...compiler.diagnostics.files import read_source
from ...compiler.diagnostics.source import Span
from ...compiler.ir.printer import print_model
from ...compiler.schedule.printer import print_plan
from .spec_warnings import warn
from .summary import read_program

if TYPE_CHECKING:
    from ...compiler.program import Program

_OUTSIDE = {
    "along": "none of these: the derivative of the energy along a direction in the parameters, for fits",
    "gradient": "none of these: the gradient of a loss by all tables of parameters, for trainings",
}
STAGES = ("ast", "ir", "plan", "jaxpr", "hlo")


def emitted(
    stage: str,
    spec: Path,
    species: tuple[str, ...] | None,
    json: bool = False,
    include: Sequence[Path] | None = None,
) -> str:
    """The text of a stage. Raises UserError `unknown-stage`, and SpecError."""
    if stage == "ir@help":
        named = {_slug(p.name): p.reason for p in pipeline.PASSES} | _OUTSIDE
        return "\n".join(f"{name:16} {reason}" for name, reason in named.items())
    if stage not in STAGES and not stage.startswith("ir@"):
        help = did_you_mean(stage, STAGES) or f"stages: {', '.join(STAGES)}, ir@PASS"
        raise UserError(Diagnostic("unknown-stage", f"there is no stage `{stage}`", help=help))
    if stage == "ast":
        return "\n".join(_tree(pipeline.parse(read_source(spec)).items, 0))
    program = read_program(spec, species, include)
    warn(program, json, quiet=False)
    model = program.model
    if stage == "ir":
        return print_model(model)
    if stage == "ir@along":
        return print_model(pipeline.along(model)[0])
    if stage == "ir@gradient":
        return print_model(pipeline.loss_gradient(model))
    if stage.startswith("ir@"):
        return print_model(pipeline.optimize(model, until=_pass(stage.removeprefix("ir@"))))
    if model.open_species:
        help = "say which: `--species Nb`"
        raise UserError(Diagnostic("no-species", "the spec names no species", help=help))
    if stage == "plan":
        return print_plan(pipeline.plan(program.optimized))
    return _xla(program, stage)


def _slug(name: str) -> str:
    return name.replace(" ", "-")


def _pass(wanted: str) -> str:
    names = {_slug(p.name): p.name for p in pipeline.PASSES}
    if _slug(wanted) not in names:
        help = did_you_mean(wanted, names) or f"passes: {', '.join(names)}"
        raise UserError(Diagnostic("unknown-stage", f"there is no pass `{wanted}`", help=help))
    return names[_slug(wanted)]


def _tree(value: object, depth: int, label: str = "") -> Iterator[str]:
    """A syntax tree, a node a line, its parts indented."""
    pad = "  " * depth + label
    if isinstance(value, tuple):
        if label:
            yield pad.rstrip(" ")
        for item in value:
            yield from _tree(item, depth + bool(label))
    elif dataclasses.is_dataclass(value) and not isinstance(value, Span):
        plain: list[tuple[str, object]] = []
        nested: list[tuple[str, object]] = []
        for field in dataclasses.fields(value):
            part = getattr(value, field.name)
            if isinstance(part, Span) or part is None or part == () or part is False:
                continue
            (nested if _is_nested(part) else plain).append((field.name, part))
        words = [type(value).__name__, *(f"{name}={part!r}" for name, part in plain)]
        yield pad + " ".join(words)
        for name, part in nested:
            yield from _tree(part, depth + 1, f"{name}: ")
    elif not isinstance(value, Span):
        yield pad + repr(value)


def _is_nested(part: object) -> bool:
    return dataclasses.is_dataclass(part) or (isinstance(part, tuple) and not isinstance(part[0], str))


def _xla(program: Program, stage: str) -> str:
    """The kernel for a small periodic cell that has every species, as jax or XLA has it."""
    import jax
    import numpy as np

    from ..potential.potential import at_start
    from ..structures.batches import single
    from ..structures.structure import Structure

    potential = at_start(program)
    kernel = potential.kernel()
    species = [s for s in potential.species for _ in range(2)]
    positions = np.random.default_rng(0).uniform(0, 4.0, (len(species), 3))
    numbers = np.array([_number(s) for s in species], dtype=np.int32)
    cell = Structure(numbers, positions, 4.0 * np.eye(3), np.ones(3, dtype=bool))
    arrays = kernel.arrays(single(cell, potential.list_specs(), potential.species))
    if stage == "jaxpr":
        return str(jax.make_jaxpr(kernel.predict)(potential.theta, arrays))
    return str(jax.jit(kernel.predict).lower(potential.theta, arrays).compile().as_text())


def _number(symbol: str) -> int:
    from ...compiler.chemistry.elements import ELEMENTS

    return ELEMENTS[symbol][0]
