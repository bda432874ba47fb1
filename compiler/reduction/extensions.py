"""Grow: candidate terms ranked by their predicted gain, from one linearisation: Rao's score test.

The candidates join the energy with their amplitudes at 0, so that it keeps its value. The gain of freeing the
amplitudes b of one candidate, all numbers of the base at their new best, is ½ g_bᵀ S_b⁻¹ g_b at the optimum
of the base: gradient and unique information of b. Numbers that shape a candidate are held at their start; a
fit frees them later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import pipeline
from ..analysis.linearity import linear_parameters
from ..declarations.canonical import edited
from ..diagnostics.diagnostic import Diagnostic, SpecError
from ..diagnostics.source import Source
from ..program import Program
from ..syntax import tree as syntax
from ..syntax.formatter import format_expression, format_source
from .energy_operands import operands
from .quadratic_model import QuadraticModel, Restriction, delta_bic

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Candidate:
    """A term that may join: its call, its trained numbers by place in the extended model, its amplitudes."""

    call: str
    numbers: tuple[int, ...]
    amplitudes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Extended:
    """A program with candidates in its energy; theta (P',): all parameters, amplitudes of candidates at 0."""

    program: Program
    theta: Array
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Score:
    """gain: the predicted decrease of the loss, from `loss`. numbers: trained ones, shapes included.

    delta_bic: the predicted change of BIC, negative where the term earns its numbers; None where nothing of
    the loss is left.
    """

    candidate: Candidate
    gain: float
    loss: float
    numbers: int
    delta_bic: float | None


def grown(program: Program, calls: Sequence[str]) -> str:
    """The text with the calls added to the energy."""
    energy = program.checked.energy
    assert energy is not None
    source = program.source
    more = "".join(f"\n  + {call}" for call in calls)
    return format_source(edited(source.text, [(energy.span.end, energy.span.end, more)]), source.name)


def extended(program: Program, theta: Array, calls: Sequence[str]) -> Extended:
    """The program with candidates, each once; theta (P,): all parameters of it.

    Raises SpecError: as `check` and `build`; bad-value for a candidate that is no call of a term;
    nothing-to-select for one that the energy is not linear in.
    """
    calls = list(dict.fromkeys(_call(text) for text in calls))
    text = grown(program, calls)
    source = Source(text, "the spec with its candidates")
    larger = Program.of(source).for_species(program.species)
    new = operands(larger.checked, larger.model)[-len(calls) :] if calls else ()
    trained = larger.model.vector.trained
    found = []
    for call, operand in zip(calls, new, strict=True):
        linear = linear_parameters(larger.model.with_outputs({"energy": operand.energy}))
        own = [k for k, t in enumerate(trained) if t.parameter.name in operand.parameters]
        amplitudes = tuple(k for k in own if trained[k].parameter.name in linear)
        if not amplitudes:
            message = f"`{call}` has no parameters that enter the energy linearly: no gain is predictable"
            raise SpecError(Diagnostic("nothing-to-select", message))
        found.append(Candidate(call, tuple(own), amplitudes))
    return Extended(larger, _start(program, theta, larger, found), tuple(found))


def _call(text: str) -> str:
    """The one call of a text, as the formatter writes it. Raises SpecError for anything else."""
    source = Source(f"E = {text}\n", "a candidate")
    items = pipeline.parse(source).items
    energy = items[0] if len(items) == 1 else None
    if not isinstance(energy, syntax.Energy) or not isinstance(energy.value, syntax.Call):
        help = "write a call, such as `eam(rc=5)`"
        raise SpecError(Diagnostic("bad-value", f"the candidate `{text}` is not one term", help=help))
    return format_expression(source.text[energy.value.span.start : energy.value.span.end])


def _start(program: Program, theta: Array, larger: Program, candidates: Sequence[Candidate]) -> Array:
    """The known values, the starts of new parameters, amplitudes at 0."""
    known = dict(zip(program.model.vector.names, theta.tolist(), strict=True))
    vector = larger.model.vector
    values = [known.get(c.name, c.start) for c in vector.coefficients]
    for candidate in candidates:
        for k in candidate.amplitudes:
            values[vector.trained_places[k]] = 0.0
    return np.array(values)


def scores(extended: Extended, quadratic_model: QuadraticModel) -> list[Score]:
    """Each candidate alone against the base, the largest gain first.

    quadratic_model: of all trained numbers of the extended program, at its theta.
    """
    everything = {k for c in extended.candidates for k in c.numbers}
    theta = quadratic_model.theta
    base = quadratic_model.restricted(Restriction({k: float(theta[k]) for k in everything}))
    found = []
    for candidate in extended.candidates:
        held = everything - set(candidate.amplitudes)
        after = quadratic_model.restricted(Restriction({k: float(theta[k]) for k in held}))
        gain, count = base.loss - after.loss, len(candidate.numbers)
        less = delta_bic(gain, after.loss, count, quadratic_model.n_rows)  # of the deletion
        found.append(Score(candidate, gain, base.loss, count, None if less is None else -less))
    return sorted(found, key=lambda s: (-s.gain, s.candidate.call))
