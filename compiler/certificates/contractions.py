"""Enclosures of contractions: products of components, summed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np

from ..ir.contraction import Contraction, parsed
from ..ir.graph import Node
from . import enclosure as arithmetic
from . import functions
from .enclosure import Enclosure, Values

_LARGE = 60_000  # products of a contraction beyond which it is done as one of matrices


def einsum(node: Node, args: tuple[Enclosure, ...]) -> Enclosure:
    """The value of a node `einsum`."""
    contraction = parsed(node["spec"])
    sizes = contraction.sizes(a.kind.shape for a in node.args)
    letters = tuple(sizes)
    if len(args) == 2 and max(len(a.low) for a in args) * contraction.products(sizes) > _LARGE:
        return _contracted(contraction, args, contraction.terms(sizes))
    laid = [_laid(v, own, letters) for v, own in zip(args, contraction.inputs, strict=True)]
    whole = reduce(arithmetic.multiply, laid)
    if len(args) == 2 and node.args[0] is node.args[1]:
        whole = _squares(whole, laid[0], contraction.inputs, letters, sizes)
    axes = tuple(1 + letters.index(c) for c in contraction.summed)
    total = arithmetic.summed(whole, axes)
    left = [c for c in letters if c in contraction.output]
    return total.map(lambda x: x.transpose(0, *(1 + left.index(c) for c in contraction.output)))


def _contracted(contraction: Contraction, args: tuple[Enclosure, ...], count: int) -> Enclosure:
    """With the cells as one more axis, of those that have several."""
    cells = max(len(a.low) for a in args)
    alike = [len(a.low) == 1 < cells for a in args]
    inputs = (("" if one else "Z") + c for one, c in zip(alike, contraction.inputs, strict=True))
    first, second = (a[0] if one else a for one, a in zip(alike, args, strict=True))
    return arithmetic.contracted(f"{','.join(inputs)}->Z{contraction.output}", first, second, count)


def _laid(value: Enclosure, own: str, letters: tuple[str, ...]) -> Enclosure:
    """A value with an axis for each letter, of length one for those that it lacks."""
    order = sorted(own, key=letters.index)

    def lay(x: Values) -> Values:
        x = x.transpose(0, *(1 + own.index(c) for c in order))
        sizes = iter(x.shape[1:])
        return x.reshape(len(x), *(next(sizes) if c in own else 1 for c in letters))

    return value.map(lay)


def _squares(
    whole: Enclosure,
    one: Enclosure,
    inputs: tuple[str, ...],
    letters: tuple[str, ...],
    sizes: Mapping[str, int],
) -> Enclosure:
    """Products of a component with itself are not negative."""
    first, second = inputs
    places = np.ogrid[tuple(slice(sizes[c]) for c in letters)]
    same = reduce(
        np.logical_and,
        (places[letters.index(a)] == places[letters.index(b)] for a, b in zip(first, second, strict=True)),
        np.ones((1,) * len(letters), dtype=bool),
    )
    square = functions.whole_power(one, 2)
    return arithmetic.chosen(np.broadcast_to(same, whole.shape), square, whole)
