"""Expand: spherical harmonics and their slopes become polynomials of the direction.

Real solid harmonics by the usual recurrence in the degree, with Σ_m Y_lm(u) Y_lm(v) = P_l(u·v) for unit
vectors: the x, y part is Re, Im (x + iy)^m, the z part the Legendre polynomial differentiated m times.
"""

from __future__ import annotations

from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Model, Node
from ..ir.harmonics import legendre_coefficients
from ..ir.rewrite import rewrite_model


def expand_harmonics(model: Model) -> Model:
    """Replace `sphericals` and `spherical_slopes` by polynomials; slopes are summed one by one."""
    return rewrite_model(rewrite_model(model, _contract), _expand)


def _contract(node: Node) -> Node:
    """Σ_m a_m ∂Y_m/∂u written out: a third of the slopes are 0."""
    if node.op is not ops.einsum or node["spec"] != "m,ma->a" or node.args[1].op is not ops.spherical_slopes:
        return node
    weights, slopes = node.args
    x, y, z = alg.components(slopes.args[0])
    waves = _waves(slopes["l"], x, y)
    rows = [part for degree in range(slopes["l"] + 1) for part in _slopes(degree, waves, z)]
    sums = []
    for axis in range(3):
        parts = [
            (w, s) for w, s in zip(alg.components(weights), rows[axis::3], strict=True) if not _is_zero(s)
        ]
        zero = ops.constant(0.0, node.kind.unit, domain=node.kind.domain)
        sums.append(alg.add(*(alg.mul(w, s) for w, s in parts)) if parts else zero)
    return ops.stack(*sums)


def _is_zero(node: Node) -> bool:
    return node.op is ops.const and not any(node["values"])


def _expand(node: Node) -> Node:
    if node.op not in (ops.sphericals, ops.spherical_slopes):
        return node
    x, y, z = alg.components(node.args[0])
    waves = _waves(node["l"], x, y)
    parts: list[Node] = []
    for degree in range(node["l"] + 1):
        parts += _degree(degree, waves, z) if node.op is ops.sphericals else _slopes(degree, waves, z)
    ones = [
        p if p.kind.domain == node.kind.domain else alg.mul(ops.constant(1.0, domain=node.kind.domain), p)
        for p in parts
    ]
    return ops.reshape(ops.stack(*ones), shape=node.kind.shape)


def _degree(l: int, waves: list[tuple[Node, Node]], z: Node) -> list[Node]:  # noqa: E741
    """Orders m = −l…l, sines first."""
    rows: dict[int, Node] = {}
    for m in range(l + 1):
        legendre = _legendre(l, m, z)
        rows[m] = alg.mul(legendre, waves[m][0])
        if m:
            rows[-m] = alg.mul(legendre, waves[m][1])
    return [rows[m] for m in range(-l, l + 1)]


def _slopes(l: int, waves: list[tuple[Node, Node]], z: Node) -> list[Node]:  # noqa: E741
    """∂/∂x, ∂/∂y, ∂/∂z of each order: d(x + iy)^m = m (x + iy)^(m−1) (dx + i dy)."""
    rows: dict[int, list[Node]] = {}
    zero = ops.constant(0.0)
    for m in range(l + 1):
        legendre, steeper = _legendre(l, m, z), _legendre(l, m, z, 1)
        re, im = waves[m]
        if not m:
            rows[0] = [zero, zero, steeper]
            continue
        low_re, low_im = (alg.scale(float(m), w) for w in waves[m - 1])
        rows[m] = [alg.mul(legendre, low_re), ops.neg(alg.mul(legendre, low_im)), alg.mul(steeper, re)]
        rows[-m] = [alg.mul(legendre, low_im), alg.mul(legendre, low_re), alg.mul(steeper, im)]
    return [part for m in range(-l, l + 1) for part in rows[m]]


def _waves(top: int, x: Node, y: Node) -> list[tuple[Node, Node]]:
    """Re and Im of (x + iy)^m, m = 0…top."""
    waves = [(ops.constant(1.0), ops.constant(0.0)), (x, y)]
    for _ in range(1, top):
        a, b = waves[-1]
        waves.append((alg.sub(alg.mul(x, a), alg.mul(y, b)), alg.add(alg.mul(x, b), alg.mul(y, a))))
    return waves


def _legendre(l: int, m: int, z: Node, slope: int = 0) -> Node:  # noqa: E741
    return _polynomial(legendre_coefficients(l, m, slope), z)


def _polynomial(coefficients: list[float], z: Node) -> Node:
    """Horner's rule in z², which all terms share but a factor z."""
    start = next((k for k, c in enumerate(coefficients) if c), None)
    if start is None:
        return ops.constant(0.0)
    total: Node | None = None
    for c in coefficients[start::2][::-1]:
        total = ops.constant(c) if total is None else alg.add(ops.constant(c), alg.mul(total, alg.square(z)))
    assert total is not None
    return alg.mul(total, z) if start else total
