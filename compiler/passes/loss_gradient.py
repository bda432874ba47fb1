"""Loss gradient: the derivative of a loss of energies, forces and virials by all tables of parameters.

With u = ∂L/∂y of the outputs y = (E, F, virial), held, the gradient of L is that of

    φ = u_E E + d/dt E(x − t u_F, ε = t u_S)

as forces and virials are derivatives of E. So: forwards along a motion of the positions, then backwards to
what depends on parameters and species alone, in one sweep over the neighbours of each atom.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..ir import build as alg
from ..ir import ops
from ..ir.derivatives import adjoints, tangents
from ..ir.graph import Model, Node, topological
from ..ir.parameter import Parameter
from ..ir.traits import Trait
from ..ir.types import NONE, Domain, Kind
from ..schedule.sweep import dependent, static_nodes
from .along import parameters_along

WEIGHT = "weight'"  # u_E; no name of a parameter of a spec has that mark


@dataclass(frozen=True)
class LossGradient:
    """φ as a model, and its derivatives.

    model: outputs `site_energy` (φ of each atom) and the parts of adjoints. Its parameters are those of the
    potential, then u_E.
    tables: nodes that depend on parameters and species alone.
    parts: for each output but the first, which of the tables it is a part of the adjoint of, and its domain:
    the adjoint of a row is the sum over all atoms, neighbours or triples of that row's species.
    """

    model: Model
    tables: tuple[Node, ...]
    parts: dict[str, tuple[int, Domain]]


def differentiate_loss(model: Model) -> LossGradient:
    """Raises InternalError for an operation whose derivative is refused."""
    site = model.outputs["energy"]
    positions = [n for n in topological([site]) if Trait.POSITION in n.op.traits]
    moved = tangents([site], {n: _moved(n) for n in positions})[site]
    tables = _trained_tables(model, [site] if moved is None else [site, moved])
    weight = Parameter(WEIGHT, "", Kind(NONE), (1.0,), (-1.0,), (1.0,), (False,))
    value = alg.mul(ops.param(name=WEIGHT, kind=weight.kind), site)
    value = value if moved is None else alg.add(value, moved)
    found = adjoints(value, ops.constant(1.0, domain=site.kind.domain), tables.__contains__)
    outputs, parts = {"site_energy": value}, {}
    for k, (table, adjoint) in enumerate(found.items()):
        for p, (part, domain) in enumerate(_parts(adjoint, table.kind.domain)):
            outputs[name := f"adjoint {k}.{p}"] = part
            parts[name] = (k, domain)
    whole = replace(model, parameters=(*model.parameters, weight), terms=(), outputs=outputs)
    return LossGradient(whole, tuple(found), parts)


def tables_along(model: Model, tables: tuple[Node, ...]) -> tuple[Model, tuple[Node | None, ...]]:
    """The derivatives of tables along a direction in the parameters, as nodes of a model whose parameters are
    those of `model`, then the direction; None for 0.
    """
    both, seeds = parameters_along(model, tables)
    found = tangents(tables, seeds)
    return both, tuple(found[t] for t in tables)


def _moved(leaf: Node) -> Node:
    """How a distance or a vector changes along the motion."""
    domain = leaf.kind.domain
    motion = ops.motion(domain=domain)
    return motion if leaf.op is ops.displacement else alg.dot(alg.direction(domain), motion)


def _trained_tables(model: Model, roots: list[Node]) -> set[Node]:
    """The nodes that depend on species and on parameters, some of them trained, alone."""
    order = tuple(topological(roots))
    trained = [p.name for p in model.parameters if any(p.free)]
    return static_nodes(order) & dependent(order, trained)


def _parts(adjoint: Node, domain: Domain) -> Iterator[tuple[Node, Domain]]:
    """Values that add up to an adjoint, and their domains: each is summed where it is worked out."""
    if adjoint.op is ops.add and all(a.kind.shape == adjoint.kind.shape for a in adjoint.args):
        for a in adjoint.args:
            yield from _parts(a, domain)
    elif adjoint.op is ops.sum_at and adjoint.kind.domain == NONE:
        yield from _parts(adjoint.args[0], adjoint.args[0].kind.domain)
    else:
        yield adjoint, domain
