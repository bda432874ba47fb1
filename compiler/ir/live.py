"""Liveness rules: which components of the result may differ from 0, and which of the arguments it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .contraction import Contraction, parsed
from .graph import Liveness, Node
from .triads import size, top_of

if TYPE_CHECKING:  # `check` does without numpy
    from .graph import Mask


# --- supports ----------------------------------------------------------------------------------


def _all(node: Node, args: Sequence[Mask]) -> Mask:
    import numpy as np

    return np.ones(node.kind.shape, bool)


def _same(node: Node, args: Sequence[Mask]) -> Mask:
    return args[0]


def _any(node: Node, args: Sequence[Mask]) -> Mask:
    """Components where any of the arguments may differ from 0."""
    import numpy as np

    found = args[0]
    for other in args[1:]:
        found = np.asarray(found | other)
    return np.asarray(np.broadcast_to(found, node.kind.shape))


def _every(node: Node, args: Sequence[Mask]) -> Mask:
    """Components where all of the arguments may differ from 0."""
    import numpy as np

    return np.asarray(args[0] & args[1])


def _chosen(node: Node, args: Sequence[Mask]) -> Mask:
    return _any(node, args[1:])


def _of_power(node: Node, args: Sequence[Mask]) -> Mask:
    return args[0] if node["exponent"] > 0 else _all(node, args)


def _of_values(node: Node, args: Sequence[Mask]) -> Mask:
    import numpy as np

    rows = np.array(node["values"]).reshape(-1, *node.kind.shape)
    return np.asarray((rows != 0).any(axis=0))


def _of_product(node: Node, args: Sequence[Mask]) -> Mask:
    import numpy as np

    return np.asarray(np.einsum(node["spec"], *(a.astype(float) for a in args)) > 0)


def _taken(node: Node, value: Mask) -> Mask:
    import numpy as np

    return np.asarray(value[..., list(node["indices"])])


def _laid(node: Node, value: Mask, size: int) -> Mask:
    import numpy as np

    found = np.zeros((*value.shape[:-1], size), bool)
    for k, index in enumerate(node["indices"]):
        found[..., index] |= value[..., k]
    return found


def _degrees(mask: Mask) -> list[bool]:
    """Of a row of harmonics in four dimensions, whether any number of each degree counts."""
    return [bool(mask[size(n - 1) : size(n)].any()) for n in range((top_of(len(mask)) or 0) + 1)]


def _of_triads(node: Node, args: Sequence[Mask]) -> Mask:
    import numpy as np

    x, y, z = map(_degrees, args)
    return np.array([x[a] and y[b] and z[c] for a, b, c in node["degrees"]])


def _coupled(node: Node, args: Sequence[Mask]) -> Mask:
    import numpy as np

    (w, *rows), found = args, np.zeros(node.kind.shape, bool)
    x, y = map(_degrees, rows)
    for counts, (a, b, c) in zip(w, node["degrees"], strict=True):
        found[size(c - 1) : size(c)] |= bool(counts and x[a] and y[b])
    return found


def _stacked(node: Node, args: Sequence[Mask]) -> Mask:
    import numpy as np

    return np.array(args, bool)


# --- reads -------------------------------------------------------------------------------------


def _everything(node: Node, wanted: Mask, supports: Sequence[Mask]) -> list[Mask]:
    import numpy as np

    return [np.ones(a.kind.shape, bool) for a in node.args]


def _alike(node: Node, wanted: Mask, supports: Sequence[Mask]) -> list[Mask]:
    """Component by component; a single value is read where any component is."""
    return [_as_shape(a, wanted) for a in node.args]


def _as_shape(argument: Node, mask: Mask) -> Mask:
    import numpy as np

    return np.asarray(mask.any()) if not argument.kind.shape else np.asarray(mask)


def _factors(node: Node, wanted: Mask, supports: Sequence[Mask]) -> list[Mask]:
    """A factor counts where the other may differ from 0."""
    return [_as_shape(a, wanted & supports[1 - k]) for k, a in enumerate(node.args)]


def _of_contraction(node: Node, wanted: Mask, supports: Sequence[Mask]) -> list[Mask]:
    return [_asked_of(node, k, wanted, supports) for k in range(len(node.args))]


def _asked_of(node: Node, k: int, wanted: Mask, supports: Sequence[Mask]) -> Mask:
    import numpy as np

    contraction = parsed(node["spec"])
    letters, out = contraction.inputs, contraction.output
    others = [(s, m) for j, (s, m) in enumerate(zip(letters, supports, strict=True)) if j != k]
    own = (letters[k], np.ones(node.args[k].kind.shape, bool))
    specs, masks = zip((out, wanted), own, *others, strict=True)
    spec = str(Contraction(specs, letters[k]))
    return np.asarray(np.einsum(spec, *(m.astype(float) for m in masks)) > 0)


def _each(node: Node, wanted: Mask, supports: Sequence[Mask]) -> list[Mask]:
    import numpy as np

    return [np.asarray(w) for w in wanted]


def _read_degrees(node: Node, wanted: Sequence[bool], arguments: Sequence[Node]) -> list[Mask]:
    """The numbers of rows that the wanted ones of the triads read, of whole degrees."""
    import numpy as np

    found = [np.zeros(a.kind.shape, bool) for a in arguments]
    for counts, triad in zip(wanted, node["degrees"], strict=True):
        for row, n in zip(found, triad, strict=False):
            row[size(n - 1) : size(n)] |= bool(counts)
    return found


def _triads_read(node: Node, wanted: Mask, supports: Sequence[Mask]) -> list[Mask]:
    return _read_degrees(node, list(wanted), node.args)


def _coupling_reads(node: Node, wanted: Mask, supports: Sequence[Mask]) -> list[Mask]:
    import numpy as np

    degrees = _degrees(wanted)
    read = np.array([degrees[c] for _, _, c in node["degrees"]])
    return [read, *_read_degrees(node, list(read & supports[0]), node.args[1:])]


# --- the rules ---------------------------------------------------------------------------------

EVERYTHING = Liveness(_all, _everything)
VALUES = Liveness(_of_values, _everything)
POINTWISE = Liveness(_all, _alike)
KEEPS_ZERO = Liveness(_same, _alike)
SUM = Liveness(_any, _alike)
CHOICE = Liveness(_chosen, _alike)
PRODUCT = Liveness(_every, _factors)
POWER = Liveness(_of_power, _alike)
MOVE = Liveness(_same, lambda node, wanted, supports: [wanted])
CONTRACTION = Liveness(_of_product, _of_contraction)
TAKE = Liveness(
    lambda node, args: _taken(node, args[0]),
    lambda node, wanted, supports: [_laid(node, wanted, node.args[0].kind.shape[-1])],
)
PUT = Liveness(
    lambda node, args: _laid(node, args[0], node["size"]),
    lambda node, wanted, supports: [_taken(node, wanted)],
)
TRIADS = Liveness(_of_triads, _triads_read)
COUPLE = Liveness(_coupled, _coupling_reads)
STACK = Liveness(_stacked, _each)
RESHAPE = Liveness(
    lambda node, args: args[0].reshape(node.kind.shape),
    lambda node, wanted, supports: [wanted.reshape(node.args[0].kind.shape)],
)
