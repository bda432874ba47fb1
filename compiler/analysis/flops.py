"""What a model costs to evaluate: operations per atom, counted on the optimized IR."""

from __future__ import annotations

from math import pi, prod

from ..ir.graph import Model, Node

# operations a call of an elementary function stands for (polynomials of this length, docs/benchmarks.md)
_CALL = 10
_CALLS = frozenset(("exp", "log", "erfc", "sin", "cos", "tanh", "pow", "power", "distance"))
_FREE = frozenset(("const", "param", "take", "put", "stack", "reshape", "at", "row", "to_i", "to_j", "to_ij"))


def operations_per_atom(optimized: Model, density: float) -> float:
    """Additions, multiplications and the like for energy, forces and virial of one atom.

    density: atoms per Å³, which says how many neighbours there are. A count, not a time: memory and
    vectorisation make a factor of two either way.
    """
    return float(sum(_places(n, density) * _work(n) for n in optimized.nodes()))


def _places(node: Node, density: float) -> float:
    """How many values of the node there are for one atom."""
    domain = node.kind.domain
    within = 4 / 3 * pi * (domain.rc or 0.0) ** 3 * density
    return {"pair": within / 2, "edge": within, "triple": within**2, "site": 1.0}.get(domain.name, 0.0)


def _work(node: Node) -> float:
    if node.op in _FREE:
        return 0.0
    if node.op == "einsum":
        letters = node["spec"].split("->")[0].split(",")
        sizes = {
            c: n
            for s, a in zip(letters, node.args, strict=True)
            for c, n in zip(s, a.kind.shape, strict=True)
        }
        return 2.0 * prod(sizes.values())
    return float(node.kind.components * (_CALL if node.op in _CALLS else 1))
