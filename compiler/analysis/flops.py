"""The cost of a model: operations per atom, counted on the optimised IR."""

from __future__ import annotations

from math import pi

from ..ir.graph import Model, Node


def operations_per_atom(optimized: Model, density: float) -> float:
    """Additions, multiplications and the like for energy, forces and virial of one atom.

    density: atoms per Å³, which says how many neighbours there are. A count, not a time: memory and
    vectorisation make a factor of two either way.
    """
    return sum(_places(n, density) * n.op.flops(n) for n in optimized.nodes())


def _places(node: Node, density: float) -> float:
    """The number of values of the node for one atom."""
    domain = node.kind.domain
    within = 4 / 3 * pi * (domain.rc or 0.0) ** 3 * density
    return {"pair": within / 2, "edge": within, "triple": within**2, "site": 1.0}.get(domain.name, 0.0)
