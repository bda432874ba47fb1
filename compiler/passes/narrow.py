"""Narrow: components that nothing reads, or that are 0 throughout, are not worked out.

A spec may keep some components of a parameter: `pair(bessel16, c = keep(0, 3))`. What the others would have
been multiplied with is then read by nobody: functions of the basis, rows of a density, invariants, all of
their derivatives. Each value is cut down, axis by axis, to the smallest block that holds the components
that count (`liveness`), and its readers to match. A model that keeps everything is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from ..ir import ops
from ..ir.contraction import parsed
from ..ir.graph import Model, Node, topological
from ..ir.live import EVERYTHING
from ..ir.traits import Trait

if TYPE_CHECKING:
    from ..analysis.liveness import Mask

# for each feature axis the components of the full value, in order
Block = tuple[tuple[int, ...], ...]


def narrow_components(model: Model) -> Model:
    """The model with every value cut down to what its outputs need, where it keeps some components only."""
    return model if all(p.components is None for p in model.parameters) else narrowed(model)


def narrowed(model: Model) -> Model:
    """The model with every value cut down to what its outputs need."""
    from ..analysis.liveness import live_components  # this imports numpy, which `check` does without

    live = live_components(model.outputs.values())
    blocks = _Narrowed(live)
    for node in topological(model.outputs.values()):
        blocks.add(node)
    whole = {name: blocks.read(node, _everything(node)) for name, node in model.outputs.items()}
    return model.with_outputs(whole)


def _everything(node: Node) -> Block:
    return tuple(tuple(range(n)) for n in node.kind.shape)


def _block(mask: Mask) -> Block:
    """The smallest block that holds all components of a mask."""
    places = mask.nonzero() if mask.ndim else ()
    return tuple(tuple(sorted(set(axis.tolist()))) for axis in places)


class _Narrowed:
    """Old nodes with what stands for them: a node of the components of a block; None for 0 and the unread."""

    def __init__(self, live: dict[Node, Mask]) -> None:
        self.live = live
        self.made: dict[Node, tuple[Node, Block] | None] = {}

    def add(self, node: Node) -> None:
        block = _block(self.live[node])
        self.made[node] = self._rebuilt(node, block) if self.live[node].any() else None

    def read(self, node: Node, block: Block) -> Node:
        """The components of a block, 0 where they are not made."""
        found = self.made[node]
        shape = tuple(len(b) for b in block)
        if found is None:
            kind = node.kind
            return ops.const(kind=type(kind)(kind.domain, shape, kind.unit), values=(0.0,) * prod(shape))
        new, have = found
        if have == block:
            return new
        places = {component: k for k, component in enumerate(product(*have))}
        return _chosen(new, [places.get(c) for c in product(*block)], shape)

    def _rebuilt(self, node: Node, block: Block) -> tuple[Node, Block]:
        args, attrs = node.args, dict(node.attrs)
        match node.op:
            case ops.const:
                return self._const(node, block), block
            case ops.einsum:
                return self._einsum(node, block), block
            case ops.take:
                own = tuple(node["indices"][k] for k in block[-1])
                return self.read(args[0], (*block[:-1], own)), block
            case ops.put:
                return self._put(node, block), block
            case ops.stack:
                return ops.stack(*(self.read(args[k], ()) for k in block[0])), block
            case ops.reshape:
                return self._reshape(node, block), block
            case ops.triads:
                degrees = tuple(node["degrees"][k] for k in block[0])
                return ops.triads(*(self.read(a, _everything(a)) for a in args), degrees=degrees), block
            case ops.couple:
                return self._couple(node), _everything(node)
            case op if Trait.FAMILY in op.traits:
                attrs["n"] = block[0][-1] + 1
                made = node.op(*(self.read(a, ()) for a in args), **attrs)
                return made, (tuple(range(attrs["n"])),)
            case op if not args or op.live is EVERYTHING:
                full = [self.read(a, _everything(a)) for a in args]
                return node.op(*full, **attrs), _everything(node)
            case _:  # elementwise, and moves between domains
                same = [self.read(a, block if a.kind.shape else ()) for a in args]
                return node.op(*same, **attrs), block

    def _const(self, node: Node, block: Block) -> Node:
        size = node.kind.components
        strides = [prod(node.kind.shape[k + 1 :]) for k in range(len(block))]
        chosen = [sum(i * s for i, s in zip(c, strides, strict=True)) for c in product(*block)]
        rows = range(len(node["values"]) // size)
        values = tuple(node["values"][row * size + k] for row in rows for k in chosen)
        kind = type(node.kind)(node.kind.domain, tuple(len(b) for b in block), node.kind.unit)
        return ops.const(kind=kind, values=values)

    def _einsum(self, node: Node, block: Block) -> Node:
        """Letters of the result run over its block, summed ones over what all arguments have."""
        contraction = parsed(node["spec"])
        letters, out = contraction.inputs, contraction.output
        range_of: dict[str, tuple[int, ...]] = dict(zip(out, block, strict=True))
        for spec, argument in zip(letters, node.args, strict=True):
            for letter, own in zip(spec, _block(self.live[argument]), strict=True):
                if letter not in out:
                    known = range_of.get(letter)
                    range_of[letter] = own if known is None else tuple(k for k in known if k in own)
        args = [
            self.read(a, tuple(range_of[c] for c in spec)) for spec, a in zip(letters, node.args, strict=True)
        ]
        return ops.einsum(*args, spec=node["spec"])

    def _couple(self, node: Node) -> Node:
        """The triads whose weights count."""
        w, *rows = node.args
        (own,) = _block(self.live[w])
        degrees = tuple(node["degrees"][k] for k in own)
        weights, rows = self.read(w, (own,)), [self.read(a, _everything(a)) for a in rows]
        return ops.couple(weights, *rows, degrees=degrees, top=node["top"])

    def _put(self, node: Node, block: Block) -> Node:
        own = tuple(k for k, index in enumerate(node["indices"]) if index in block[-1])
        value = self.read(node.args[0], (*block[:-1], own))
        indices = tuple(block[-1].index(node["indices"][k]) for k in own)
        if indices == tuple(range(len(block[-1]))):
            return value
        return ops.put(value, indices=indices, size=len(block[-1]))

    def _reshape(self, node: Node, block: Block) -> Node:
        inner = node.args[0]
        found = self.made[inner]
        assert found is not None  # something of it is live, so it was made
        new, have = found
        places = {_flat(c, inner.kind.shape): k for k, c in enumerate(product(*have))}
        wanted = [places.get(_flat(c, node.kind.shape)) for c in product(*block)]
        return _chosen(new, wanted, tuple(len(b) for b in block))


def _flat(component: Sequence[int], shape: Sequence[int]) -> int:
    index = 0
    for k, n in zip(component, shape, strict=True):
        index = index * n + k
    return index


def _chosen(value: Node, places: Sequence[int | None], shape: tuple[int, ...]) -> Node:
    """Components of a value by their flat place, 0 for None, in a new shape."""
    size = value.kind.components
    taken = tuple(k for k in places if k is not None)
    flat = _reshaped(value, (size,))
    if taken != tuple(range(size)):
        flat = ops.take(flat, indices=taken)
    if len(taken) < len(places):
        at = tuple(k for k, place in enumerate(places) if place is not None)
        flat = ops.put(flat, indices=at, size=len(places))
    return _reshaped(flat, shape)


def _reshaped(value: Node, shape: tuple[int, ...]) -> Node:
    return value if value.kind.shape == shape else ops.reshape(value, shape=shape)
