"""Tables of parameters: rows looked up by species, and their adjoints, which sum onto rows."""

from __future__ import annotations

from collections.abc import Callable

from ..graph import KindRule, Node, Op, Pullback, register
from ..interval import any_number_of
from ..live import EVERYTHING, MOVE
from ..traits import Role, Trait
from ..types import LISTS, NONE, SITE, TABLES, Domain, Kind, KindError
from . import rules
from .arithmetic import widened

_PAIRS = ("species_pair", "species_pair_ordered")


def _need_table(a: Node) -> None:
    if a.kind.domain.name not in TABLES:
        raise KindError("domain-mismatch", f"{a.kind.domain} is not a table")


def _lookup(name: str, kind: KindRule, back: Callable[[Node, Node], Node], role: Role, traits: Trait) -> Op:
    """Rows of a table; back(node, g) sums the adjoint onto them."""
    return register(
        Op(
            name=name,
            kind=kind,
            traits=Trait.LINEAR | Trait.LOOKUP | Trait.FREE | traits,
            scalar=None,
            interval=rules.first,
            pullback=lambda node, g: [lambda: back(node, g)],
            pushforward=rules.again,
            flops=rules.free,
            live=EVERYTHING if Trait.BY_SPECIES in traits else MOVE,
            role=role,
        )
    )


def _gather(name: str, kind: KindRule, pullback: Pullback, traits: Trait = Trait.NONE) -> Op:
    """A sum onto rows."""
    return register(
        Op(
            name=name,
            kind=kind,
            traits=Trait.LINEAR | Trait.SUM | traits,
            scalar=None,
            interval=lambda node, args: any_number_of(args[0]),
            pullback=pullback,
            pushforward=rules.again,
            flops=rules.each,
            live=EVERYTHING if Trait.BY_SPECIES in traits else MOVE,
            role=Role.FUNCTION,
        )
    )


# --- rows by the species of atoms --------------------------------------------------------------


def _at_kind(table: Node, *, domain: Domain, of: str) -> Kind:
    """Rows of a table picked by the species of atoms: of = i (sites), ij (pairs, edges), jk or ijk
    (triples).
    """
    _need_table(table)
    return Kind(domain, table.kind.shape, table.kind.unit)


def _sum_at_kind(a: Node, *, domain: Domain, of: str, within: float | None = None) -> Kind:
    """Onto the rows of a table by the species of atoms, as `at` reads them; of = "" sums everything onto the
    one value of the model. On lists over neighbours nearer than `within` Å.
    """
    rules.need_domain(a, "site", *LISTS, *TABLES, "structure")
    return Kind(domain, a.kind.shape, a.kind.unit)


def _to_rows(node: Node, g: Node) -> Node:
    table = node.args[0].kind.domain
    return sum_at(g, domain=table, of=node["of"], within=node.kind.domain.rc)


def _from_rows(node: Node, g: Node) -> Node:
    inner = node.args[0]
    return widened(g, inner) if node.kind.domain == NONE else at(g, domain=inner.kind.domain, of=node["of"])


at: Op = _lookup("at", _at_kind, _to_rows, Role.OWN, Trait.NONE)
sum_at: Op = _gather("sum_at", _sum_at_kind, lambda node, g: [lambda: _from_rows(node, g)])

# --- the only row of a table -------------------------------------------------------------------


def _row_kind(table: Node) -> Kind:
    """The only row of a table, in a model of one species."""
    return Kind(NONE, table.kind.shape, table.kind.unit)


def _of_row_kind(a: Node, *, domain: Domain) -> Kind:
    """A table of one row."""
    return Kind(domain, a.kind.shape, a.kind.unit)


row: Op = _lookup(
    "row", _row_kind, lambda node, g: of_row(g, domain=node.args[0].kind.domain), Role.OWN, Trait.NONE
)
of_row: Op = _lookup("of_row", _of_row_kind, lambda node, g: row(g), Role.FUNCTION, Trait.NONE)

# --- the rows of an atom, one for each species of neighbour ------------------------------------


def _rows_of_kind(table: Node, *, species: int) -> Kind:
    """The rows of a table of pairs that belong to an atom, one for each species of neighbour."""
    if table.kind.domain.name not in _PAIRS:
        raise KindError("domain-mismatch", f"{table.kind.domain} is not a table of pairs")
    return Kind(SITE, (species, *table.kind.shape), table.kind.unit)


def _sum_rows_of_kind(a: Node, *, domain: Domain) -> Kind:
    """The adjoint of `rows_of`: the rows of all atoms added onto a table of pairs."""
    rules.need_domain(a, "site")
    return Kind(domain, a.kind.shape[1:], a.kind.unit)


def _to_species_kind(a: Node, *, domain: Domain) -> Kind:
    """Of the rows of an atom, one for each species of neighbour, that of each neighbour."""
    rules.need_domain(a, "site")
    return Kind(domain, a.kind.shape[1:], a.kind.unit)


def _sum_species_kind(a: Node, *, within: float, species: int) -> Kind:
    """Onto the centre, over neighbours nearer than `within` Å, those of each species apart."""
    rules.need_domain(a, "edge")
    return Kind(SITE, (species, *a.kind.shape), a.kind.unit)


def _apart(node: Node, g: Node) -> Node:
    return sum_species(g, within=node.kind.domain.rc, species=node.args[0].kind.shape[0])


rows_of: Op = _lookup(
    "rows_of",
    _rows_of_kind,
    lambda node, g: sum_rows_of(g, domain=node.args[0].kind.domain),
    Role.FUNCTION,
    Trait.BY_SPECIES,
)
sum_rows_of: Op = _gather(
    "sum_rows_of",
    _sum_rows_of_kind,
    lambda node, g: [lambda: rows_of(g, species=node.args[0].kind.shape[0])],
    Trait.BY_SPECIES,
)
to_species: Op = _lookup("to_species", _to_species_kind, _apart, Role.FUNCTION, Trait.BY_SPECIES)
sum_species: Op = _gather(
    "sum_species",
    _sum_species_kind,
    lambda node, g: [lambda: to_species(g, domain=node.args[0].kind.domain)],
    Trait.BY_SPECIES,
)
