"""Parameters that the energy is jointly affine in: a fit can solve for them exactly.

Energies, forces and stress are then affine in them too, whatever values the others have.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.rows import row_of
from ..ir.traits import Trait


@dataclass
class _Degrees:
    """Parameters met so far: entering beyond the first power, and pairs that multiply one another."""

    nonlinear: set[str] = field(default_factory=set)
    products: set[frozenset[str]] = field(default_factory=set)


def linear_parameters(model: Model) -> frozenset[str]:
    """Names of parameters that the energy is jointly affine in; where two multiply, the one with more
    numbers is kept.
    """
    degrees = _Degrees()
    first: dict[Node, frozenset[str]] = {}
    for node in topological([model.outputs["energy"]]):
        first[node] = _first_powers(node, [first[a] for a in node.args], degrees)
    chosen: set[str] = set()
    for p in sorted(model.parameters, key=lambda p: (-len(p.start), p.name)):
        clashes = any(frozenset((p.name, other)) in degrees.products for other in chosen)
        if p.name not in degrees.nonlinear and not clashes:
            chosen.add(p.name)
    return frozenset(chosen)


def _first_powers(node: Node, args: list[frozenset[str]], degrees: _Degrees) -> frozenset[str]:
    """Parameters that a node has to the first power."""
    if node.op is ops.param:
        return frozenset((node["name"],))
    if Trait.LINEAR in node.op.traits:
        return frozenset().union(*args)
    if Trait.MULTILINEAR in node.op.traits:
        for k, a in enumerate(args):
            for b in args[k + 1 :]:
                degrees.nonlinear |= a & b
                degrees.products |= {frozenset((p, q)) for p in a for q in b if p != q}
        return frozenset().union(*args)
    if node.op is ops.select:
        degrees.nonlinear |= args[0]
        return args[1] | args[2]
    if row_of(node) is not None:
        degrees.nonlinear |= frozenset().union(*args[:-1])
        return args[-1]
    degrees.nonlinear |= frozenset().union(*args) if args else frozenset()
    return frozenset()
