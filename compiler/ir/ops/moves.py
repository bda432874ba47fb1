"""Moves between atoms, neighbours and triples, in adjoint pairs: what one carries, the other sums."""

from __future__ import annotations

from collections.abc import Callable

from ..graph import KindRule, Node, Op, register
from ..interval import any_number_of
from ..live import MOVE
from ..traits import Role, Trait
from ..types import LISTS, SITE, STRUCTURE, Domain, Kind
from . import rules
from .arithmetic import widened
from .leaves import constant


def _move(name: str, kind: KindRule, back: Callable[[Node, Node], Node]) -> Op:
    """A move onto a list; back(node, g) sums the adjoint where the value came from."""
    return register(
        Op(
            name=name,
            kind=kind,
            traits=Trait.LINEAR | Trait.MOVE | Trait.FREE,
            scalar=None,
            interval=rules.first,
            pullback=lambda node, g: [lambda: back(node, g)],
            pushforward=rules.again,
            flops=rules.free,
            live=MOVE,
            role=Role.MOVE,
        )
    )


def _collect(name: str, kind: KindRule, back: Callable[[Node, Node], Node], role: Role = Role.REDUCE) -> Op:
    """A sum over a list; back(node, g) carries the adjoint to each entry that was summed."""
    return register(
        Op(
            name=name,
            kind=kind,
            traits=Trait.LINEAR | Trait.SUM,
            scalar=None,
            interval=lambda node, args: any_number_of(args[0]),
            pullback=lambda node, g: [lambda: back(node, g)],
            pushforward=rules.again,
            flops=rules.each,
            live=MOVE,
            role=role,
        )
    )


# --- atoms and neighbours ----------------------------------------------------------------------


def _onto_list(a: Node, *, domain: Domain) -> Kind:
    rules.need_domain(a, "site")
    return Kind(domain, a.kind.shape, a.kind.unit)


def _onto_site(a: Node, *, within: float) -> Kind:
    """Onto the centre (sum_i) or the neighbour (sum_j), over neighbours nearer than `within` Å."""
    rules.need_domain(a, "pair", "edge")
    return Kind(SITE, a.kind.shape, a.kind.unit)


to_i: Op = _move("to_i", _onto_list, lambda node, g: sum_i(g, within=node.kind.domain.rc))
to_j: Op = _move("to_j", _onto_list, lambda node, g: sum_j(g, within=node.kind.domain.rc))
sum_i: Op = _collect("sum_i", _onto_site, lambda node, g: to_i(g, domain=node.args[0].kind.domain))
sum_j: Op = _collect("sum_j", _onto_site, lambda node, g: to_j(g, domain=node.args[0].kind.domain))

# --- neighbours and triples --------------------------------------------------------------------


def _onto_triples(a: Node) -> Kind:
    rules.need_domain(a, "edge")
    return Kind(Domain("triple", a.kind.domain.rc), a.kind.shape, a.kind.unit)


def _onto_edges(a: Node, *, within: float) -> Kind:
    """Over k onto ij (sum_to_ij), over j onto ik (sum_to_ik); both neighbours nearer than `within` Å, j ≠
    k.
    """
    rules.need_domain(a, "triple")
    return Kind(Domain("edge", a.kind.domain.rc), a.kind.shape, a.kind.unit)


to_ij: Op = _move("to_ij", _onto_triples, lambda node, g: sum_to_ij(g, within=node.kind.domain.rc))
to_ik: Op = _move("to_ik", _onto_triples, lambda node, g: sum_to_ik(g, within=node.kind.domain.rc))
sum_to_ij: Op = _collect("sum_to_ij", _onto_edges, lambda node, g: to_ij(g))
sum_to_ik: Op = _collect("sum_to_ik", _onto_edges, lambda node, g: to_ik(g))

# --- structures --------------------------------------------------------------------------------


def _onto_structure(a: Node, *, within: float | None = None) -> Kind:
    """Over all sites, pairs or edges of a structure."""
    rules.need_domain(a, "site", *LISTS)
    return Kind(STRUCTURE, a.kind.shape, a.kind.unit)


def _from_structure(a: Node, *, domain: Domain) -> Kind:
    """The value of its structure for each site, pair, edge or triple."""
    rules.need_domain(a, "structure")
    return Kind(domain, a.kind.shape, a.kind.unit)


def _to_entries(node: Node, g: Node) -> Node:
    """The adjoint of a total, for each entry; a constant is the same everywhere."""
    domain = node.args[0].kind.domain
    if g.kind.domain == STRUCTURE:
        return of_structure(g, domain=domain)
    return widened(g, constant((1.0,) * g.kind.components, domain=domain, shape=g.kind.shape))


total: Op = _collect("total", _onto_structure, _to_entries, role=Role.FUNCTION)
of_structure: Op = _move(
    "of_structure", _from_structure, lambda node, g: total(g, within=node.kind.domain.rc)
)
