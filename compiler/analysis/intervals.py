"""Intervals that hold each value of a model, for all distances within the cutoff and parameters in bounds.

Interval arithmetic over the IR: an enclosure, never too narrow but for rounding, so what it says of a value
(it is 0, it is not negative) is proved. One interval holds all components of a value. The rules are those of
the operations.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.interval import ALL, ZERO, Range, hull
from ..ir.parameter import Parameter


def parameter_ranges(model: Model) -> dict[str, Range]:
    """The least and the greatest number of each parameter."""
    return {p.name: _of_parameter(p) for p in model.parameters}


def ranges(
    model: Model, roots: Iterable[Node], parameters: Mapping[str, Range] | None = None
) -> dict[Node, Range]:
    """For each node under the roots the least and the greatest number that it can be, in eV, Å and e.

    parameters: the range of each, as `parameter_ranges` has it where none are given.
    """
    parameters = parameter_ranges(model) if parameters is None else parameters
    found: dict[Node, Range] = {}
    for node in topological(roots):
        if node.op is ops.param:
            found[node] = parameters[node["name"]]
        else:
            low, high = node.op.interval(node, [found[a] for a in node.args])
            found[node] = ALL if math.isnan(low) or math.isnan(high) else (low, high)
    return found


def _of_parameter(p: Parameter) -> Range:
    rows = set(zip(p.start, p.lower, p.upper, p.free, strict=True))
    found = [(low, high) if free else (start, start) for start, low, high, free in rows]
    if p.places is not None and -1 in p.places:
        found.append(ZERO)
    return hull(found)
