"""cutoff-discontinuity: a sum over neighbours whose summand, or its slope, is not 0 at the cutoff.

An atom that crosses the cutoff then changes the energy at once, or the forces, and a simulation does not
conserve energy. Looked for in samples of the summand just within the cutoff, for all species of the model.
A jump of the energy is an error, unless the spec says that it is meant: by a switch that is called `hard`, or
by a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, product
from math import ceil, isfinite

from ..analysis.budget import Exhausted
from ..analysis.sampling import NoSample, Row, Sampler, Scene, sample_parameters
from ..diagnostics.diagnostic import Diagnostic, Severity
from ..ir import ops
from ..ir.graph import Node, TermInstance, topological
from ..ir.types import TABLE_ATOMS, row_number
from ..syntax import tree as syntax
from .formula import Formula

ALLOWED = "# allow cutoff-discontinuity"
_ALLOWED = re.compile(r"#\s*allow\s+cutoff-discontinuity\b")
_HARD = "hard"  # the switch of the library that cuts and does nothing else
_NEAR = 1e-7  # how far within the cutoff, as a part of it
_INSIDE = (0.6, 0.9)  # where the summand shows how large it is, as parts of the cutoff
_BEYOND = tuple(1.0 + k / 64 for k in range(1, 65))  # where it may end, as parts of the cutoff
_JUMP = 1e-5  # of the energy, as a part of what it is inside
_ENDS = 30  # times as many scenes, to find where a summand ends
_SAMPLE = 0.5  # steps that a node takes in all scenes of a pair of species
_KINK = 1e-3  # of the slope times the cutoff, likewise: `smooth` over 5 % of the cutoff has 1e-9


@dataclass(frozen=True)
class _Jump:
    """rc: the cutoff, Å; reach: where the summand ends beyond it, Å, None where it does not."""

    quantity: str
    rc: float
    reach: float | None = None


def cutoff_discontinuity(formula: Formula) -> Iterator[Diagnostic]:
    numbers = sample_parameters(formula.model)
    allowed = any(_ALLOWED.match(c.text) for c in formula.checked.file.comments)
    seen: set[Node] = set()
    for term in formula.model.terms:
        sums = [n for n in topological([term.energy]) if n.op in (ops.sum_i, ops.sum_to_ij) and n not in seen]
        seen.update(sums)
        for node in sums:
            jump = _jump(formula, node, numbers)
            if jump is not None:
                yield _told(formula, term, jump, allowed or _is_hard(formula, term))
                break


def _told(formula: Formula, term: TermInstance, jump: _Jump, allowed: bool) -> Diagnostic:
    is_error = jump.quantity == "the energy" and not allowed
    what = f"{jump.quantity} of `{term.called}` jumps where a neighbour crosses the cutoff, {jump.rc:g} Å"
    help = "multiply what is summed over neighbours by a switch, such as `smooth(r, rc)`"
    if jump.reach is not None and jump.reach <= (1.0 + _NEAR) * jump.rc:
        help = f"let its switch begin inside the cutoff, or {help}"
    elif jump.reach is not None:
        what += f": the formula reaches to {jump.reach:g} Å"
        help = f"make the cutoff {jump.reach:g} Å, or {help}"
    if is_error:
        help += f"; where it is meant, write `{ALLOWED}`"
    severity: Severity = "error" if is_error else "warning"
    return Diagnostic("cutoff-discontinuity", what, severity, primary=formula.place(term), help=help)


def _is_hard(formula: Formula, term: TermInstance) -> bool:
    """Whether the call of a term asks for a switch that cuts."""
    call = formula.calls.get(term.name)
    values = [argument.value for argument in call.arguments] if call else []
    return any(isinstance(v, syntax.Name) and v.name == _HARD for v in values)


def _jump(formula: Formula, node: Node, numbers: dict[str, Row]) -> _Jump | None:
    """The jump of a sum over neighbours; None where nothing jumps."""
    rc = float(node["within"])
    under = list(topological([node.args[0]]))
    tables = [n for n in under if n.kind.domain.name in TABLE_ATOMS and n.op in (ops.param, ops.const)]
    sampled = set()
    for i, j in combinations_with_replacement(range(len(formula.model.species)), 2):
        rows = _rows(tables, formula, numbers, (i, j))
        if rows in sampled:
            continue  # as another pair of species
        sampled.add(rows)
        formula.budget.spend(_SAMPLE * len(under))
        scene = Scene((i, j, j), 0.6 * rc, 0.6 * rc)
        try:
            edge = _summand(formula, node, numbers, scene, rc * (1.0 - _NEAR))
            inside = [x for part in _INSIDE for x in _summand(formula, node, numbers, scene, rc * part)]
        except NoSample:
            continue
        large, left = max(map(abs, inside)), max(map(abs, edge))
        if not isfinite(large + left):
            continue
        if left > _JUMP * large:
            return _Jump("the energy", rc, _reach(formula, node, numbers))
        if left > _KINK * _NEAR * large:
            return _Jump("the force", rc)
    return None


def _reach(formula: Formula, node: Node, numbers: dict[str, Row]) -> float | None:
    """Where the summand ends for all species (Å), rounded up; None where it does not by twice the cutoff."""
    rc, farthest = float(node["within"]), 0.0
    steps = _ENDS * _SAMPLE * sum(1 for _ in topological([node.args[0]]))
    for i, j in combinations_with_replacement(range(len(formula.model.species)), 2):
        scene = Scene((i, j, j), 0.6 * rc, 0.6 * rc)

        def is_there(part: float, scene: Scene = scene) -> bool:
            return any(x != 0.0 for x in _summand(formula, node, numbers, scene, rc * part))

        try:
            formula.budget.spend(steps)
            last = max((k for k, part in enumerate(_BEYOND) if is_there(part)), default=None)
            if last == len(_BEYOND) - 1:
                return None
            low, high = (1.0, _BEYOND[0]) if last is None else _BEYOND[last : last + 2]
            for _ in range(30):
                middle = 0.5 * (low + high)
                low, high = (middle, high) if is_there(middle) else (low, middle)
        except (NoSample, Exhausted):
            return None
        farthest = max(farthest, rc * low)
    return ceil(1000 * farthest - 1e-4) / 1000


def _rows(
    tables: list[Node], formula: Formula, numbers: dict[str, Row], species: tuple[int, int]
) -> tuple[tuple[float, ...], ...]:
    """All that the tables hold of two species."""
    found = []
    for table in tables:
        domain, width = table.kind.domain, table.kind.components
        values = numbers[table["name"]] if table.op is ops.param else table["values"]
        for atoms in product(species, repeat=TABLE_ATOMS[domain.name]):
            start = width * row_number(domain, atoms, len(formula.model.species))
            found.append(tuple(values[start : start + width]))
    return tuple(found)


def _summand(formula: Formula, node: Node, numbers: dict[str, Row], scene: Scene, r: float) -> Row:
    triple = node.op is ops.sum_to_ij
    scene = replace(scene, r_ik=r) if triple else replace(scene, r_ij=r)
    return Sampler(formula.model, numbers, scene).value(node.args[0], "ijk" if triple else "ij")
