"""The algorithm of each operation, where there is a choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..ir import ops
from ..ir.contraction import parsed
from ..ir.graph import Node, Op
from .limits import Limits
from .plan import Algorithm, Layout


class Context(NamedTuple):
    """The inputs of a choice besides the node.

    layouts: of the arguments. in_rows: whether the result by itself would be kept as rows.
    """

    species: int
    layouts: Mapping[Node, Layout]
    in_rows: bool
    limits: Limits


class Choice(NamedTuple):
    algorithm: Algorithm
    operand: int | None = None


PLAIN = Choice(Algorithm.PLAIN)
Chooser = Callable[[Node, Context], Choice]


def choose(node: Node, context: Context) -> Choice:
    """The algorithm of a node."""
    chooser = _CHOOSERS.get(node.op)
    return PLAIN if chooser is None else chooser(node, context)


# --- contractions ------------------------------------------------------------------------------


def _contraction(node: Node, context: Context) -> Choice:
    operand = _looked_up(node, context)
    if operand is not None:
        return Choice(Algorithm.BY_SPECIES, operand)
    contraction = parsed(node["spec"])
    sizes = contraction.sizes(a.kind.shape for a in node.args)
    terms = contraction.terms(sizes)
    written = terms * (node.kind.components if context.in_rows else 1)
    most = context.limits.products.get(node.kind.domain.name, 0)
    if terms > context.limits.terms or written > most:
        return Choice(Algorithm.MATRIX_PRODUCT)
    return Choice(Algorithm.WRITTEN_OUT)


def _looked_up(node: Node, context: Context) -> int | None:
    """Which of two arguments is a matrix of coefficients that is looked up by species."""
    if len(node.args) != 2 or context.species > context.limits.species:
        return None
    for k, a in enumerate(node.args):
        own = a.op is ops.to_species or (a.op is ops.at and a.args[0].kind.domain.name == "species")
        if own and len(a.kind.shape) == 2 and a.kind.domain.name in ("site", "edge"):
            return k
    return None


# --- components --------------------------------------------------------------------------------


def _is_run(indices: tuple[int, ...]) -> bool:
    return indices == tuple(range(indices[0], indices[-1] + 1))


def _take(node: Node, context: Context) -> Choice:
    if context.layouts[node.args[0]] is Layout.ROWS:
        return Choice(Algorithm.PICK)
    if _is_run(node["indices"]):
        return Choice(Algorithm.SLICE)
    whole_rows = len(node.kind.shape) == 1 and context.in_rows
    return Choice(Algorithm.PICK if whole_rows else Algorithm.GATHER)


def _put(node: Node, context: Context) -> Choice:
    """Row by row, as scatters are slow."""
    stacked = context.layouts[node.args[0]] is Layout.STACKED
    return Choice(Algorithm.PAD if stacked and _is_run(node["indices"]) else Algorithm.LAY)


def _reshape(node: Node, context: Context) -> Choice:
    one = context.layouts[node.args[0]] is Layout.ROWS and node["shape"] == ()
    return Choice(Algorithm.PICK) if one else PLAIN


# --- moves and sums ----------------------------------------------------------------------------


def _always(algorithm: Algorithm) -> Chooser:
    return lambda node, context: Choice(algorithm)


def _to_i(node: Node, context: Context) -> Choice:
    return Choice(Algorithm.GATHER if node.kind.domain.name == "pair" else Algorithm.SPREAD)


def _sum_i(node: Node, context: Context) -> Choice:
    (inner,) = node.args
    if inner.kind.domain.name == "pair":
        return Choice(Algorithm.SCATTER)
    return Choice(Algorithm.OUTER if _is_outer(inner) else Algorithm.REDUCE)


def _sum_j(node: Node, context: Context) -> Choice:
    return Choice(Algorithm.SCATTER if node.args[0].kind.domain.name == "pair" else Algorithm.REVERSED)


def _total(node: Node, context: Context) -> Choice:
    (inner,) = node.args
    outer = inner.kind.domain.name in ("pair", "edge") and _is_outer(inner)
    return Choice(Algorithm.OUTER if outer else Algorithm.REDUCE)


def _is_outer(node: Node) -> bool:
    """a ⊗ b of two vectors on one list."""
    if node.op is not ops.einsum or [a.kind.domain for a in node.args] != [node.kind.domain] * 2:
        return False
    contraction = parsed(node["spec"])
    return contraction.output == "".join(contraction.inputs) and len(set(contraction.output)) == 2


_CHOOSERS: dict[Op, Chooser] = {
    ops.einsum: _contraction,
    ops.take: _take,
    ops.put: _put,
    ops.reshape: _reshape,
    ops.at: _always(Algorithm.GATHER),
    ops.rows_of: _always(Algorithm.GATHER),
    ops.sum_at: _always(Algorithm.SCATTER),
    ops.sum_rows_of: _always(Algorithm.SCATTER),
    ops.to_i: _to_i,
    ops.to_j: _always(Algorithm.GATHER),
    ops.to_ij: _always(Algorithm.SPREAD),
    ops.to_ik: _always(Algorithm.SPREAD),
    ops.of_structure: _always(Algorithm.GATHER),
    ops.sum_i: _sum_i,
    ops.sum_j: _sum_j,
    ops.sum_to_ij: _always(Algorithm.REDUCE),
    ops.sum_to_ik: _always(Algorithm.REDUCE),
    ops.total: _total,
}
