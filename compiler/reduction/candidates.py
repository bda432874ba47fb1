"""Prune: rewrites of a formula that raise the loss little, by its quadratic model.

Candidates are restrictions of the trained numbers that the language has words for: an operand of the energy
left out, a component no longer kept, a row of species left out, a number fixed at a natural value, rows
joined. Each is judged by the quadratic model of the loss (`quadratic_model`); the greedy choice of several at
once stays inside that model, which is exact for what enters linearly. Limits of a model's manifold
(coefficient → 0, two equal, the end of a range) are among them: Transtrum & Qiu, PRL 113, 098701 (2014),
doi:10.1103/PhysRevLett.113.098701.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..analysis.linearity import linear_parameters
from ..declarations.check import shared_names
from ..ir import ops
from ..ir.graph import Model, topological
from ..ir.parameter import Parameter
from .constraints import ReducedParameters, combined, vanishes
from .quadratic_model import QuadraticModel, Restriction
from .spec_rewriter import Rewritable, closed, rounded

Array = NDArray[np.float64]
Kind = Literal["drop term", "drop component", "drop row", "fix", "join"]


@dataclass(frozen=True)
class Rewrite:
    """A change of the formula: in words, and as a restriction of its trained numbers, by their places."""

    kind: Kind
    description: str
    restriction: Restriction


@dataclass(frozen=True)
class Protected:
    """Trained numbers that are left alone: of what, which places, and why."""

    name: str
    numbers: tuple[int, ...]
    why: Literal["pinned", "unsupported by data"]


@dataclass(frozen=True)
class Choice:
    """A chosen rewrite: the number of parameters it removes, the predicted ΔL, the model after it."""

    rewrite: Rewrite
    removed: int
    predicted: float
    restriction: Restriction
    after: QuadraticModel


# --- what is left alone ------------------------------------------------------------------------


def protected(program: Rewritable, quadratic_model: QuadraticModel) -> tuple[Protected, ...]:
    """Numbers of pinned terms, and numbers that no row of the data depends on, parameter by parameter."""
    trained = program.model.vector.trained
    unmoved = pinned(program)
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, t in enumerate(trained):
        if place in unmoved:
            groups[t.parameter.name, "pinned"].append(place)
        elif quadratic_model.norms[place] == 0.0:
            groups[t.parameter.name, "unsupported by data"].append(place)
    return tuple(Protected(name, tuple(places), why) for (name, why), places in groups.items())  # type: ignore[arg-type]


def pinned(program: Rewritable) -> set[int]:
    """Places of the trained numbers of pinned terms, also of those that they share."""
    terms = {t.name: t.energy for t in program.model.terms if t.pinned}
    read = {n["name"] for n in topological(terms.values()) if n.op is ops.param}
    trained = [t.parameter for t in program.model.vector.trained]
    return {k for k, p in enumerate(trained) if p.term in terms or p.name in read}


# --- candidates --------------------------------------------------------------------------------


def candidates(program: Rewritable, theta: Array, kept: Sequence[Protected] = ()) -> list[Rewrite]:
    """All rewrites of a formula at the trained numbers theta (F,), but for those that touch pinned terms or
    what else is kept.
    """
    alone = {k for p in kept for k in p.numbers} | pinned(program)
    found = [
        *_operands(program, theta),
        *_rows(program, theta),
        *_components(program),
        *_fixed(program, theta),
        *_joined(program),
    ]
    unique = {(tuple(sorted(r.restriction.fixed.items())), r.restriction.tied): r for r in reversed(found)}
    touched = [
        (r, {*r.restriction.fixed, *(k for g in r.restriction.tied for k in g)}) for r in unique.values()
    ]
    return [r for r, numbers in reversed(touched) if numbers and not numbers & alone]


def _operands(program: Rewritable, theta: Array) -> Iterator[Rewrite]:
    """Operands left out: their linear numbers at 0, the others as they are."""
    trained = program.model.vector.trained
    for operand in program.operands:
        own = [k for k, t in enumerate(trained) if t.parameter.name in operand.parameters]
        if operand.pinned or not own:
            continue
        linear = linear_parameters(program.model.with_outputs({"energy": operand.energy}))
        fixed = {k: 0.0 if trained[k].parameter.name in linear else rounded(theta[k]) for k in own}
        restriction = Restriction(fixed)
        if vanishes(operand.energy, program.model, restriction, program.idle):
            yield Rewrite("drop term", f"drop `{_short(operand.expr.span.text)}`", restriction)


def _rows(program: Rewritable, theta: Array) -> Iterator[Rewrite]:
    """All numbers of a term for some species: the amplitudes at 0, the others as they are, but for those that
    another term reads.
    """
    linear, shared = linear_parameters(program.model), shared_names(program.checked)
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    trained = program.model.vector.trained
    for k, t in enumerate(trained):
        if program.argument(t.parameter) and len(program.model.species) > 1:
            groups[t.parameter.term, t.rows].append(k)
    for (term, rows), own in groups.items():
        amplitudes = [k for k in own if trained[k].parameter.name in linear]
        others = [k for k in own if k not in amplitudes and trained[k].parameter.name not in shared]
        if rows[0] and amplitudes and not any(trained[k].parameter.kind.shape for k in others):
            fixed = dict.fromkeys(amplitudes, 0.0) | {k: rounded(theta[k]) for k in others}
            yield Rewrite("drop row", f"drop {' and '.join(rows)} of `{term}`", Restriction(fixed))


def _components(program: Rewritable) -> Iterator[Rewrite]:
    """Components of a parameter: each number alone, and a component of all rows together."""
    names = _names(program.model)
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for k, t in enumerate(program.model.vector.trained):
        if t.parameter.kind.shape and program.argument(t.parameter):
            groups[t.parameter.name, t.component].append(k)
    for (name, component), own in groups.items():
        for k in own:
            yield Rewrite("drop component", f"drop `{names[k]}`", Restriction({k: 0.0}))
        if len(own) > 1:
            what = f"drop component {component} of `{name}`"
            yield Rewrite("drop component", what, Restriction(dict.fromkeys(own, 0.0)))


def _fixed(program: Rewritable, theta: Array) -> Iterator[Rewrite]:
    """Single numbers at a natural value: 0 (then without those that act through it alone); of what is not an
    amplitude also where they started, and the ends of their range.
    """
    names = _names(program.model)
    linear = linear_parameters(program.model)
    for k, t in enumerate(program.model.vector.trained):
        p = t.parameter
        if p.kind.shape or not program.argument(p):
            continue
        low, high = p.lower[t.index], p.upper[t.index]
        shapes = () if p.name in linear else (p.start[t.index], low, high)
        values = dict.fromkeys((0.0, *shapes))
        for value in values:
            if isfinite(value) and low <= value <= high:
                what = f"fix `{names[k]}` at {value:g}{_unit(p)}"
                restriction = Restriction({k: value})
                yield Rewrite("fix", what, restriction if value else closed(program, restriction, theta))


def _joined(program: Rewritable) -> Iterator[Rewrite]:
    """Two rows of a parameter with the same components, as one."""
    rows: dict[str, dict[tuple[str, ...], dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for k, t in enumerate(program.model.vector.trained):
        if program.argument(t.parameter):
            rows[t.parameter.name][t.rows][t.component] = k
    for name, own in rows.items():
        for (first, a), (second, b) in combinations(own.items(), 2):
            if a.keys() == b.keys():
                what = f"join {'='.join(first)} and {'='.join(second)} of `{name}`"
                tied = tuple(tuple(sorted((a[c], b[c]))) for c in a)
                yield Rewrite("join", what, Restriction(tied=tied))


def _names(model: Model) -> list[str]:
    return [c.name for c in model.vector.trained]


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:37] + "…"


def _unit(p: Parameter) -> str:
    return "" if str(p.kind.unit) == "1" else f" {p.kind.unit}"


# --- judgement ---------------------------------------------------------------------------------


def costs(quadratic_model: QuadraticModel, restrictions: Sequence[Restriction]) -> Array:
    """Predicted ΔL of each restriction: of constraints C θ = d, ½ eᵀ (C I⁻¹ Cᵀ)⁺ e with e = C θ* − d, θ* the
    minimum of the model, less what the step there gains by itself.
    """
    root = quadratic_model.root
    best = quadratic_model.theta - root @ (root.T @ quadratic_model.gradient)
    gained = quadratic_model.loss - quadratic_model.loss_at(best)
    return np.array([_cost(root, best, r) for r in restrictions]) - gained


def _cost(root: Array, best: Array, restriction: Restriction) -> float:
    rows = [root[k] for k in restriction.fixed]
    off = [best[k] - value for k, value in restriction.fixed.items()]
    for first, *others in restriction.tied:
        rows += [root[first] - root[k] for k in others]
        off += [best[first] - best[k] for k in others]
    matrix, error = np.array(rows), np.array(off)
    size = np.linalg.norm(matrix, axis=1)
    there = size > 0  # what no row of the data depends on costs nothing
    if not there.any():
        return 0.0
    scaled = matrix[there] / size[there, None]
    step = np.linalg.lstsq(scaled, error[there] / size[there], rcond=None)[0]
    return 0.5 * float(step @ step)


def _contradicts(more: Restriction, restriction: Restriction) -> bool:
    """Whether a number is to be 0 that is held at another value already."""
    return any(value == 0.0 and restriction.fixed.get(k, 0.0) != 0.0 for k, value in more.fixed.items())


Accept = Callable[[Choice], bool]


def greedy(
    quadratic_model: QuadraticModel,
    restriction: Restriction,
    size: int,
    rewrites: Sequence[Rewrite],
    accept: Accept,
    tries: int = 5,
) -> Iterator[Choice]:
    """Rewrites one after another, each the one of least predicted ΔL for each number that it takes away.

    quadratic_model: in the parameters that `restriction` leaves of `size` trained ones.
    rewrites: of all trained parameters.
    Ends where `accept` refuses the next `tries` in that order, or none is left.
    """
    left = list(rewrites)
    while True:
        remaining = ReducedParameters.of(restriction, size)
        fit = [r for r in left if not _contradicts(r.restriction, restriction)]
        inner = [(r, remaining.within(r.restriction)) for r in fit]
        inner = [(r, own) for r, own in inner if 0 < own.removes <= remaining.size]
        if not inner:
            return
        score = costs(quadratic_model, [own for _, own in inner]) / [own.removes for _, own in inner]
        left = [r for r, _ in inner]
        for k in np.argsort(score, kind="stable")[:tries].tolist():
            rewrite, own = inner[k]
            after = quadratic_model.restricted(own)
            whole = combined(restriction, rewrite.restriction)
            choice = Choice(rewrite, own.removes, after.loss - quadratic_model.loss, whole, after)
            if accept(choice):
                break
        else:
            return
        yield choice
        quadratic_model, restriction = choice.after, choice.restriction
        left.remove(choice.rewrite)
