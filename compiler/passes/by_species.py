"""By species: coefficients of pairs of species are laid on atoms, a row for each species of neighbour.

    Σ_j Σ_k c_nk(i, j) f_k(r_ij)  =  Σ_s Σ_k c_nk(i, s) F_sk,   F_sk = Σ_{j of species s} f_k(r_ij)
    Σ_k c_nk(i, j) f_k(r_ij)      =  row s_j of Σ_k c_nk(i, s) f_k(r_ij)

The coefficients of a neighbour are a row of a table, and to look up all of it takes longer than to multiply
with the rows of a few species and to choose then: that is a product of small matrices for each atom.
"""

from __future__ import annotations

from ..ir import ops
from ..ir.graph import Model, Node
from ..ir.rewrite import rewrite_model
from ..ir.types import NONE

_PAIRS = ("species_pair", "species_pair_ordered")
_MIX = "nk,k->n"
# of more species the rows are looked up
MOST_SPECIES = 8


def sum_by_species(model: Model) -> Model:
    """Rewrite products of coefficients and functions on neighbours, and the sums of them."""
    species = len(model.species)

    def change(node: Node) -> Node:
        if node.kind.domain.name == "edge" and node.op is ops.einsum and node["spec"] == _MIX:
            rows = _rows(node.args[0], species)
            if rows is not None:
                chosen = ops.to_species(rows, domain=node.kind.domain)
                return ops.einsum(chosen, node.args[1], spec=_MIX)
        if node.op is ops.sum_i and node.args[0].op is ops.einsum and node.args[0]["spec"] == _MIX:
            return _summed_first(node, species)
        return node

    return rewrite_model(model, change)


def _summed_first(node: Node, species: int) -> Node:
    coefficients, functions = node.args[0].args
    within = node["within"]
    if node.args[0].kind.domain.name != "edge":
        return node
    if coefficients.kind.domain == NONE:
        return ops.einsum(coefficients, ops.sum_i(functions, within=within), spec=_MIX)
    if coefficients.op is not ops.to_species:
        return node
    sums = ops.sum_species(functions, within=within, species=species)
    return ops.einsum(coefficients.args[0], sums, spec="snk,sk->n")


def _rows(coefficients: Node, species: int) -> Node | None:
    """On atoms, the rows of the table of pairs that coefficients on neighbours are looked up in."""
    if coefficients.op is not ops.reshape or coefficients.args[0].op is not ops.at or species > MOST_SPECIES:
        return None
    table = coefficients.args[0].args[0]
    if table.kind.domain.name not in _PAIRS:
        return None
    rows = ops.rows_of(table, species=species)
    return ops.reshape(rows, shape=(species, *coefficients.kind.shape))
