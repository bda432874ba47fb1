"""Which components of each value count: those that are not 0 throughout and that an output reads.

Two walks over the graph. Forward: `support`, the components that may differ from 0. Backward: `demand`, the
components that are read together with something that may differ from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..ir.graph import Node, topological

Mask = NDArray[np.bool_]

# f(0) = 0
_KEEP_ZERO = ("neg", "abs", "sign", "step", "sin", "tanh")
# moves between domains: a component of the result reads the same of the argument
CARRIED = (
    *("at", "row", "to_i", "to_j", "sum_i", "sum_j"),
    *("to_ij", "to_ik", "sum_to_ij", "sum_to_ik", "total"),
)
ELEMENTWISE = (
    *("add", "mul", "neg", "exp", "log", "erfc", "sin", "cos", "tanh", "abs", "sign", "step"),
    *("pow", "power", "max", "min", "select"),
)


def live_components(
    outputs: Iterable[Node], parameters: Mapping[str, Mask] | None = None
) -> dict[Node, Mask]:
    """For each node under the outputs a mask of its feature shape.

    parameters: which components of a parameter may differ from 0, all of those that are not named.
    """
    roots = list(outputs)
    order = list(topological(roots))
    support: dict[Node, Mask] = {}
    for node in order:
        known = (parameters or {}).get(node["name"]) if node.op == "param" else None
        support[node] = _support(node, [support[a] for a in node.args]) if known is None else known
    demand = {node: np.zeros(node.kind.shape, bool) for node in order}
    for output in roots:
        demand[output][...] = True
    for node in reversed(order):
        wanted = demand[node] & support[node]
        if wanted.any():
            for argument, asked in zip(node.args, _asked(node, wanted, support), strict=True):
                demand[argument] |= asked
    return {node: demand[node] & support[node] for node in order}


# --- forward -----------------------------------------------------------------------------------


def _support(node: Node, args: Sequence[Mask]) -> Mask:
    shape = node.kind.shape
    match node.op:
        case "const":
            rows = np.array(node["values"]).reshape(-1, *shape)
            return np.asarray((rows != 0).any(axis=0))
        case "mul":
            return np.asarray(args[0] & args[1])
        case "add" | "max" | "min":
            return np.asarray(np.broadcast_to(args[0] | args[1], shape))
        case "select":
            return np.asarray(np.broadcast_to(args[1] | args[2], shape))
        case "einsum":
            return np.asarray(np.einsum(node["spec"], *(a.astype(float) for a in args)) > 0)
        case "take":
            return np.asarray(args[0][..., list(node["indices"])])
        case "put":
            found = np.zeros(shape, bool)
            for k, index in enumerate(node["indices"]):
                found[..., index] |= args[0][..., k]
            return found
        case "stack":
            return np.array(args, bool)
        case "reshape":
            return args[0].reshape(shape)
        case "pow":
            return args[0] if node["exponent"] > 0 else np.ones(shape, bool)
        case op if op in _KEEP_ZERO or op in CARRIED:
            return args[0]
        case _:
            return np.ones(shape, bool)


# --- backward ----------------------------------------------------------------------------------


def _asked(node: Node, wanted: Mask, support: Mapping[Node, Mask]) -> list[Mask]:
    """What each argument has to give for the wanted components."""
    args = node.args
    match node.op:
        case op if op in ELEMENTWISE:
            return [_as_shape(a, wanted & _of_others(node, k, support)) for k, a in enumerate(args)]
        case op if op in CARRIED:
            return [wanted]
        case "einsum":
            return [_asked_of_product(node, k, wanted, support) for k in range(len(args))]
        case "take":
            found = np.zeros(args[0].kind.shape, bool)
            for k, index in enumerate(node["indices"]):
                found[..., index] |= wanted[..., k]
            return [found]
        case "put":
            return [np.asarray(wanted[..., list(node["indices"])])]
        case "stack":
            return [np.asarray(w) for w in wanted]
        case "reshape":
            return [wanted.reshape(args[0].kind.shape)]
        case _:
            return [np.ones(a.kind.shape, bool) for a in args]


def _of_others(node: Node, k: int, support: Mapping[Node, Mask]) -> Mask:
    """Where a factor counts: where the other is not 0."""
    return support[node.args[1 - k]] if node.op == "mul" else np.ones((), bool)


def _as_shape(argument: Node, mask: Mask) -> Mask:
    return np.asarray(mask.any()) if not argument.kind.shape else np.asarray(mask)


def _asked_of_product(node: Node, k: int, wanted: Mask, support: Mapping[Node, Mask]) -> Mask:
    ins, out = node["spec"].split("->")
    letters = ins.split(",")
    others = [(s, support[a]) for j, (s, a) in enumerate(zip(letters, node.args, strict=True)) if j != k]
    own = (letters[k], np.ones(node.args[k].kind.shape, bool))
    specs, masks = zip((out, wanted), own, *others, strict=True)
    return np.asarray(np.einsum(f"{','.join(specs)}->{letters[k]}", *(m.astype(float) for m in masks)) > 0)
