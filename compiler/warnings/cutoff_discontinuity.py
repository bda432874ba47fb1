"""cutoff-discontinuity: a sum over neighbours whose summand, or its slope, is not 0 at the cutoff.

An atom that crosses the cutoff then changes the energy at once, or the forces, and a simulation does not
conserve energy. Looked for in samples of the summand just within the cutoff, for all species of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement
from math import isfinite

from ..analysis.sampling import NoSample, Row, Sampler, Scene, sample_parameters
from ..diagnostics.diagnostic import Diagnostic
from ..ir import ops
from ..ir.graph import Node, topological
from .formula import Formula

_NEAR = 1e-7  # how far within the cutoff, as a part of it
_INSIDE = (0.6, 0.9)  # where the summand shows how large it is, as parts of the cutoff
_JUMP = 1e-5  # of the energy, as a part of what it is inside
_KINK = 1e-3  # of the slope times the cutoff, likewise: `smooth` over 5 % of the cutoff has 1e-9


def cutoff_discontinuity(formula: Formula) -> Iterator[Diagnostic]:
    numbers = sample_parameters(formula.model)
    seen: set[Node] = set()
    for term in formula.model.terms:
        sums = [n for n in topological([term.energy]) if n.op in (ops.sum_i, ops.sum_to_ij) and n not in seen]
        seen.update(sums)
        for node in sums:
            jump = _jump(formula, node, numbers)
            if jump is not None:
                what, rc = jump
                yield Diagnostic(
                    "cutoff-discontinuity",
                    f"{what} of `{term.called}` jumps where a neighbour crosses the cutoff, {rc:g} Å",
                    "warning",
                    primary=formula.place(term),
                    help="multiply what is summed over neighbours by a switch, such as `smooth(r, rc)`",
                )
                break


def _jump(formula: Formula, node: Node, numbers: dict[str, Row]) -> tuple[str, float] | None:
    """The quantity of a sum over neighbours that jumps, and its cutoff (Å); None where nothing jumps."""
    rc = float(node["within"])
    for i, j in combinations_with_replacement(range(len(formula.model.species)), 2):
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
            return "the energy", rc
        if left > _KINK * _NEAR * large:
            return "the force", rc
    return None


def _summand(formula: Formula, node: Node, numbers: dict[str, Row], scene: Scene, r: float) -> Row:
    triple = node.op is ops.sum_to_ij
    scene = replace(scene, r_ik=r) if triple else replace(scene, r_ij=r)
    return Sampler(formula.model, numbers, scene).value(node.args[0], "ijk" if triple else "ij")
