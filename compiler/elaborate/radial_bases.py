"""Families of basis functions of the distance, all dimensionless and of order one.

With x = r/rc and k = 1…n:
  bessel      sin(kπx)/(πx)            j_0 at its zeros, doi:10.48550/arXiv.2003.03123 (without its constant)
  chebyshev   T_{k−1}(2x − 1)          first kind, doi:10.1016/0021-9991(84)90132-1 gives the use as radial
  basis gaussian    exp(−(r − c_k)²/2w²)     centres c_k even from start to rc, width w = their distance
  spline      B₃((r − c_k)/h)          cubic cardinal B-splines on even knots, all n needed for a cubic on
  [start, rc]

None is cut off: terms multiply by `smooth(r, rc)` or another switch.
"""

from __future__ import annotations

from math import pi

from ..chemistry.units import ANGSTROM
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import KindError
from .values import Basis


def evaluate_basis(basis: Basis, r: Node, rc: Node) -> Node:
    """The n functions at distance r (Å), reaching to rc (Å)."""
    if r.kind.unit != ANGSTROM or rc.kind.unit != ANGSTROM:
        raise KindError("wrong-unit", f"a basis takes distances in Å, not {r.kind.unit} and {rc.kind.unit}")
    return _FAMILIES[basis.family](basis, r, rc)


def _bessel(basis: Basis, r: Node, rc: Node) -> Node:
    t = alg.scale(pi, alg.div(r, rc))
    return alg.div(ops.sines(t, n=basis.n), t)


def _chebyshev(basis: Basis, r: Node, rc: Node) -> Node:
    return ops.chebyshev(alg.shift(alg.scale(2.0, alg.div(r, rc)), -1.0), n=basis.n)


def _gaussian(basis: Basis, r: Node, rc: Node) -> Node:
    centres, width = _grid(basis.start, rc, basis.n, basis.n - 1)
    return ops.exp(alg.scale(-0.5, alg.square(alg.div(alg.sub(r, centres), width))))


def _spline(basis: Basis, r: Node, rc: Node) -> Node:
    # n splines on n − 3 intervals: the first is centred one knot before the start
    knots, width = _grid(basis.start, rc, basis.n, basis.n - 3)
    t = ops.abs(alg.shift(alg.div(alg.sub(r, knots), width), 1.0))
    outer = ops.pow(_positive(alg.sub(ops.constant(2.0), t)), exponent=3.0)
    inner = ops.pow(_positive(alg.sub(ops.constant(1.0), t)), exponent=3.0)
    return alg.scale(1.0 / 6.0, alg.sub(outer, alg.scale(4.0, inner)))


def _positive(a: Node) -> Node:
    return ops.max(a, ops.constant(0.0))


def _grid(start: float, rc: Node, n: int, intervals: int) -> tuple[Node, Node]:
    """start + k·width for k = 0…n−1, where `intervals` widths reach from start to rc."""
    first = alg.angstrom(start)
    width = alg.scale(1.0 / max(intervals, 1), alg.sub(rc, first))
    steps = ops.constant(tuple(float(k) for k in range(n)), shape=(n,))
    return alg.add(first, alg.mul(steps, width)), width


_FAMILIES = {"bessel": _bessel, "chebyshev": _chebyshev, "gaussian": _gaussian, "spline": _spline}
SMALLEST = {"bessel": 1, "chebyshev": 1, "gaussian": 2, "spline": 4}
