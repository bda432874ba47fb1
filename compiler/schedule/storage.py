"""The values that are stored: the others a compiler may work out again in every loop that reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..ir import ops
from ..ir.graph import Node
from ..ir.traits import Trait

# of the operations without arithmetic those that read in order, and few numbers
_CHEAP = (ops.const, ops.to_i, ops.at, ops.take, ops.reshape)


def stored_nodes(order: Sequence[Node]) -> set[Node]:
    """The nodes that are long to work out and read more than once. order: arguments first.

    On neighbours sines and cosines. On dense lists families, stacks, sums of products too, and what more than
    two others read; values gathered through the list of reversed edges; and values of atoms that are carried
    to their neighbours.
    """
    readers = Counter(a for node in order for a in node.args)
    found = {node for node in order if _worth_storing(node, readers[node])}
    for node in order:
        if not node.args or not node.args[0].args:
            continue
        onto, source = node.kind.domain.name, node.args[0].kind.domain.name
        carried = (source, onto) == ("site", "edge")
        gathered = node.op is ops.sum_j and source == "edge"
        if carried or gathered:
            found.add(node.args[0])
    return found


def _worth_storing(node: Node, readers: int) -> bool:
    name = node.kind.domain.name
    if name not in ("pair", "edge", "triple"):
        return False
    if node.op in (ops.sin, ops.cos):
        return readers > 1
    if name == "pair":
        return False
    return _mixes_components(node) or (readers > 2 and node.op not in _CHEAP)


def _mixes_components(node: Node) -> bool:
    """Families, stacks, and sums of products: a component is worked out from several."""
    traits = node.op.traits
    return Trait.LOCAL in traits and not traits & (Trait.POINTWISE | Trait.REARRANGES)
