"""Parameters that act only through the atoms of one species: rows of a table for the atom in the middle.

E = Σ_s E_s, with E_s the sum over atoms of species s. Where a number of species s enters the sites of s
alone, its derivative is that of E_s, and numbers of different species in the same place of their rows can be
differentiated in one go, the results told apart by the species of the site (as columns without a common row
are in a sparse Jacobian: Curtis, Powell & Reid, IMA J. Appl. Math. 13, 117 (1974),
doi:10.1093/imamat/13.1.117).
"""

from __future__ import annotations

from ..ir import ops
from ..ir.build import summands
from ..ir.graph import Model, Node, topological
from ..ir.parameter import Parameter
from ..ir.traits import Trait
from ..ir.types import TABLES, entries

# tables whose rows begin with the species of the atom in the middle
_CENTRAL = ("species", "species_pair_ordered", "species_triple", "species_triple_ordered")
# what brings values of one site to another
_MIXING = (ops.to_j, ops.sum_j)


def jacobian_coloring(model: Model) -> dict[str, tuple[int, ...]]:
    """The species of each coefficient of a parameter that acts only through sites of its own species.

    Parameters that act otherwise are left out. The model is an optimised one.
    """
    slopes = [model.outputs[n] for n in ("forces", "virial") if n in model.outputs]
    if len(model.species) < 2 or not slopes or not all(map(separable, slopes)):
        return {}
    mixed: set[str] = set()
    known: dict[Node, frozenset[str]] = {}
    ends = {part for output in slopes for part, _ in summands(output)}
    for node in topological(model.outputs.values()):
        found = frozenset().union(*(known[a] for a in node.args))
        if node.op is ops.param:
            found = frozenset([node["name"]])
        if _mixes(node) and node not in ends:
            mixed |= found
        known[node] = found
    owners = {p.name: _owners(p, len(model.species)) for p in model.parameters if p.name not in mixed}
    return {name: owner for name, owner in owners.items() if owner is not None}


def separable(output: Node) -> bool:
    """Whether an output is a sum over lists, each part of which belongs to a site."""
    return all(part.op in (ops.sum_i, ops.sum_j, ops.total, ops.const) for part, _ in summands(output))


def _mixes(node: Node) -> bool:
    """Whether a node's value at a site depends on rows of its table, or on values, of other sites."""
    if Trait.LOOKUP in node.op.traits and node.args[0].kind.domain.name in TABLES:
        neighbours = node.op is ops.at and node["of"] == "jk"
        return neighbours or node.args[0].kind.domain.name not in _CENTRAL
    return node.op in _MIXING or node.kind.domain.name == "pair"


def _owners(parameter: Parameter, species: int) -> tuple[int, ...] | None:
    """The species of each number, None where a number is of several."""
    domain = parameter.kind.domain
    if domain.name not in _CENTRAL:
        return None
    components = parameter.kind.components
    each = entries(domain, species) // species * components
    owner: list[int | None] = [None] * len(parameter.start)
    for place, number in enumerate(parameter.entries):
        if number >= 0:
            if owner[number] not in (None, place // each):
                return None
            owner[number] = place // each
    return tuple(o or 0 for o in owner)
