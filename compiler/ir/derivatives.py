"""Derivatives of graphs by the rules of their operations: backwards to leaves, or forwards from them.

The two are adjoint: for any w and v, ⟨w, J v⟩ = ⟨Jᵀ w, v⟩ (Griewank & Walther, Evaluating Derivatives, SIAM
2008, doi:10.1137/1.9780898717761).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from . import ops
from .graph import Node, topological
from .types import NONE


def adjoints(root: Node, seed: Node, is_leaf: Callable[[Node], bool]) -> dict[Node, Node]:
    """Jᵀ·seed for every leaf under the root, seed of the kind of the root but for its unit.

    An adjoint has the domain and the shape of its leaf. Raises InternalError for an operation whose pullback
    is refused.
    """
    order = list(topological([root]))
    active: set[Node] = set()
    for node in order:
        if is_leaf(node) or any(a in active for a in node.args):
            active.add(node)
    adjoint: dict[Node, Node] = {root: seed} if root in active else {}
    for node in reversed(order):
        if node not in active or is_leaf(node) or node not in adjoint:
            continue
        for argument, make_it in zip(node.args, node.op.pullback(node, adjoint[node]), strict=True):
            if argument in active:
                contribution = _as_argument(argument, make_it())
                known = adjoint.get(argument)
                adjoint[argument] = contribution if known is None else ops.add(known, contribution)
    return {n: adjoint[n] for n in order if is_leaf(n) and n in adjoint}


def _as_argument(argument: Node, g: Node) -> Node:
    """The adjoint of a value that was used for every component, or at every place, is the sum over them."""
    if argument.kind.shape != g.kind.shape:
        letters = "abcdef"[: len(g.kind.shape)]
        g = ops.einsum(g, spec=f"{letters}->")
    if argument.kind.domain == NONE != g.kind.domain:
        return ops.sum_at(g, domain=NONE, of="", within=g.kind.domain.rc)
    return g


def tangents(roots: Iterable[Node], seeds: Mapping[Node, Node]) -> dict[Node, Node | None]:
    """J·seeds for every node under the roots, None for 0. seeds: of leaves, each of the kind of its leaf.

    Raises InternalError for an operation whose pushforward is refused.
    """
    found: dict[Node, Node | None] = {}
    for node in topological(roots):
        own = [found[a] for a in node.args]
        if node in seeds:
            found[node] = seeds[node]
        else:
            found[node] = None if all(t is None for t in own) else node.op.pushforward(node, own)
    return found
