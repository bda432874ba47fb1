"""Share neighbours: terms of nearly the same cutoff use one list, each still with its own cutoff.

A sum within a smaller cutoff laid on a longer list masks the neighbours beyond:
    sum_i(f, within rc)  =  sum_i(where(rc − r, f, 0), within RC)
A list is only lengthened where that adds little work (volumes within MERGE); a short-ranged core keeps its
own, usually empty, list. Triples keep theirs: their work grows with the square. So do sums that may be no
number beyond their own cutoff, exp(σ/(r − rc)) or √(rc − r): what is masked is 0, but its derivative would
be 0 times infinity.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..chemistry.units import ANGSTROM
from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.rewrite import rebuild, renewed
from ..ir.traits import Trait
from ..ir.types import Domain, Kind

# share where the smaller sphere has at least this part of the larger one's volume
MERGE = 0.5


def share_lists(model: Model) -> Model:
    """Lay sums of similar cutoffs on the longest of their lists."""
    target = _targets(model)
    if not any(a != b for a, b in target.items()):
        return model

    def change(node: Node) -> Node:
        attrs: dict[str, Any] = {k: _moved(v, target) for k, v in node.attrs}
        if _sums(node) and node["within"] != attrs_domain(node).rc:
            rc, domain = node["within"], attrs_domain(node)
            gap = ops.add(ops.constant(rc, ANGSTROM), ops.neg(ops.distance(domain=domain)))
            body = node.args[0]
            nothing = ops.constant((0.0,) * body.kind.components, body.kind.unit, shape=body.kind.shape)
            return node.op(ops.select(gap, body, nothing), **{**attrs, "within": domain.rc})
        return node.op(*node.args, origin=node.origin, **attrs)

    roots = [*model.outputs.values(), *(t.energy for t in model.terms)]
    return renewed(model, rebuild(roots, change))


def _sums(node: Node) -> bool:
    """Whether a node sums over the neighbours within a cutoff, on a list that may be lengthened."""
    bounded = Trait.SUM in node.op.traits and dict(node.attrs).get("within") is not None
    return bounded and attrs_domain(node).name in ("pair", "edge")


def attrs_domain(node: Node) -> Domain:
    """The list that a sum runs over: that of its argument."""
    return node.args[0].kind.domain


def _moved(value: object, target: dict[Domain, Domain]) -> object:
    if isinstance(value, Domain):
        return target.get(value, value)
    if isinstance(value, Kind):
        return replace(value, domain=target.get(value.domain, value.domain))
    return value


def _targets(model: Model) -> dict[Domain, Domain]:
    """For each list the one it is laid on. Chains of merges go to the longest, as long as MERGE holds with
    it.
    """
    lists: dict[str, set[float]] = {"pair": set(), "edge": set()}
    kept: set[float] = set()
    wild: set[Domain] = set()
    for node in topological(model.outputs.values()):
        domain = node.kind.domain
        if domain.name in lists and domain.rc is not None:
            lists[domain.name].add(domain.rc)
        elif domain.name == "triple" and domain.rc is not None:
            kept.add(domain.rc)
        if _sums(node) and not _tame(node.args[0]):
            wild.add(attrs_domain(node))
    target: dict[Domain, Domain] = {}
    for name in ("pair", "edge"):
        longest: float | None = None
        for rc in sorted(lists[name], reverse=True):
            fixed = (name == "edge" and rc in kept) or Domain(name, rc) in wild
            if longest is None or fixed or (rc / longest) ** 3 < MERGE:
                longest = rc if not fixed else longest
                continue
            target[Domain(name, rc)] = Domain(name, longest)
    return target


def _tame(body: Node) -> bool:
    """Whether a value on neighbours is finite at any distance: roots, logarithms and divisors are of steady
    values.
    """
    for node in topological([body]):
        if node.kind.domain != body.kind.domain:
            continue
        exponent = node["exponent"] if node.op is ops.pow else 1.0
        risky = Trait.DIVERGES in node.op.traits or exponent < 0.0 or exponent != int(exponent)
        if risky and not all(_steady(a) for a in node.args):
            return False
    return True


_STEADY_LEAVES = (ops.distance, ops.param, ops.const, ops.at, ops.row)


def _steady(node: Node) -> bool:
    """Built of distances, parameters and constants by products alone: nowhere 0 but where a parameter is."""
    inside = [n for n in topological([node]) if n.op not in _STEADY_LEAVES]
    return all(n.op in (ops.mul, ops.neg, ops.pow, ops.to_i, ops.to_j) for n in inside)
