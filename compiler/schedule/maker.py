"""Model → Plan."""

from __future__ import annotations

from ..ir.graph import Model, Node, topological
from ..ir.traits import Trait
from ..ir.types import LISTS, Domain
from .algorithms import Context, choose
from .layout import in_rows, layout_of
from .limits import Limits
from .plan import Layout, Plan, Step, Storage
from .storage import stored_nodes

_READ_LISTS = Trait.POSITION | Trait.MOVE | Trait.SUM | Trait.LOOKUP


def make_plan(model: Model, limits: Limits) -> Plan:
    """How a target with these limits evaluates the outputs of a model."""
    order = list(topological(model.outputs.values()))
    stored = stored_nodes(order) if limits.stores else set()
    layouts: dict[Node, Layout] = {}
    steps = []
    for node in order:
        choice = choose(node, Context(len(model.species), layouts, in_rows(node, limits), limits))
        layouts[node] = layout_of(node, choice, layouts, limits)
        neighbors = _neighbors(node)
        steps.append(
            Step(
                node=node,
                layout=layouts[node],
                storage=Storage.STORED if node in stored else Storage.INLINE,
                algorithm=choice.algorithm,
                neighbors=neighbors,
                cutoff=_cutoff(node),
                operand=choice.operand,
            )
        )
    outputs = tuple(model.outputs.items())
    return Plan(limits.target, len(model.species), model.lists(), tuple(steps), outputs)


def _neighbors(node: Node) -> Domain | None:
    """The list that an operation reads; triples run over edges."""
    if not node.op.traits & _READ_LISTS:
        return None
    for domain in (node.kind.domain, *(a.kind.domain for a in node.args)):
        if domain.name in LISTS:
            return Domain("edge", domain.rc) if domain.name == "triple" else domain
    return None


def _cutoff(node: Node) -> float | None:
    """The distance within which a sum over neighbours counts them: its own, or that of its list."""
    if Trait.SUM not in node.op.traits or node.args[0].kind.domain.name not in LISTS:
        return None
    cutoff = node.args[0].kind.domain.rc
    within = dict(node.attrs).get("within")
    known = [float(x) for x in (within, cutoff) if x is not None]
    return min(known, default=None)
