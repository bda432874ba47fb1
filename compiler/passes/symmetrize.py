"""Symmetrize: sums over directed neighbours move to the half list, which has each pair once.

    Σ_j f(i, j)  over directed edges  =  sum_i(f) + sum_j(f with i and j exchanged)  over pairs

Where f is symmetric the two are one node, and the work is halved; the exchange is exact in any case. Sums
stay on the directed, dense list where they carry many components or directions (there they are small matrix
products), or where the edge value comes from third neighbours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.rewrite import rewrite_model
from ..ir.types import Domain, Kind
from .cse import ordered

# a row of this many components is about where the dense list wins (benchmarks/bench_layout.py)
MOST_COMPONENTS = 1


def symmetrize_sums(model: Model) -> Model:
    """Rewrite the sums over neighbours that are cheaper over pairs."""
    return rewrite_model(model, _to_pairs)


def _to_pairs(node: Node) -> Node:
    if node.op is not ops.sum_i or node.args[0].kind.domain.name != "edge":
        return node
    body, within = node.args[0], node["within"]
    near = _on_edges(body)
    if body.kind.components > MOST_COMPONENTS or any(n.kind.domain.name == "triple" for n in near):
        return node
    forth, back = _on_pairs(body, near, False), _on_pairs(body, near, True)
    return ops.add(ops.sum_i(forth, within=within), ops.sum_j(back, within=within))


def _on_edges(body: Node) -> set[Node]:
    """Nodes on neighbours under a value on neighbours, down to values of atoms."""
    found: set[Node] = set()
    stack = [body]
    while stack:
        node = stack.pop()
        if node not in found and node.kind.domain.name in ("edge", "triple"):
            found.add(node)
            stack.extend(node.args)
    return found


def _on_pairs(body: Node, near: set[Node], exchanged: bool) -> Node:
    """The same value on the pair list, with i and j exchanged where asked; products and sums put in order."""
    done: dict[Node, Node] = {}
    for node in topological([body]):
        if node in near:
            done[node] = ordered(_moved(node, tuple(done[a] for a in node.args), exchanged))
        else:
            done[node] = node
    return done[body]


_EXCHANGE = {ops.to_i: ops.to_j, ops.to_j: ops.to_i}


def _moved(node: Node, args: tuple[Node, ...], exchanged: bool) -> Node:
    pair = Domain("pair", node.kind.domain.rc)
    attrs: dict[str, Any] = {k: _on_pair_kind(v, pair) for k, v in node.attrs}
    op = _EXCHANGE.get(node.op, node.op) if exchanged else node.op
    if node.op is ops.at and exchanged:
        attrs["of"] = {"ij": "ji", "ji": "ij"}[attrs["of"]]
        if node.args[0].kind.domain.name == "species_pair":
            attrs["of"] = "ij"
    made = op(*args, origin=node.origin, **attrs)
    return ops.neg(made) if exchanged and node.op is ops.displacement else made


def _on_pair_kind(value: object, pair: Domain) -> object:
    if isinstance(value, Domain):
        return pair
    return replace(value, domain=pair) if isinstance(value, Kind) and value.domain.name == "edge" else value
