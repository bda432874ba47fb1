"""Expand: spherical harmonics become polynomials of the direction, so that differentiation and sharing see through them.

Real solid harmonics by the usual recurrence in the degree, with Σ_m Y_lm(u) Y_lm(v) = P_l(u·v) for unit vectors:
the x, y part is Re, Im (x + iy)^m, the z part the Legendre polynomial differentiated m times.
"""

from __future__ import annotations

from math import factorial, sqrt

from .. import algebra as alg
from ..ir import Model, Node
from ..ops import const, make
from ..rewrite import rewrite_model


def expand_harmonics(model: Model) -> Model:
    """Replace every `sphericals` by a stack of polynomials."""
    return rewrite_model(model, _expand)


def _expand(node: Node) -> Node:
    if node.op != "sphericals":
        return node
    x, y, z = alg.components(node.args[0])
    parts = []
    for degree in range(node["l"] + 1):
        parts += _degree(degree, x, y, z)
    ones = [p if p.kind.domain == node.kind.domain else alg.mul(const(1.0, domain=node.kind.domain), p) for p in parts]
    return make("stack", *ones)


def _degree(l: int, x: Node, y: Node, z: Node) -> list[Node]:  # noqa: E741
    """Orders m = −l…l, sines first."""
    waves = _waves(l, x, y)
    rows: dict[int, Node] = {}
    for m in range(l + 1):
        norm = sqrt((1 if m == 0 else 2) * factorial(l - m) / factorial(l + m))
        legendre = _polynomial(_legendre_derivative(l, m), z)
        re, im = waves[m]
        rows[m] = alg.scale(norm, alg.mul(re, legendre))
        if m:
            rows[-m] = alg.scale(norm, alg.mul(im, legendre))
    return [rows[m] for m in range(-l, l + 1)]


def _waves(top: int, x: Node, y: Node) -> list[tuple[Node, Node]]:
    """Re and Im of (x + iy)^m, m = 0…top."""
    waves = [(const(1.0), const(0.0))]
    if top:
        waves.append((x, y))
    for _ in range(1, top):
        a, b = waves[-1]
        waves.append((alg.sub(alg.mul(x, a), alg.mul(y, b)), alg.add(alg.mul(x, b), alg.mul(y, a))))
    return waves


def _legendre_derivative(l: int, m: int) -> list[float]:  # noqa: E741
    """Coefficients of d^m P_l/dz^m, lowest power first: P_l = 2^−l Σ_k (−1)^k C(l, k) C(2l−2k, l) z^(l−2k)."""
    coefficients = [0.0] * (l + 1)
    for k in range(l // 2 + 1):
        top = factorial(2 * l - 2 * k)
        bottom = 2**l * factorial(k) * factorial(l - k) * factorial(l - 2 * k)
        coefficients[l - 2 * k] = (-1) ** k * top / bottom
    for _ in range(m):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:]
    return coefficients


def _polynomial(coefficients: list[float], z: Node) -> Node:
    """Horner's rule in z², which all terms share but a factor z."""
    start = next(k for k, c in enumerate(coefficients) if c)
    total: Node | None = None
    for c in coefficients[start::2][::-1]:
        total = const(c) if total is None else alg.add(const(c), alg.mul(total, alg.square(z)))
    assert total is not None
    return alg.mul(total, z) if start else total
