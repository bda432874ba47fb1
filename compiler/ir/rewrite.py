"""Rewriting of node graphs: a bottom-up sweep that gives each rebuilt node to local rules until none
applies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from .graph import Model, Node, TermInstance, topological

# A rule looks at one node, whose arguments are already rewritten, and gives its replacement or None.
Rule = Callable[[Node], Node | None]


def rebuild(roots: Iterable[Node], change: Callable[[Node], Node]) -> dict[Node, Node]:
    """Every node under the roots, rebuilt on rewritten arguments and passed through `change`: old -> new."""
    done: dict[Node, Node] = {}
    for node in topological(roots):
        args = tuple(done[a] for a in node.args)
        done[node] = change(node if args == node.args else remake(node, args))
    return done


def remake(node: Node, args: tuple[Node, ...]) -> Node:
    """The same operation on other arguments."""
    return node.op(*args, origin=node.origin, **dict(node.attrs))


def apply_rules(rules: Sequence[Rule], limit: int = 50) -> Callable[[Node], Node]:
    """A change that applies the rules to a node until none does; what a rule makes is looked at again
    whole.
    """
    known: dict[Node, Node] = {}

    def settle(node: Node, depth: int = 0) -> Node:
        if node in known:
            return known[node]
        current = node
        for _ in range(limit):
            new = next((r for r in (rule(current) for rule in rules) if r is not None), None)
            if new is None or new is current:
                break
            if depth < limit and new.args:
                args = tuple(settle(a, depth + 1) for a in new.args)
                new = new if args == new.args else remake(new, args)
            current = new
        known[node] = known[current] = current
        return current

    return settle


def rewrite_model(model: Model, change: Callable[[Node], Node]) -> Model:
    """A model with all outputs and term energies rewritten."""
    done = rebuild([*model.outputs.values(), *(t.energy for t in model.terms)], change)
    return renewed(model, done)


def renewed(model: Model, done: Mapping[Node, Node]) -> Model:
    """A model with its roots replaced by a mapping of `rebuild`."""
    terms = tuple(TermInstance(t.name, t.called, done[t.energy], t.pinned, t.origin) for t in model.terms)
    return replace(model, outputs={k: done[v] for k, v in model.outputs.items()}, terms=terms)
