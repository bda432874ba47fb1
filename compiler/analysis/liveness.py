"""Components of each value that count: they are not 0 throughout and an output reads them.

Two walks over the graph. Forward: `support`, the components that may differ from 0. Backward: `read`, the
components that are read together with something that may differ from 0. Operations have the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..ir import ops
from ..ir.graph import Node, topological

Mask = NDArray[np.bool_]


def live_components(
    outputs: Iterable[Node], parameters: Mapping[str, Mask] | None = None
) -> dict[Node, Mask]:
    """For each node under the outputs a mask of its feature shape.

    parameters: the components of a parameter that may differ from 0; all, of a parameter that is not named.
    """
    roots = list(outputs)
    order = list(topological(roots))
    support: dict[Node, Mask] = {}
    for node in order:
        known = (parameters or {}).get(node["name"]) if node.op is ops.param else None
        found = node.op.live.support(node, [support[a] for a in node.args]) if known is None else known
        support[node] = found
    read = {node: np.zeros(node.kind.shape, bool) for node in order}
    for output in roots:
        read[output][...] = True
    for node in reversed(order):
        wanted = read[node] & support[node]
        if wanted.any():
            asked = node.op.live.reads(node, wanted, [support[a] for a in node.args])
            for argument, mask in zip(node.args, asked, strict=True):
                read[argument] |= mask
    return {node: read[node] & support[node] for node in order}
